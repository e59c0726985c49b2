import { isRecord } from '@hatago/protocol';
import type { Client, ReadEntry } from './client.ts';
import { appData, joinOn, xdgConfig } from './machine.ts';
import { readEntry } from './read-entry.ts';

/** Extensions of these kinds are MCP servers; the others are parts of Goose itself. */
const KINDS = new Set(['stdio', 'sse', 'streamable_http']);

/**
 * Goose: servers are extensions of a YAML file; keys of `env_keys` are in the system's keyring.
 * @see https://block.github.io/goose/docs/guides/config-files
 */
export const goose: Client = {
  id: 'goose',
  name: 'Goose',
  format: 'yaml',
  references: 'none',
  files: (machine) => [
    {
      scope: 'user',
      path:
        machine.platform === 'win32'
          ? joinOn(machine, appData(machine), 'Block', 'goose', 'config', 'config.yaml')
          : joinOn(machine, xdgConfig(machine), 'goose', 'config.yaml'),
    },
  ],
  path: () => ['extensions'],
  read: readGoose,
  write: (launch) => ({
    enabled: true,
    type: launch.kind === 'http' ? 'streamable_http' : 'stdio',
    name: 'hatago',
    description: 'Every MCP server behind one endpoint',
    ...(launch.kind === 'http' ? { uri: launch.url } : { cmd: launch.command, args: launch.args }),
    envs: {},
    env_keys: [],
    timeout: 300,
  }),
  http: true,
  next: 'start a new session of Goose',
};

function readGoose(source: Readonly<Record<string, unknown>>): ReadEntry | undefined {
  const { config, ...outer } = source;
  const { env_keys: names, ...own } = { ...outer, ...(isRecord(config) ? config : {}) } as Record<string, unknown>;
  if (!KINDS.has(String(own['type']))) return undefined;
  const read = readEntry(own, { timeout: 's' });
  const keys = Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
  if (read === undefined || keys.length === 0 || read.entry['command'] === undefined) return read;
  const env = { ...Object.fromEntries(keys.map((name) => [name, `\${secret:${name}}`])), ...(read.entry['env'] ?? {}) };
  return { entry: { ...read.entry, env }, notes: read.notes };
}
