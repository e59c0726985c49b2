import type { Client } from './client.ts';
import { appData, joinOn, xdgConfig } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * Zed: servers are called context servers and stand among all other settings; those of extensions have no command.
 * @see https://zed.dev/docs/ai/mcp
 */
export const zed: Client = {
  id: 'zed',
  name: 'Zed',
  format: 'json',
  references: 'none',
  files: (machine) => [
    {
      scope: 'user',
      path:
        machine.platform === 'win32'
          ? joinOn(machine, appData(machine), 'Zed', 'settings.json')
          : joinOn(machine, xdgConfig(machine), 'zed', 'settings.json'),
    },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.zed', 'settings.json') },
  ],
  path: () => ['context_servers'],
  read: (entry) => readEntry(entry),
  write: (launch) =>
    launch.kind === 'http'
      ? { source: 'custom', url: launch.url }
      : { source: 'custom', command: launch.command, args: launch.args, env: {} },
  http: true,
  next: 'nothing, for Zed reads its settings as they change',
};
