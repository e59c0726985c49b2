import type { Client } from './client.ts';
import { joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * Gemini CLI: `url` is an HTTP+SSE endpoint, `httpUrl` a Streamable HTTP one.
 * @see https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md
 */
export const geminiCli: Client = {
  id: 'gemini-cli',
  name: 'Gemini CLI',
  format: 'json',
  references: 'dollar',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, machine.home, '.gemini', 'settings.json') },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.gemini', 'settings.json') },
  ],
  path: () => ['mcpServers'],
  read: (entry) => readEntry(entry, { timeout: 'ms', url: 'sse' }),
  write: (launch) =>
    launch.kind === 'http' ? { httpUrl: launch.url } : { command: launch.command, args: launch.args },
  http: true,
  next: 'start Gemini CLI anew; /mcp shows the hub there',
  addCommand: (url) => `gemini mcp add --transport http hatago ${url}`,
};
