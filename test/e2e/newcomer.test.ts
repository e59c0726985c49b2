import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertBuilt, binOf, hatagoBin } from './support/paths.ts';
import { ENTER, openTerminal, type Terminal } from './support/pty.ts';
import { createScope } from './support/scope.ts';
import { connectSdk } from './support/sdk-clients.ts';

const scope = createScope();
afterAll(() => scope.close());
beforeAll(assertBuilt);

const everything = binOf('@modelcontextprotocol/server-everything', 'mcp-server-everything');
const filesystem = binOf('@modelcontextprotocol/server-filesystem', 'mcp-server-filesystem');

interface Newcomer {
  readonly home: string;
  readonly project: string;
  /** Runs a command of the hub at a terminal. */
  hatago(...args: string[]): Terminal;
}

/** A home as somebody has it who uses two clients with a few servers. */
function newcomer(): Newcomer {
  const home = scope.dir();
  const project = join(home, 'work', 'app');
  mkdirSync(join(home, '.cursor'), { recursive: true });
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'README.md'), '# The app\n');
  const claude = {
    numStartups: 41,
    installMethod: 'native',
    tipsHistory: { 'new-user-warmup': 1, 'shift-enter': 27 },
    projects: { [project]: { allowedTools: [], history: [], mcpServers: {}, hasTrustDialogAccepted: true } },
    userID: '5f0c',
    mcpServers: {
      everything: {
        type: 'stdio',
        command: process.execPath,
        args: [everything, 'stdio'],
        env: { EVERYTHING_API_KEY: 'key-0123456789' },
      },
    },
    oauthAccount: { emailAddress: 'ada@example.com' },
  };
  writeFileSync(join(home, '.claude.json'), `${JSON.stringify(claude, null, 2)}\n`, { mode: 0o600 });
  const cursor = `{
  // shared with Claude Code
  "mcpServers": {
    "everything": ${JSON.stringify(claude.mcpServers.everything)},
    "Project Files": { "command": ${JSON.stringify(process.execPath)}, "args": [${JSON.stringify(filesystem)}, ${JSON.stringify(project)}], },
  },
}
`;
  writeFileSync(join(home, '.cursor', 'mcp.json'), cursor);
  return {
    home,
    project,
    hatago: (...args) =>
      openTerminal(process.execPath, [hatagoBin, ...args], {
        cwd: project,
        env: { HOME: home, USERPROFILE: home, HATAGO_KEYRING: 'off', npm_config_offline: 'true' },
      }),
  };
}

describe('the way of a newcomer', () => {
  it('leads from nothing to a first useful result in four commands, and only Enter is pressed', async () => {
    const { home, project, hatago } = newcomer();
    const start = performance.now();

    const init = hatago('init');
    expect(await init.done, init.screen()).toBe(0);
    expect(init.screen()).toContain('hatago import');

    const imported = hatago('import');
    await imported.sees('Take over these servers?');
    expect(imported.screen()).toContain('everything from Claude Code, Cursor');
    imported.type(ENTER);
    expect(await imported.done, imported.screen()).toBe(0);
    expect(imported.screen()).toMatch(/everything +ready/);
    expect(imported.screen()).toMatch(/project-files +ready/);
    expect(imported.screen()).not.toContain('key-0123456789');

    const connected = hatago('connect', 'claude-code');
    await connected.sees('Write this to');
    connected.type(ENTER);
    expect(await connected.done, connected.screen()).toBe(0);

    const file = join(project, 'README.md');
    const call = hatago('call', 'project-files_read_text_file', '--input', JSON.stringify({ path: file }));
    expect(await call.done, call.screen()).toBe(0);
    expect(call.screen()).toContain('# The app');
    expect(performance.now() - start).toBeLessThan(60_000);

    const config = readFileSync(join(project, '.hatago', 'config.jsonc'), 'utf8');
    expect(config).not.toContain('key-0123456789');
    expect(config).not.toContain('npx');
    const { mcpServers } = JSON.parse(readFileSync(join(home, '.claude.json'), 'utf8')) as {
      mcpServers: Record<string, { command: string; args: string[] }>;
    };
    const entry = mcpServers['hatago'];
    if (entry === undefined) throw new Error('the hub is not in ~/.claude.json');
    expect(entry.args.slice(1, 4)).toEqual(['serve', '--stdio', '--found-config']);
    // What was written is what the client will start: it must be a hub that answers.
    const env = { HOME: home, HATAGO_KEYRING: 'off', PATH: process.env['PATH'] ?? '' };
    const client = await connectSdk('sdk 1.32.2', { ...entry, env });
    scope.defer(() => client.close());
    const names = (await client.listTools()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['everything_echo', 'project-files_read_text_file']));
    expect(await client.callTool('everything_echo', { message: 'hello' })).toContain('hello');
  });
});
