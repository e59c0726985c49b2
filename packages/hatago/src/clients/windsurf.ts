import type { Client } from './client.ts';
import { joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * Windsurf: remote servers have a `serverUrl`.
 * @see https://docs.windsurf.com/windsurf/cascade/mcp
 */
export const windsurf: Client = {
  id: 'windsurf',
  name: 'Windsurf',
  format: 'json',
  references: 'braces',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, machine.home, '.codeium', 'windsurf', 'mcp_config.json') },
  ],
  path: () => ['mcpServers'],
  read: (entry) => readEntry(entry),
  write: (launch) =>
    launch.kind === 'http' ? { serverUrl: launch.url } : { command: launch.command, args: launch.args },
  http: true,
  next: 'press refresh in the MCP panel of Windsurf',
};
