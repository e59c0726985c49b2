import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startHub } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { type Ended, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { freePort, journal } from './support/servers.ts';

const scope = createScope();
afterAll(() => scope.close());

interface Finding {
  readonly subject: string;
  readonly level: 'ok' | 'warning' | 'error';
  readonly message: string;
  readonly cause?: string;
  readonly fix?: string;
  readonly mended?: string;
}

/** A project with this configuration; `text` where it is no JSON. */
function project(config: object | string): { cwd: string; env: Record<string, string>; home: string; file: string } {
  const cwd = scope.dir();
  const home = join(cwd, '.hatago');
  mkdirSync(home, { mode: 0o700 });
  const file = join(home, 'config.jsonc');
  const text = typeof config === 'string' ? config : JSON.stringify({ version: 2, ...config }, null, 2);
  writeFileSync(file, text);
  return { cwd, home, file, env: { HOME: scope.dir(), HATAGO_KEYRING: 'off', HATAGO_HOME: home } };
}

type Project = ReturnType<typeof project>;

const hatago = ({ cwd, env, file }: Project, ...args: string[]): Promise<Ended> =>
  run(process.execPath, [hatagoBin, ...args, '--config', file], { cwd, env });

async function findings(at: Project, ...args: string[]): Promise<{ code: number | null; found: Finding[] }> {
  const { code, stdout, stderr } = await hatago(at, 'doctor', '--json', ...args);
  expect(stderr).toBe('');
  const told = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  expect(told.ok).toBe(code === 0);
  return { code, found: told.findings };
}

const about = (found: readonly Finding[], subject: string): Finding | undefined =>
  found.find((finding) => finding.subject === subject && finding.level !== 'ok') ??
  found.find((finding) => finding.subject === subject);

describe('doctor', () => {
  it('says that all is well, and starts what does not run to be sure', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const port = await freePort();
    const at = project({ http: { port }, mcpServers: { j: server.entry, off: { command: 'node', disabled: true } } });
    const { code, stdout, stderr } = await hatago(at, 'doctor');
    expect(code, stderr + stdout).toBe(0);
    expect(stdout).toMatch(/✓ server j +ready, \d+ tools/);
    expect(stdout).toMatch(/✓ server off +disabled/);
    expect(stdout).toContain(`✓ node`);
    expect(server.pids()).toHaveLength(1);
    const { found } = await findings(at, '--no-start');
    expect(about(found, 'server j')).toMatchObject({ level: 'ok', message: 'not started' });
    expect(server.pids()).toHaveLength(1);
  });

  it('names the line of a configuration that is not valid', async () => {
    const at = project('{\n  "version": 2,\n  "mcpServers": { "x": { "command": 1 } }\n}');
    const { code, found } = await findings(at);
    expect(code).toBe(1);
    expect(about(found, 'configuration')).toMatchObject({
      level: 'error',
      message: expect.stringContaining('config.jsonc:3:'),
    });
  });

  it.each([
    [{ version: 1, mcpServers: {} }, 'warning'],
    [{ servers: [{ id: 'x', command: 'node', start: 'lazy' }] }, 'warning'],
    [{ version: 2, mcpServers: {} }, 'ok'],
  ])('tells the format of %j', async (document, level) => {
    const { found } = await findings(project(JSON.stringify(document)), '--no-start');
    expect(about(found, 'configuration')).toMatchObject({ level });
    expect(about(found, 'configuration')?.fix).toBe(level === 'ok' ? undefined : 'hatago migrate --write');
  });

  it('goes on where there is no configuration at all', async () => {
    const cwd = scope.dir();
    const ended = await run(process.execPath, [hatagoBin, 'doctor', '--json'], { cwd, env: { HOME: scope.dir() } });
    expect(ended.code, ended.stderr).toBe(0);
    const { findings: found } = JSON.parse(ended.stdout) as { findings: Finding[] };
    expect(about(found, 'configuration')).toMatchObject({ level: 'warning', fix: 'hatago init' });
  });

  it('tells each server that cannot be used, why, and what mends it', async () => {
    const at = project({
      mcpServers: {
        absent: { command: 'no-such-program-here' },
        broken: { command: process.execPath, args: ['-e', 'console.error("out of paper"); process.exit(1)'] },
        secret: { command: 'node', env: { A: '${secret:NOT_SET}' } },
        far: { url: 'http://127.0.0.1:9/mcp' },
      },
    });
    const { code, found } = await findings(at);
    expect(code).toBe(1);
    expect(about(found, 'program no-such-program-here')).toMatchObject({
      level: 'error',
      fix: expect.stringContaining('Install'),
    });
    expect(about(found, 'server absent')).toMatchObject({ level: 'error', message: 'needs a runtime' });
    expect(about(found, 'server broken')).toMatchObject({ level: 'error', message: 'failing' });
    expect(about(found, 'server secret')).toMatchObject({
      message: 'needs a secret',
      fix: 'hatago secret set NOT_SET',
    });
    expect(about(found, 'secrets')).toMatchObject({ level: 'error', fix: 'hatago secret set NOT_SET' });
    expect(about(found, 'server far')).toMatchObject({ level: 'error', message: 'failing' });
  });

  it('starts nothing that came with a project and was not approved', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const at = project({ mcpServers: { j: server.entry } });
    const ended = await run(process.execPath, [hatagoBin, 'doctor', '--json'], at);
    const { findings: found } = JSON.parse(ended.stdout) as { findings: Finding[] };
    expect(about(found, 'server j')).toMatchObject({
      level: 'error',
      message: 'needs approval',
      fix: 'hatago trust j',
    });
    expect(server.pids()).toEqual([]);
  });

  it('warns of what is there twice, not pinned, or not kept as a secret', async () => {
    const far = { url: 'https://mcp.example.com/mcp', disabled: true };
    const at = project({
      mcpServers: {
        a: far,
        b: far,
        loose: { command: 'npx', args: ['-y', 'some-package'], disabled: false },
        plain: { command: 'node', env: { API_KEY: 'canary-plain' }, disabled: true },
      },
    });
    const { found } = await findings(at, '--no-start');
    expect(about(found, 'server b')?.message).toContain('the same server');
    expect(about(found, 'server loose')).toMatchObject({ level: 'warning', fix: 'hatago update loose' });
    expect(about(found, 'server plain')?.message).toContain('API_KEY');
    expect(JSON.stringify(found)).not.toContain('canary-plain');
  });

  it('mends permissions, leftovers, the schema and a cache that is not whole, and nothing without being asked', async () => {
    const at = project('{ "$schema": "./schema.json", "version": 2, "mcpServers": {} }');
    const { home } = at;
    const set = await run(process.execPath, [hatagoBin, 'secret', 'set', 'X', '--config', at.file], {
      ...at,
      input: 'v',
    });
    expect(set.code, set.stderr).toBe(0);
    chmodSync(join(home, 'secrets.json'), 0o644);
    mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
    const dead = 4_194_303;
    writeFileSync(
      join(home, 'run/hub.json'),
      JSON.stringify({ pid: dead, url: 'http://127.0.0.1:1/mcp', version: '0' }),
      { mode: 0o600 },
    );
    const left = [
      `config.jsonc.${dead}.7.tmp`,
      `run/0123456789abcdef.${dead}.7.lock`,
      `run/0123456789abcdef.${dead}.7.sock`,
    ];
    for (const name of left) writeFileSync(join(home, name), '{}');
    mkdirSync(join(home, `workspaces/x-${dead}.7-AbCdEf`), { recursive: true });
    // What belongs to a process that runs stays.
    const alive = join(home, `config.jsonc.${process.pid}.tmp`);
    writeFileSync(alive, 'half');
    const cached = join(at.env['HOME'] as string, '.npm/_npx/0123456789abcdef');
    mkdirSync(cached, { recursive: true });
    writeFileSync(join(cached, 'package.json'), JSON.stringify({ dependencies: { gone: '1' } }));
    const env = { ...at.env, npm_config_cache: join(at.env['HOME'] as string, '.npm') };

    const before = await findings({ ...at, env });
    expect(before.code).toBe(1);
    expect(about(before.found, 'permissions')).toMatchObject({
      level: 'error',
      fix: expect.stringContaining('chmod 0600'),
    });
    expect(about(before.found, 'leftovers')).toMatchObject({ level: 'warning' });
    expect(about(before.found, 'schema')).toMatchObject({ level: 'warning' });
    expect(about(before.found, 'npx cache')).toMatchObject({ level: 'warning' });
    expect(existsSync(cached)).toBe(true);

    const mended = await findings({ ...at, env }, '--fix');
    expect(mended.code).toBe(0);
    for (const subject of ['permissions', 'leftovers', 'schema', 'npx cache']) {
      expect(mended.found.find((finding) => finding.subject === subject)?.mended, subject).toEqual(expect.any(String));
    }
    expect(statSync(join(home, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect([existsSync(cached), existsSync(join(home, 'run/hub.json')), existsSync(alive)]).toEqual([
      false,
      false,
      true,
    ]);
    for (const name of left) expect(existsSync(join(home, name)), name).toBe(false);
    expect(readdirSync(join(home, 'workspaces'))).toEqual([]);
    expect(JSON.parse(readFileSync(join(home, 'schema.json'), 'utf8'))).toHaveProperty('properties');
    expect((await findings({ ...at, env }, '--fix')).found.filter(({ mended }) => mended !== undefined)).toEqual([]);
  });

  it('opens every secret with --crypto, and says where their key is', async () => {
    const at = project({ mcpServers: {} });
    await run(process.execPath, [hatagoBin, 'secret', 'set', 'X', '--config', at.file], { ...at, input: 'canary-x' });
    const good = await findings(at, '--crypto');
    expect(about(good.found, 'secrets')).toMatchObject({ level: 'ok', message: expect.stringContaining('master.key') });
    expect(about(good.found, 'encryption')).toMatchObject({
      level: 'ok',
      message: expect.stringContaining('(1, AES-256-GCM)'),
    });
    const file = join(at.home, 'secrets.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.slice(0, text.length / 2));
    const bad = await findings(at, '--crypto');
    expect(bad.code).toBe(1);
    expect(about(bad.found, 'secrets')).toMatchObject({ level: 'error', fix: expect.any(String) });
    expect(readFileSync(file, 'utf8')).toBe(text.slice(0, text.length / 2));
  });

  it('sees that another program has the port', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    scope.defer(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { found } = await findings(project({ http: { port }, mcpServers: {} }));
    expect(about(found, 'port')).toMatchObject({ level: 'warning', message: expect.stringContaining(`${port}`) });
  });

  it('asks the hub that runs, and starts nothing beside it', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const hub = await startHub(scope, { mcpServers: { j: server.entry } });
    const env = { HATAGO_HOME: hub.home, HOME: scope.dir() };
    const ended = await run(process.execPath, [hatagoBin, 'doctor', '--json', '-c', hub.configFile], { env });
    const { findings: found } = JSON.parse(ended.stdout) as { findings: Finding[] };
    expect(ended.code, ended.stdout).toBe(0);
    expect(about(found, 'hub')).toMatchObject({ level: 'ok', message: expect.stringContaining(String(hub.pid)) });
    expect(about(found, 'port')).toMatchObject({
      level: 'ok',
      message: expect.stringContaining(new URL(hub.url).port),
    });
    expect(about(found, 'server j')).toMatchObject({ level: 'ok', message: expect.stringContaining('ready') });
    expect(server.pids()).toHaveLength(1);
    writeFileSync(hub.configFile, '{ "mcpServers": ');
    const broken = await run(process.execPath, [hatagoBin, 'doctor', '-c', hub.configFile], { env });
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain('hatago.config.json:1:');
  });
});
