import { isRecord } from '@hatago/protocol';
import type { Client } from './client.ts';
import { joinOn, xdgConfig } from './machine.ts';
import { readEntry } from './read-entry.ts';

/** Version 2 keeps servers one level deeper than version 1 and has `disabled` where that has `enabled`. */
function isSecondVersion(document: unknown): boolean {
  const mcp = isRecord(document) ? document['mcp'] : undefined;
  const servers = isRecord(mcp) ? mcp['servers'] : undefined;
  return isRecord(servers) && servers['command'] === undefined && servers['url'] === undefined;
}

/**
 * opencode: the command is one array, the environment is called `environment`.
 * @see https://opencode.ai/docs/mcp-servers
 */
export const opencode: Client = {
  id: 'opencode',
  name: 'opencode',
  format: 'json',
  references: 'opencode',
  files(machine) {
    const folder = machine.env['OPENCODE_CONFIG_DIR'] || joinOn(machine, xdgConfig(machine), 'opencode');
    const given = machine.env['OPENCODE_CONFIG'];
    return [
      ...(given ? [{ scope: 'user', path: given } as const] : []),
      { scope: 'user', path: joinOn(machine, folder, 'opencode.json') },
      { scope: 'user', path: joinOn(machine, folder, 'opencode.jsonc') },
      { scope: 'project', path: joinOn(machine, machine.cwd, 'opencode.json') },
      { scope: 'project', path: joinOn(machine, machine.cwd, 'opencode.jsonc') },
    ];
  },
  path: (document) => (isSecondVersion(document) ? ['mcp', 'servers'] : ['mcp']),
  // What it calls `timeout` is for listing tools, not for calling them.
  read: ({ timeout: _timeout, ...entry }) => readEntry(entry),
  write: (launch, document) => ({
    ...(launch.kind === 'http'
      ? { type: 'remote', url: launch.url }
      : { type: 'local', command: [launch.command, ...launch.args] }),
    ...(isSecondVersion(document) ? {} : { enabled: true }),
  }),
  http: true,
  next: 'start opencode anew',
};
