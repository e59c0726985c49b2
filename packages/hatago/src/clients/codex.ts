import { isRecord } from '@hatago/protocol';
import type { Client, ReadEntry } from './client.ts';
import { joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

const KEYS = ['bearer_token_env_var', 'env_http_headers', 'env_vars', 'startup_timeout_sec', 'tool_timeout_sec'];

/**
 * Codex: one table per server.
 * @see https://developers.openai.com/codex/mcp
 */
export const codex: Client = {
  id: 'codex',
  name: 'Codex',
  format: 'toml',
  references: 'none',
  files: (machine) => [
    {
      scope: 'user',
      path: joinOn(machine, machine.env['CODEX_HOME'] || joinOn(machine, machine.home, '.codex'), 'config.toml'),
    },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.codex', 'config.toml') },
  ],
  path: () => ['mcp_servers'],
  read: readCodex,
  write: (launch) => (launch.kind === 'http' ? { url: launch.url } : { command: launch.command, args: launch.args }),
  http: true,
  next: 'start a new session of Codex; /mcp shows the hub there',
  addCommand: (url) => `codex mcp add hatago --url ${url}`,
};

/** Codex names variables where others write references. */
function readCodex(source: Readonly<Record<string, unknown>>): ReadEntry | undefined {
  const common = readEntry(Object.fromEntries(Object.entries(source).filter(([key]) => !KEYS.includes(key))));
  if (common === undefined) return undefined;
  const entry: Record<string, unknown> = { ...common.entry };
  const bearer = source['bearer_token_env_var'];
  const headers = {
    ...(isRecord(entry['headers']) ? entry['headers'] : {}),
    ...referencesOf(source['env_http_headers']),
    ...(typeof bearer === 'string' ? { Authorization: `Bearer \${${bearer}}` } : {}),
  };
  if (entry['url'] !== undefined && Object.keys(headers).length > 0) entry['headers'] = headers;
  const forwarded = (Array.isArray(source['env_vars']) ? source['env_vars'] : [])
    .map((item: unknown) => (isRecord(item) ? item['name'] : item))
    .filter((name): name is string => typeof name === 'string');
  const env = {
    ...Object.fromEntries(forwarded.map((name) => [name, `\${${name}}`])),
    ...(isRecord(entry['env']) ? entry['env'] : {}),
  };
  if (entry['command'] !== undefined && Object.keys(env).length > 0) entry['env'] = env;
  const timeouts = {
    ...milliseconds('connectMs', source['startup_timeout_sec']),
    ...milliseconds('requestMs', source['tool_timeout_sec']),
  };
  if (Object.keys(timeouts).length > 0) entry['timeouts'] = timeouts;
  return { entry, notes: common.notes };
}

function referencesOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([header, name]) => [header, `\${${String(name)}}`]));
}

function milliseconds(name: string, seconds: unknown): Record<string, number> {
  return typeof seconds === 'number' && seconds > 0 ? { [name]: Math.round(Math.min(seconds * 1000, 86_400_000)) } : {};
}
