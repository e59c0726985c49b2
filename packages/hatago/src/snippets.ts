/** A line or two that make one client use the hub. */
export interface Snippet {
  readonly client: string;
  /** A command to run, or the text for the named file. */
  readonly text: string;
}

/** How each common client is pointed at a hub that serves HTTP. */
export function httpSnippets(url: string): readonly Snippet[] {
  const entry = JSON.stringify({ hatago: { type: 'http', url } });
  return [
    {
      client: 'any client',
      text: 'hatago connect claude-code   (or cursor, codex, vscode …; `hatago connect` lists them)',
    },
    { client: 'Claude Code', text: `claude mcp add --transport http hatago ${url}` },
    { client: 'Codex', text: `codex mcp add hatago --url ${url}` },
    { client: 'Gemini CLI', text: `gemini mcp add --transport http hatago ${url}` },
    { client: 'VS Code', text: `code --add-mcp '${JSON.stringify({ name: 'hatago', type: 'http', url })}'` },
    { client: 'Cursor', text: `.cursor/mcp.json: {"mcpServers":${JSON.stringify({ hatago: { url } })}}` },
    { client: 'others', text: `"mcpServers": ${entry}` },
  ];
}

/** How a client starts the hub itself and speaks to it over stdio. */
export function stdioSnippet(config: string): Snippet {
  const server = { command: 'npx', args: ['-y', 'hatago', 'serve', '--stdio', '--found-config', config] };
  return { client: '.mcp.json', text: JSON.stringify({ mcpServers: { hatago: server } }, null, 2) };
}
