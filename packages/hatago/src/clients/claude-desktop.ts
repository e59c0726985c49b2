import type { Client } from './client.ts';
import { appData, joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * Claude Desktop: local servers alone; remote ones are connectors of the account and in no file.
 * @see https://modelcontextprotocol.io/docs/develop/connect-local-servers
 */
export const claudeDesktop: Client = {
  id: 'claude-desktop',
  name: 'Claude Desktop',
  format: 'json',
  references: 'none',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, appData(machine), 'Claude', 'claude_desktop_config.json') },
  ],
  path: () => ['mcpServers'],
  read: (entry) => readEntry(entry),
  write: (launch) => (launch.kind === 'http' ? { url: launch.url } : { command: launch.command, args: launch.args }),
  http: false,
  next: 'quit Claude Desktop and start it again',
};
