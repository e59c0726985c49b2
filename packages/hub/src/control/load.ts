import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import type { Config } from './config.ts';
import { type Fault, formatFault, parseDocument } from './document.ts';
import { expandVariables } from './expand.ts';
import { adaptDocument } from './formats.ts';
import { parseConfig } from './schema.ts';

/** A configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file: string;
  /** Directory of the hub's state: `HATAGO_HOME`, else `.hatago` beside the project's file. */
  readonly home: string;
  readonly warnings: readonly string[];
}

/** Where a configuration is looked for, first hit wins. */
export interface ConfigSearch {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A path given by the user; then nothing else is looked at. */
  readonly file?: string;
}

const NAMES = [
  'hatago.config.jsonc',
  'hatago.config.json',
  '.hatago.jsonc',
  '.hatago.json',
  '.hatago/config.jsonc',
  '.hatago/config.json',
];

/** The path of the configuration to use; undefined when there is none. */
export function findConfig({ cwd, env, file }: ConfigSearch): string | undefined {
  const given = file ?? env['HATAGO_CONFIG'];
  if (given !== undefined && given !== '') return resolve(cwd, given);
  const inHome = ['config.jsonc', 'config.json'].map((name) => join(homedir(), '.hatago', name));
  return [...NAMES.map((name) => join(cwd, name)), ...inHome].find((path) => existsSync(path));
}

/** Reads, adapts, expands and checks one file; every fault is told with file, line and column. */
export function loadConfig(file: string, env: ConfigSearch['env']): Result<LoadedConfig, readonly string[]> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    return err([`${file}: ${why}; name another with --config, or run \`hatago init\` to make one`]);
  }
  const document = parseDocument(text, file);
  if (!document.ok) return err(document.error.map(formatFault));
  const adapted = adaptDocument(document.value.value, file);
  const expanded = expandVariables(adapted.value, env);
  const faults: Fault[] = expanded.missing.map(({ name, path }) =>
    document.value.locate({ path, message: `\${${name}} is not set; set it, or write \${${name}:-default}` }),
  );
  const renamed = withSafeIds(expanded.value);
  const parsed = parseConfig(renamed.value);
  if (!parsed.ok) faults.push(...parsed.error.map((issue) => document.value.locate(issue)));
  if (faults.length > 0 || !parsed.ok) return err(faults.map(formatFault));
  return ok({
    config: parsed.value,
    file,
    home: homeOf(file, env),
    warnings: [...adapted.warnings, ...renamed.warnings].map((warning) => `${file}: ${warning}`),
  });
}

/** The servers of a file in any format we read, references unexpanded, for copying them into a configuration of ours. */
export function loadServers(file: string): Result<Record<string, unknown>, readonly string[]> {
  if (!existsSync(file)) return err([`${file}: there is no such file`]);
  const document = parseDocument(readFileSync(file, 'utf8'), file);
  if (!document.ok) return err(document.error.map(formatFault));
  const adapted = withSafeIds(adaptDocument(document.value.value, file).value).value;
  const servers = isRecord(adapted) ? adapted['mcpServers'] : undefined;
  if (!isRecord(servers)) return err([`${file}:1:1: has no "mcpServers" and no "servers"`]);
  const parsed = parseConfig({ mcpServers: servers });
  return parsed.ok ? ok(servers) : err(parsed.error.map((issue) => formatFault(document.value.locate(issue))));
}

/** The state directory that belongs to a configuration file. */
export function homeOf(file: string, env: ConfigSearch['env']): string {
  const given = env['HATAGO_HOME'];
  if (given !== undefined && given !== '') return resolve(given);
  const folder = dirname(resolve(file));
  return folder.endsWith('.hatago') ? folder : join(folder, '.hatago');
}

/** Ids become part of paths and names; what other clients allow besides is replaced and told. */
function withSafeIds(value: unknown): { value: unknown; warnings: string[] } {
  const warnings: string[] = [];
  if (!isRecord(value) || !isRecord(value['mcpServers'])) return { value, warnings };
  const taken = new Set(Object.keys(value['mcpServers']).filter((id) => SAFE_ID.test(id)));
  const servers: [string, unknown][] = [];
  for (const [id, server] of Object.entries(value['mcpServers'])) {
    const safe = SAFE_ID.test(id) ? id : freeId(id, taken);
    if (safe !== id) warnings.push(`server ${JSON.stringify(id)} is called ${JSON.stringify(safe)} here`);
    servers.push([safe, server]);
  }
  return { value: { ...value, mcpServers: Object.fromEntries(servers) }, warnings };
}

const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

function freeId(id: string, taken: Set<string>): string {
  const base =
    id
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^[-_]+|-+$/g, '')
      .slice(0, 48) || 'server';
  let candidate = base;
  for (let i = 2; taken.has(candidate); i++) candidate = `${base}-${i}`;
  taken.add(candidate);
  return candidate;
}
