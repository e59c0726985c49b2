import type { Client } from './client.ts';
import { joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * Cursor.
 * @see https://cursor.com/docs/context/mcp
 */
export const cursor: Client = {
  id: 'cursor',
  name: 'Cursor',
  format: 'json',
  references: 'braces',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, machine.home, '.cursor', 'mcp.json') },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.cursor', 'mcp.json') },
  ],
  path: () => ['mcpServers'],
  read: (entry) => readEntry(entry),
  write: (launch) => (launch.kind === 'http' ? { url: launch.url } : { command: launch.command, args: launch.args }),
  http: true,
  projectFolder: '${workspaceFolder}',
  next: 'switch the server on in the MCP settings of Cursor',
};
