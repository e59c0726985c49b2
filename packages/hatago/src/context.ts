import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@hatago/hub/control/config.ts';
import { findConfig, homeOf } from '@hatago/hub/control/find-config.ts';
import { parseConfig } from '@hatago/hub/control/schema.ts';
import { loadTrusted, type TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import type { Result } from '@hatago/protocol';
import { demoConfig, demoFolder, demoSource } from './demo.ts';
import { CliError, EXIT } from './exit.ts';

/** Options every command has. */
export interface GlobalOptions {
  readonly config?: string;
  /** A configuration file that somebody found, not named: what it brought with a project is asked about. */
  readonly foundConfig?: string;
  readonly profile?: string;
  readonly envFile?: readonly string[];
  readonly envOverride?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: string;
}

/** What a command works on. */
export interface Context {
  readonly config: Config;
  /** The configuration file; undefined for the demo and where there is none. */
  readonly file: string | undefined;
  readonly home: string;
  readonly warnings: readonly string[];
  readonly demo: boolean;
  /** What was read; undefined for the demo and where there is none. */
  readonly loaded: TrustedConfig | undefined;
  /**
   * Reads the files again, as for a reload; a configuration that was not there is looked for again. A text is taken in
   * place of what stands in the file.
   */
  load(text?: string): Result<TrustedConfig, readonly string[]>;
}

/** The state directory, found without reading the configuration. */
export function findHome(options: GlobalOptions): string {
  return homeOf(locateConfig(options) ?? join(process.cwd(), 'hatago.config.jsonc'), process.env);
}

/** Loads the configuration; without one, the demo where its servers are installed or asked for, else no servers. */
export function loadContext(options: GlobalOptions, demo = false): Context {
  const file = demo ? undefined : locateConfig(options);
  const load: Context['load'] = (text) => loadFile(file ?? locateConfig(options), options, text);
  if (file !== undefined) {
    const loaded = load();
    if (!loaded.ok) throw new CliError(loaded.error.join('\n'), existsSync(file) ? EXIT.usage : EXIT.notFound);
    return { ...loaded.value, loaded: loaded.value, demo: false, load };
  }
  const home = findHome(options);
  const useDemo = demo || demoSource(import.meta.filename) === 'installed';
  const sample = demoFolder(home);
  const value = useDemo ? demoConfig(import.meta.filename, sample, join(sample, 'memory.jsonl')) : {};
  const parsed = parseConfig(value);
  if (!parsed.ok) throw new Error('the demo is not a valid configuration');
  return { config: parsed.value, file: undefined, home, warnings: [], demo: useDemo, loaded: undefined, load };
}

/** The configuration file that the options name or that is found; undefined when there is none. */
export function locateConfig({ config, foundConfig }: GlobalOptions): string | undefined {
  const file = config ?? foundConfig;
  return findConfig({ cwd: process.cwd(), env: process.env, ...(file === undefined ? {} : { file }) });
}

/** Whether the user named the configuration file, and so vouched for the commands in it. */
export function isConfigNamed({ config, foundConfig }: GlobalOptions): boolean {
  return Boolean(config ?? (foundConfig === undefined ? process.env['HATAGO_CONFIG'] : undefined));
}

/** How the options say that files are to be read. */
export function readOptionsOf(options: GlobalOptions): {
  profile?: string;
  envFiles: readonly string[];
  envOverride: boolean;
  explicit: boolean;
} {
  const { profile, envFile = [], envOverride = false } = options;
  return {
    ...(profile === undefined ? {} : { profile }),
    envFiles: envFile,
    envOverride,
    explicit: isConfigNamed(options),
  };
}

function loadFile(
  file: string | undefined,
  options: GlobalOptions,
  text?: string,
): Result<TrustedConfig, readonly string[]> {
  if (file === undefined) return { ok: false, error: ['there is no configuration; `hatago init` makes one'] };
  return loadTrusted(file, process.env, { ...readOptionsOf(options), ...(text === undefined ? {} : { text }) });
}

/** The configuration with only the servers that carry one of the tags; an error where there is none. */
export function withTags(config: Config, tags: readonly string[]): Config {
  if (tags.length === 0) return config;
  const chosen = onlyTagged(config, tags);
  if (Object.keys(chosen.mcpServers).length > 0) return chosen;
  throw new CliError(
    `no server carries one of the tags ${tags.join(', ')}; see "tags" in the configuration`,
    EXIT.notFound,
  );
}

/** The configuration with only the servers that carry one of the tags, if any does. */
export function onlyTagged(config: Config, tags: readonly string[]): Config {
  const chosen = Object.entries(config.mcpServers).filter(([, server]) => server.tags.some((t) => tags.includes(t)));
  return { ...config, mcpServers: Object.fromEntries(chosen) };
}
