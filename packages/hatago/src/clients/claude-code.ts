import { isRecord } from '@hatago/protocol';
import type { Client, ServerRecord } from './client.ts';
import { joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/**
 * Claude Code keeps the user's servers and those of single projects in `~/.claude.json`, and shared ones in `.mcp.json`.
 * @see https://code.claude.com/docs/en/mcp
 */
export const claudeCode: Client = {
  id: 'claude-code',
  name: 'Claude Code',
  format: 'json',
  references: 'braces',
  files: (machine) => [
    { scope: 'user', path: joinOn(machine, machine.env['CLAUDE_CONFIG_DIR'] || machine.home, '.claude.json') },
    { scope: 'project', path: joinOn(machine, machine.cwd, '.mcp.json') },
  ],
  path: () => ['mcpServers'],
  records(document) {
    const projects = isRecord(document) && isRecord(document['projects']) ? Object.keys(document['projects']) : [];
    const own: ServerRecord[] = [{ path: ['mcpServers'] }];
    return [...own, ...projects.map((project) => ({ path: ['projects', project, 'mcpServers'], project }))];
  },
  read: (entry) => readEntry(entry),
  write: (launch) =>
    launch.kind === 'http'
      ? { type: 'http', url: launch.url }
      : { type: 'stdio', command: launch.command, args: launch.args, env: {} },
  http: true,
  next: 'start a new session of Claude Code; /mcp shows the hub there',
  addCommand: (url) => `claude mcp add --transport http hatago ${url}`,
};
