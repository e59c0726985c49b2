import type { Client, ClientFile } from './client.ts';
import { appData, joinOn } from './machine.ts';
import { readEntry } from './read-entry.ts';

/** Editors that keep the extension's state, by the name of their folder. */
const EDITORS = ['Code', 'Code - Insiders', 'VSCodium', 'Cursor', 'Windsurf'];

/**
 * Cline: one file under `~/.cline` for all its programs; older versions of the extension kept it in the editor's storage.
 * @see https://docs.cline.bot/mcp/configuring-mcp-servers
 */
export const cline: Client = {
  id: 'cline',
  name: 'Cline',
  format: 'json',
  references: 'none',
  files(machine) {
    const name = 'cline_mcp_settings.json';
    const given = machine.env['CLINE_MCP_SETTINGS_PATH'];
    const paths = [
      ...(given ? [given] : []),
      joinOn(machine, machine.home, '.cline', 'data', 'settings', name),
      ...EDITORS.map((editor) =>
        joinOn(machine, appData(machine), editor, 'User', 'globalStorage', 'saoudrizwan.claude-dev', 'settings', name),
      ),
    ];
    return paths.map((path): ClientFile => ({ scope: 'user', path }));
  },
  path: () => ['mcpServers'],
  // Without a type, Cline takes a bare URL for HTTP+SSE.
  read: (entry) => readEntry(entry, { timeout: 's', url: 'sse' }),
  write: (launch) =>
    launch.kind === 'http'
      ? { type: 'streamableHttp', url: launch.url, disabled: false, autoApprove: [] }
      : { command: launch.command, args: launch.args, disabled: false, autoApprove: [] },
  http: true,
  next: 'nothing, for Cline reads its settings as they change',
};
