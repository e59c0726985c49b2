import type { Client } from './client.ts';
import { joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * JetBrains: Junie's files, and the project's file of the AI Assistant, whose own settings are not in a file to edit.
 * @see https://www.jetbrains.com/help/junie/model-context-protocol-mcp.html
 */
export const jetbrains: Client = {
  id: 'jetbrains',
  name: 'JetBrains',
  format: 'json',
  references: 'none',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, machine.home, '.junie', 'mcp', 'mcp.json') },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.junie', 'mcp', 'mcp.json') },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.ai', 'mcp', 'mcp.json') },
  ],
  path: () => ['mcpServers'],
  read: (entry) => readEntry(entry),
  write: (launch) => (launch.kind === 'http' ? { url: launch.url } : { command: launch.command, args: launch.args }),
  http: true,
  next: 'switch the server on under Settings | Tools | Junie | MCP Settings',
};
