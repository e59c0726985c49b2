import {
  CLAUDE_CODE,
  CLAUDE_DESKTOP,
  CLINE,
  CODEX,
  CURSOR,
  GEMINI,
  GOOSE,
  JUNIE,
  OPENCODE,
  OPENCODE_2,
  VSCODE,
  VSCODE_SETTINGS,
  WINDSURF,
  ZED,
} from './client-fixture-texts.ts';

/** A file as a client has it, and the servers in it in our words. */
export interface ClientFixture {
  readonly name: string;
  readonly client: string;
  readonly text: string;
  readonly servers: Readonly<Record<string, unknown>>;
}

/** One or two files of every client, in the shape and with the oddities that people have. */
export const FIXTURES: readonly ClientFixture[] = [
  {
    name: 'Claude Code, ~/.claude.json',
    client: 'claude-code',
    text: CLAUDE_CODE,
    servers: {
      playwright: { command: 'npx', args: ['@playwright/mcp@latest'] },
      sentry: { type: 'http', url: 'https://mcp.sentry.dev/mcp', headers: { Authorization: 'Bearer ${SENTRY_TOKEN}' } },
      tickets: { type: 'sse', url: 'https://tickets.example.com/sse' },
    },
  },
  {
    name: 'Claude Code, all on one line',
    client: 'claude-code',
    text: '{"numStartups":1,"mcpServers":{"a":{"command":"a"}},"userID":"x"}\n',
    servers: { a: { command: 'a' } },
  },
  {
    name: 'Claude Desktop',
    client: 'claude-desktop',
    text: CLAUDE_DESKTOP,
    servers: {
      filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/Users/ada/Desktop'] },
      github: {
        command: 'docker',
        args: ['run', '-i', '--rm', '-e', 'GITHUB_PERSONAL_ACCESS_TOKEN', 'ghcr.io/github/github-mcp-server'],
        env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'ghp_0123' },
      },
    },
  },
  {
    name: 'Cursor',
    client: 'cursor',
    text: CURSOR,
    servers: {
      db: { command: '/home/ada/bin/db-mcp', args: ['--root', '/work/app'], env: { DB_URL: '${DB_URL}' } },
      docs: { type: 'http', url: 'https://docs.example.com/mcp', headers: { 'X-Api-Key': '${DOCS_KEY}' } },
    },
  },
  {
    name: 'VS Code, mcp.json',
    client: 'vscode',
    text: VSCODE,
    servers: {
      perplexity: {
        command: 'docker',
        args: ['run', '-i', '--rm', 'mcp/perplexity-ask'],
        env: { PERPLEXITY_API_KEY: '${secret:perplexity-key}' },
      },
      fetch: { type: 'http', url: 'https://fetch.example.com/mcp' },
    },
  },
  {
    name: 'VS Code, settings.json',
    client: 'vscode',
    text: VSCODE_SETTINGS,
    servers: { time: { command: 'uvx', args: ['mcp-server-time'] } },
  },
  {
    name: 'Codex',
    client: 'codex',
    text: CODEX,
    servers: {
      context7: {
        command: 'npx',
        args: ['-y', '@upstash/context7-mcp'],
        env: { CONTEXT7_API_KEY: '${CONTEXT7_API_KEY}', NODE_ENV: 'production' },
        timeouts: { connectMs: 20_000 },
      },
      'my figma': {
        type: 'http',
        url: 'https://mcp.figma.com/mcp',
        headers: {
          'X-Figma-Region': 'us-east-1',
          'X-Team': '${FIGMA_TEAM}',
          Authorization: 'Bearer ${FIGMA_TOKEN}',
        },
        disabled: true,
        timeouts: { requestMs: 90_500 },
        tools: { include: ['get_code'] },
      },
    },
  },
  {
    name: 'Gemini CLI',
    client: 'gemini-cli',
    text: GEMINI,
    servers: {
      py: {
        command: 'python',
        args: ['-m', 'my_server'],
        env: { API_KEY: '${MY_KEY}', REGION: '${REGION}' },
        cwd: './server',
        timeouts: { requestMs: 30_000 },
        tools: { include: ['a'], exclude: ['b'] },
      },
      old: { type: 'sse', url: 'http://localhost:8080/sse' },
      new: { type: 'http', url: 'http://localhost:8081/mcp', headers: { 'Accept-Language': 'en' } },
    },
  },
  {
    name: 'Windsurf',
    client: 'windsurf',
    text: WINDSURF,
    servers: {
      remote: {
        type: 'http',
        url: 'https://api.example.com/mcp',
        headers: { Authorization: 'Bearer ${EXAMPLE_TOKEN}' },
      },
      git: { command: 'py', args: ['-m', 'mcp_server_git'], disabled: true, tools: { exclude: ['push'] } },
    },
  },
  {
    name: 'Zed',
    client: 'zed',
    text: ZED,
    servers: {
      local: { command: 'uv', args: ['run', 'main.py'] },
      older: { command: 'node', args: ['a.js'], env: { A: '1' } },
      far: { type: 'http', url: 'https://far.example.com/mcp' },
    },
  },
  {
    name: 'Cline',
    client: 'cline',
    text: CLINE,
    servers: {
      'local-server': {
        command: 'node',
        args: ['/path/to/server.js'],
        env: { API_KEY: 'your_api_key' },
        timeouts: { requestMs: 60_000 },
      },
      sse: { type: 'sse', url: 'https://old.example.com/mcp' },
      http: { type: 'http', url: 'https://new.example.com/mcp' },
    },
  },
  {
    name: 'Goose',
    client: 'goose',
    text: GOOSE,
    servers: {
      jira: {
        command: 'uvx',
        args: ['mcp-atlassian', '--read-only'],
        env: { JIRA_TOKEN: '${secret:JIRA_TOKEN}', JIRA_URL: 'https://jira.example.com' },
        timeouts: { requestMs: 120_000 },
      },
      remote: { type: 'http', url: 'https://mcp.example.com/mcp', headers: { 'X-Team': 'core' }, disabled: true },
    },
  },
  {
    name: 'opencode, version 1',
    client: 'opencode',
    text: OPENCODE,
    servers: {
      everything: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-everything'],
        env: { TOKEN: '${EVERYTHING_TOKEN}' },
      },
      jira: { type: 'http', url: 'https://jira.example.com/mcp', disabled: true },
    },
  },
  {
    name: 'opencode, version 2',
    client: 'opencode',
    text: OPENCODE_2,
    servers: { everything: { command: 'npx', args: ['-y', 'everything'], cwd: '.', disabled: true } },
  },
  {
    name: 'JetBrains Junie',
    client: 'jetbrains',
    text: JUNIE,
    servers: {
      sequential: { command: 'npx', args: ['-y', 'seq'] },
      remote: { type: 'http', url: 'https://r.example.com/mcp', headers: { Authorization: 'Bearer abc' } },
    },
  },
];
