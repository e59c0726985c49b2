import { isRecord } from '@hatago/protocol';
import type { Client } from './client.ts';
import { appData, joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

const hasOldServers = (document: unknown): boolean =>
  isRecord(document) && isRecord(document['mcp']) && isRecord(document['mcp']['servers']);

/**
 * VS Code: `mcp.json` of the user's profile and of the workspace; older versions kept servers in `settings.json`.
 * @see https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
 */
export const vscode: Client = {
  id: 'vscode',
  name: 'VS Code',
  format: 'json',
  references: 'braces',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, appData(machine), 'Code', 'User', 'mcp.json') },
    { scope: 'user', path: joinOn(machine, appData(machine), 'Code - Insiders', 'User', 'mcp.json') },
    { scope: 'user', path: joinOn(machine, appData(machine), 'Code', 'User', 'settings.json'), readOnly: true },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.vscode', 'mcp.json') },
  ],
  path: (document) => (hasOldServers(document) ? ['mcp', 'servers'] : ['servers']),
  read: (entry) => readEntry(entry),
  write: (launch) =>
    launch.kind === 'http'
      ? { type: 'http', url: launch.url }
      : { type: 'stdio', command: launch.command, args: launch.args },
  http: true,
  next: 'run "MCP: List Servers" in VS Code and start the hub there',
  addCommand: (url) => `code --add-mcp '${JSON.stringify({ name: 'hatago', type: 'http', url })}'`,
};
