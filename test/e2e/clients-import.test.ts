import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, type Place, WORKING } from './support/client-place.ts';
import { startHub } from './support/hub.ts';
import { assertBuilt } from './support/paths.ts';
import { createScope } from './support/scope.ts';

const scope = createScope();
afterAll(() => scope.close());
beforeAll(assertBuilt);

const place = (config?: object | null): Place => createPlace(scope, config);

const configOf = ({ project }: Place): string => readFileSync(join(project, '.hatago/config.jsonc'), 'utf8');
const serversOf = (where: Place): Record<string, Record<string, unknown>> =>
  (JSON.parse(configOf(where)) as { mcpServers: Record<string, Record<string, unknown>> }).mcpServers;

describe('import', () => {
  it('takes each server once, keeps comments, moves secrets, and says what works and what to do', async () => {
    const where = place(null);
    where.put(
      'app/.hatago/config.jsonc',
      '{\n  "version": 2,\n  // mine\n  "mcpServers": {\n    "old": { "command": "old" } // keep\n  }\n}\n',
    );
    const server = { ...WORKING, env: { API_TOKEN: 'hush-hush', LANG: 'C' } };
    where.put('.claude.json', { mcpServers: { every: { type: 'stdio', ...server }, old: { command: 'other' } } });
    where.put('.cursor/mcp.json', {
      mcpServers: { everything: server, '日本 Server': { command: '/no/such/program' } },
    });
    where.put('app/.env', 'SET_HERE=1\n');
    where.put('.codex/config.toml', '[mcp_servers.needy]\ncommand = "x"\nenv_vars = ["SOME_UNSET_KEY", "SET_HERE"]\n');
    const done = await where.hatago(['import', '--all', '--json']);
    expect(done.code, done.stderr).toBe(0);
    const report = JSON.parse(done.stdout) as { imported: Record<string, unknown>[] };
    expect(report.imported).toEqual([
      expect.objectContaining({
        id: 'every',
        from: [expect.objectContaining({ client: 'claude-code' }), expect.objectContaining({ client: 'cursor' })],
        secrets: ['EVERY_API_TOKEN'],
        state: 'ready',
        tools: expect.any(Number),
      }),
      expect.objectContaining({ id: 'old-claude-code', name: 'old' }),
      expect.objectContaining({ id: 'server', state: expect.stringMatching(/needs a runtime|failing/) }),
      expect.objectContaining({ id: 'needy', state: 'needs a secret', fix: 'hatago secret set NEEDY_SOME_UNSET_KEY' }),
    ]);
    const text = configOf(where);
    expect(text).toContain('  // mine\n');
    expect(text).toContain('"old": { "command": "old" }, // keep');
    expect(text).toContain('${secret:EVERY_API_TOKEN}');
    expect(text).toContain('"${SET_HERE}"');
    for (const said of [text, done.stdout, done.stderr]) expect(said).not.toContain('hush-hush');
    const list = await where.hatago(['import', '--all', '--json', '--no-check']);
    expect((JSON.parse(list.stdout) as { imported: unknown[] }).imported).toEqual([]);
    const call = await where.hatago(['call', 'every_echo', '-i', '{"message":"hi"}']);
    expect(call.stdout, call.stderr).toContain('hi');
  });

  it('shows a table, and the plan alone with --dry-run', async () => {
    const where = place();
    where.put('.cursor/mcp.json', { mcpServers: { everything: WORKING } });
    const before = configOf(where);
    const dry = await where.hatago(['import', '--dry-run']);
    expect(dry.stdout).toContain('One server would be written');
    expect(dry.stderr).toContain('server-everything');
    expect(configOf(where)).toBe(before);
    const { stdout } = await where.hatago(['import', '--yes']);
    expect(stdout).toMatch(/everything +ready +\d+ +~\d+ +cursor/);
  });

  it('never takes the hub itself', async () => {
    const where = place();
    await where.hatago(['connect', 'cursor', '--yes']);
    where.put('.claude.json', {
      mcpServers: {
        hub: { command: 'npx', args: ['-y', 'hatago@latest', 'serve', '--stdio'] },
        web: { type: 'http', url: 'http://localhost:3535/mcp' },
        far: { command: 'npx', args: ['mcp-remote', 'http://127.0.0.1:3535/mcp'] },
      },
    });
    const { code, stdout } = await where.hatago(['import', '--all', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ imported: [], skipped: [] });
  });

  it('refuses variables that let a server run other code, unless they are allowed', async () => {
    const where = place();
    where.put('.cursor/mcp.json', { mcpServers: { odd: { ...WORKING, env: { NODE_OPTIONS: '--no-warnings' } } } });
    const refused = await where.hatago(['import', '--all']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('--allow-env NODE_OPTIONS');
    expect(serversOf(where)).toEqual({});
    const allowed = await where.hatago(['import', '--all', '--allow-env', 'NODE_OPTIONS', '--json']);
    expect(JSON.parse(allowed.stdout)).toMatchObject({ imported: [{ id: 'odd', state: 'ready' }] });
  });

  it('leaves out what is switched off or of another project, unless everything is asked for', async () => {
    const where = place();
    const mcpServers = { far: { command: 'a' } };
    where.put('.claude.json', {
      mcpServers: { on: { command: 'b' } },
      projects: { '/elsewhere': { mcpServers }, [where.project]: { mcpServers: { here: { command: 'c' } } } },
    });
    where.put('.cline/data/settings/cline_mcp_settings.json', {
      mcpServers: { off: { command: 'd', disabled: true } },
    });
    await where.hatago(['import', '--yes', '--no-check']);
    expect(Object.keys(serversOf(where))).toEqual(['on', 'here']);
    expect(serversOf(where)['here']).toMatchObject({ cwd: where.project });
    await where.hatago(['import', '--all', '--no-check']);
    expect(Object.keys(serversOf(where)).sort()).toEqual(['far', 'here', 'off', 'on']);
    expect(serversOf(where)['off']).toMatchObject({ disabled: true });
  });

  it('takes what came with the files of a project only when it is asked for, in its folder and with its variables', async () => {
    const where = place();
    where.put('app/.vscode/mcp.json', {
      servers: { shared: { type: 'stdio', command: 'x', envFile: '${workspaceFolder}/.env.mcp', env: { A: '1' } } },
    });
    where.put('app/.env.mcp', 'A=2\nB_TOKEN="hush-hush"\n');
    const shy = await where.hatago(['import', '--yes', '--json', '--no-check']);
    expect(JSON.parse(shy.stdout)).toMatchObject({
      imported: [],
      skipped: [{ name: 'shared', reason: 'was not chosen' }],
    });
    const done = await where.hatago(['import', '--all', '--json', '--no-check']);
    expect(done.code, done.stderr).toBe(0);
    expect(serversOf(where)).toEqual({
      shared: { command: 'x', cwd: where.project, env: { A: '1', B_TOKEN: '${secret:SHARED_B_TOKEN}' } },
    });
  });

  it('reads one client, or one file in the words of the client it looks like', async () => {
    const where = place();
    where.put('.claude.json', { mcpServers: { a: { command: 'a' } } });
    where.put('.gemini/settings.json', { mcpServers: { b: { httpUrl: 'https://b.example.com/mcp' } } });
    await where.hatago(['import', '--from', 'gemini', '--yes', '--no-check']);
    expect(serversOf(where)).toEqual({ b: { type: 'http', url: 'https://b.example.com/mcp' } });
    const file = where.put('old/goose.yaml', 'extensions:\n  c: { type: stdio, cmd: c, args: [d] }\n');
    await where.hatago(['import', '--from', file, '--yes', '--all', '--no-check']);
    expect(serversOf(where)['c']).toMatchObject({ command: 'c', args: ['d'] });
  });

  it('goes on where one file is broken, and says where', async () => {
    const where = place();
    const broken = where.put('.cursor/mcp.json', '{ "mcpServers": { "a": ');
    where.put('.claude.json', { mcpServers: { fine: { command: 'x' } } });
    const { code, stderr } = await where.hatago(['import', '--yes', '--no-check']);
    expect(code).toBe(0);
    expect(stderr).toContain(`${broken}:1:`);
    expect(Object.keys(serversOf(where))).toEqual(['fine']);
  });

  it('leaves out a server that no configuration can have, and takes the others', async () => {
    const where = place();
    where.put('.cursor/mcp.json', {
      mcpServers: { bad: { url: 'not a url' }, good: { url: 'https://g.example.com/mcp' } },
    });
    const { code, stdout } = await where.hatago(['import', '--yes', '--no-check', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      imported: [{ id: 'good' }],
      skipped: [{ name: 'bad', reason: expect.stringContaining('not a URL') }],
    });
  });

  it.each([
    [['import', '--from', 'nobody'], 4, 'neither a file nor a client'],
    [['import', '--from', 'zed'], 4, 'settings.json'],
    [['import'], 2, '--all'],
  ])('ends %j with %i', async (args, expected, hint) => {
    const where = place();
    where.put('.cursor/mcp.json', { mcpServers: { a: { command: 'a' } } });
    const { code, stderr } = await where.hatago(args);
    expect(code, stderr).toBe(expected);
    expect(stderr).toContain(hint);
  });

  it('has nothing to do where no client is installed', async () => {
    const { code, stdout, stderr } = await place().hatago(['import']);
    expect(code).toBe(0);
    expect(stderr).toContain('No client');
    expect(stdout).toContain('Nothing was taken over');
  });

  it('lets the example of init give way', async () => {
    const where = place(null);
    expect((await where.hatago(['init'])).code).toBe(0);
    where.put('.cursor/mcp.json', { mcpServers: { everything: WORKING } });
    const { stderr } = await where.hatago(['import', '--yes', '--no-check']);
    expect(stderr).toContain('gives way');
    const { mcpServers } = JSON.parse(configOf(where).replace(/^\s*\/\/.*$/gm, '')) as { mcpServers: object };
    expect(mcpServers).toEqual({ everything: WORKING });
  });

  it('has a hub that runs take over what was imported', async () => {
    const where = place(null);
    const hub = await startHub(scope, {});
    const options = { env: { HATAGO_HOME: hub.home } };
    where.put('.cursor/mcp.json', { mcpServers: { every: WORKING, own: { url: hub.url } } });
    const done = await where.hatago(['import', '--all', '--json', '-c', hub.configFile], options);
    expect(JSON.parse(done.stdout), done.stderr).toMatchObject({ imported: [{ id: 'every', state: 'ready' }] });
    const listed = await where.hatago(['list', '--json', '-c', hub.configFile], options);
    expect(JSON.parse(listed.stdout)).toMatchObject({ running: true, servers: [{ id: 'every' }] });
  });
});
