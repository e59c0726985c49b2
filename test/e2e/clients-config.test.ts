import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIXTURES } from '../../packages/hatago/src/clients/client-fixtures.ts';
import { findClient } from '../../packages/hatago/src/clients/table.ts';
import { createPlace, NO_FOREIGN, type Place } from './support/client-place.ts';
import { startHub } from './support/hub.ts';
import { assertBuilt, hatagoBin } from './support/paths.ts';
import { openTerminal } from './support/pty.ts';
import { createScope } from './support/scope.ts';

const scope = createScope();
afterAll(() => scope.close());
beforeAll(assertBuilt);

const place = (config?: object | null): Place => createPlace(scope, config);

describe('help', () => {
  it.each(['import', 'connect', 'disconnect'])('of %s shows its options and examples', async (command) => {
    const { code, stdout } = await place().hatago([command, '--help']);
    expect(code).toBe(0);
    for (const part of [`hatago ${command}`, 'Examples:', '--json', '--dry-run']) expect(stdout).toContain(part);
  });
});

describe('connect and disconnect', () => {
  const files = FIXTURES.filter(({ name }) => !name.includes('settings.json')).map((fixture) => {
    const client = findClient(fixture.client);
    if (client === undefined) throw new Error(fixture.client);
    return [fixture.name, fixture, client] as const;
  });

  it.each(files)('%s comes out byte for byte as it was', async (_, { text, client: id }, client) => {
    const where = place();
    const machine = { platform: process.platform, home: where.home, cwd: where.project, env: {} };
    const path = client.files(machine)[0]?.path ?? '';
    const given = text.replaceAll('\n', '\r\n');
    where.put(path.slice(where.home.length), given);
    chmodSync(path, 0o640);
    const connected = await where.hatago(['connect', id, '--yes', '--json']);
    expect(connected.code, connected.stderr).toBe(0);
    expect(JSON.parse(connected.stdout)).toMatchObject({ client: id, file: path, changed: true, transport: 'stdio' });
    expect(readFileSync(path, 'utf8')).toContain('serve');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    const again = await where.hatago(['connect', id, '--yes', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false });
    const disconnected = await where.hatago(['disconnect', id, '--yes', '--json']);
    expect(disconnected.code, disconnected.stderr).toBe(0);
    expect(JSON.parse(disconnected.stdout)).toMatchObject({ files: [{ file: path, restored: true }] });
    expect(readFileSync(path, 'utf8')).toBe(given);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(where.home, '.hatago', 'clients'))).toEqual(['connections.json']);
  });

  it('takes only its own entry out of a file that has changed meanwhile', async () => {
    const where = place();
    const file = where.put(
      '.claude.json',
      '{\n  "numStartups": 1,\n  "mcpServers": {\n    "a": { "command": "a" }\n  }\n}\n',
    );
    await where.hatago(['connect', 'claude-code', '--yes']);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"numStartups": 1', '"numStartups":   2'));
    const { code, stdout } = await where.hatago(['disconnect', 'claude-code', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('the rest is as you left it');
    expect(readFileSync(file, 'utf8')).toBe(
      '{\n  "numStartups":   2,\n  "mcpServers": {\n    "a": { "command": "a" }\n  }\n}\n',
    );
  });

  it('makes a file where there is none, and removes it again', async () => {
    const where = place();
    const { code, stdout } = await where.hatago(['connect', 'codex', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('hatago disconnect codex');
    const file = join(where.home, '.codex/config.toml');
    expect(readFileSync(file, 'utf8')).toMatch(/^\[mcp_servers\.hatago\]\n/);
    expect((await where.hatago(['disconnect', 'codex', '--yes'])).code).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('takes the record it made away with its entry', async () => {
    const where = place();
    const file = where.put('.cursor/mcp.json', '{\n  "a": 1\n}\n');
    await where.hatago(['connect', 'cursor', '--yes']);
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
    await where.hatago(['disconnect', 'cursor', '--yes']);
    expect(readFileSync(file, 'utf8')).toBe('{\n  "a": 1\n}\n\n');
  });

  it('follows a link and leaves it a link', async () => {
    const where = place();
    const target = where.put('dotfiles/cursor.json', '{"mcpServers":{}}');
    mkdirSync(join(where.home, '.cursor'));
    symlinkSync(target, join(where.home, '.cursor/mcp.json'));
    expect((await where.hatago(['connect', 'cursor', '--yes'])).code).toBe(0);
    expect(lstatSync(join(where.home, '.cursor/mcp.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toMatch(/^\{"mcpServers":\{"hatago":\{/);
    expect((await where.hatago(['disconnect', 'cursor', '--yes'])).code).toBe(0);
    expect(readFileSync(target, 'utf8')).toBe('{"mcpServers":{}}');
  });

  it('shows what it would write with --dry-run, and asks where somebody can answer', async () => {
    const where = place();
    const text = '{\n  "mcpServers": {\n    "a": { "env": { "A_TOKEN": "hush-hush" } }\n  }\n}\n';
    const file = where.put('.claude.json', text);
    const dry = await where.hatago(['connect', 'claude-code', '--dry-run']);
    expect(dry.code).toBe(0);
    expect(dry.stderr).toContain('+     "hatago": {');
    expect(dry.stderr).not.toContain('hush-hush');
    const mute = await where.hatago(['connect', 'claude-code']);
    expect(mute.code).toBe(2);
    expect(mute.stderr).toContain('--yes');
    const terminal = openTerminal(process.execPath, [hatagoBin, 'connect', 'claude-code'], {
      cwd: where.project,
      env: { HOME: where.home, ...NO_FOREIGN },
    });
    await terminal.sees('Write this to');
    terminal.type('n');
    expect(await terminal.done).toBe(5);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('writes the project file for everybody who has the project', async () => {
    const where = place();
    const done = await where.hatago(['connect', 'vscode', '--project', '--yes']);
    expect(done.code, done.stderr).toBe(0);
    const text = readFileSync(join(where.project, '.vscode/mcp.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({
      servers: {
        hatago: {
          type: 'stdio',
          command: process.platform === 'win32' ? 'cmd' : 'npx',
          args: expect.arrayContaining(['hatago', 'serve', '--stdio']),
        },
      },
    });
    expect(text).not.toContain(where.home);
    expect(text.endsWith('}\n')).toBe(true);
    expect((await where.hatago(['disconnect', 'vscode', '--project', '--yes'])).code).toBe(0);
    expect(existsSync(join(where.project, '.vscode/mcp.json'))).toBe(false);
  });

  it.each([
    ['claude-code', '.claude.json', '{\n  "mcpServers": {\n    "a": }\n}\n', ':3:10: value expected'],
    ['claude-code', '.claude.json', '{ "mcpServers": [] }', ':1:17: "mcpServers" must be an object'],
    ['codex', '.codex/config.toml', 'model = "x"\n[mcp_servers.a\n', ':2:'],
    ['codex', '.codex/config.toml', 'mcp_servers = { a = { command = "x" } }\n', ':1:1: mcp_servers is written inline'],
    ['goose', '.config/goose/config.yaml', 'a: 1\nextensions: [\n', ':3:1:'],
    ['goose', '.config/goose/config.yaml', 'extensions: none\n', ':1:13: "extensions" must be a mapping'],
  ])('refuses a file of %s that it cannot read (%s), and writes nothing', async (client, path, text, place_) => {
    const where = place();
    const file = where.put(path, text);
    const { code, stderr } = await where.hatago(['connect', client, '--yes']);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}${place_}`);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(existsSync(join(where.home, '.hatago/clients'))).toBe(false);
  });

  it.each([
    [['connect', 'nobody'], 4, 'claude-code'],
    [['connect', 'claude-desktop', '--http'], 2, '--http'],
    [['connect', 'cursor', '--http'], 3, 'hatago serve --http'],
    [['connect', 'cursor', '--http', '--stdio'], 2, 'exclude'],
    [['connect', 'windsurf', '--project'], 2, '--project'],
    [['disconnect', 'nobody'], 4, 'claude-code'],
    [['disconnect', 'cursor'], 4, 'not connected'],
    [['disconnect'], 2, 'client'],
  ])('ends %j with %i', async (args, expected, hint) => {
    const { code, stderr } = await place().hatago(args);
    expect(code, stderr).toBe(expected);
    expect(stderr).toContain(hint);
  });

  it('does not overwrite another server of that name, but what the hub was there before', async () => {
    const where = place();
    const text = '{ "mcpServers": { "hatago": { "command": "inn" } } }';
    const file = where.put('.cursor/mcp.json', text);
    const refused = await where.hatago(['connect', 'cursor', '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--name');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect((await where.hatago(['connect', 'cursor', '--yes', '--name', 'hub'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/"hatago": \{ "command": "inn" \}, "hub": \{/);
    expect((await where.hatago(['disconnect', 'cursor', '--yes'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(text);
    where.put('.cursor/mcp.json', '{ "mcpServers": { "hatago": { "url": "http://localhost:4321/mcp" } } }');
    expect((await where.hatago(['connect', 'cursor', '--yes'])).code).toBe(0);
  });

  it('needs a configuration to serve', async () => {
    const where = place(null);
    const { code, stderr } = await where.hatago(['connect', 'cursor', '--yes']);
    expect(code).toBe(4);
    expect(stderr).toContain('hatago init');
    expect(existsSync(join(where.home, '.cursor'))).toBe(false);
  });

  it('lists the clients and their state', async () => {
    const where = place();
    where.put('.cursor/mcp.json', '{}');
    await where.hatago(['connect', 'codex', '--yes']);
    const { stdout } = await where.hatago(['connect']);
    expect(stdout).toMatch(/cursor +Cursor +found/);
    expect(stdout).toMatch(/codex +Codex +connected/);
    expect(stdout).toMatch(/zed +Zed +-/);
    const listed = JSON.parse((await where.hatago(['connect', '--json'])).stdout) as { clients: { id: string }[] };
    expect(listed.clients).toContainEqual(expect.objectContaining({ id: 'codex', connected: true }));
  });
});

describe('with a hub that runs', () => {
  it('writes its URL with --http, and by itself where the hub is a service', async () => {
    const where = place(null);
    const hub = await startHub(scope, {});
    const options = { env: { HATAGO_HOME: hub.home } };
    const args = ['connect', 'gemini-cli', '--yes', '--json', '-c', hub.configFile];
    const asked = await where.hatago([...args, '--http'], options);
    expect(JSON.parse(asked.stdout), asked.stderr).toMatchObject({ transport: 'http', changed: true });
    const file = join(where.home, '.gemini/settings.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ mcpServers: { hatago: { httpUrl: hub.url } } });
    const usual = await where.hatago([...args, '--dry-run'], options);
    expect(JSON.parse(usual.stdout)).toMatchObject({ transport: 'stdio' });
    if (process.platform !== 'linux') return;
    where.put('.config/systemd/user/hatago.service', `ExecStart=hatago serve --config ${hub.configFile}\n`);
    const service = await where.hatago(args, options);
    expect(JSON.parse(service.stdout), service.stderr).toMatchObject({ changed: false });
  });
});
