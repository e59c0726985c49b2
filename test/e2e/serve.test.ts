import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { ready, startHub, writeConfig } from './support/hub.ts';
import { assertBuilt, hatagoBin } from './support/paths.ts';
import {
  collect,
  type Ended,
  ended,
  firstJsonLine,
  killGroup,
  type RunOptions,
  run,
  start,
} from './support/processes.ts';
import { createScope, type Scope } from './support/scope.ts';
import { freePort, type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Answer, textOf } from './support/wire/client.ts';
import { connectStdio } from './support/wire/duplex.ts';
import { connectLegacyHttp } from './support/wire/http.ts';

assertBuilt();

let scope: Scope = createScope();
afterEach(async () => {
  await scope.close();
  scope = createScope();
});

interface Setting {
  readonly server: JournalServer;
  readonly file: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

async function prepare(more: object = {}): Promise<Setting> {
  const server = await journal(scope, { era: 'legacy', transport: 'stdio' });
  return { server, ...writeConfig(scope, { mcpServers: { j: server.entry }, ...more }) };
}

const hatago = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(process.execPath, [hatagoBin, ...args], options);

/** Ends the process at the end of the test, however it was started. */
const owned = <T extends { readonly pid: number }>(value: T): T => {
  scope.defer(() => killGroup(value.pid, 'SIGKILL'));
  return value;
};

const toolsOf = ({ message }: Answer): { name: string }[] => (message.result?.['tools'] ?? []) as { name: string }[];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('hatago serve --detach', () => {
  it('returns when the servers are up, tells where the hub is, and leaves it running until it is stopped', async () => {
    const { file, home, env, server } = await prepare();
    const { code, stdout, stderr } = await hatago(['serve', '--detach', '--port', '0', '--json', '--config', file], {
      env,
    });
    expect(code, stderr).toBe(0);
    const { url, pid, log, failed } = owned(
      JSON.parse(stdout) as { url: string; pid: number; log: string; failed: [] },
    );
    expect(failed).toEqual([]);
    expect(log).toBe(join(home, 'logs', 'hub.log'));
    expect(server.pids()).toHaveLength(1);
    expect((await fetch(url.replace(/\/mcp$/, '/readyz'))).status).toBe(200);
    const client = await connectLegacyHttp(url);
    expect(textOf(await call(client, 'j_echo', { nonce: 'a' }))).toBe('a');
    await client.close();
    const stopped = await hatago(['stop', '--config', file], { env });
    expect(stopped.code, stopped.stderr).toBe(0);
    await until('nothing of it is left', () => !isAlive(pid) && !server.pids().some(isAlive));
    expect(readdirSync(join(home, 'run')).filter((name) => /\.(lock|sock)$/.test(name))).toEqual([]);
  });

  it('tells a person in words, servers that do not come up included', async () => {
    const bad = await journal(scope, { era: 'legacy', transport: 'stdio', args: ['--die-at-start'] });
    const { file, env } = writeConfig(scope, { mcpServers: { bad: { ...bad.entry, restart: { max: 0 } } } });
    const { code, stdout, stderr } = await hatago(['run', '--detach', '-p', '0', '-c', file], { env });
    expect(code, stderr).toBe(0);
    const pid = Number(/Hatago is up at http:\S+ \(process (\d+)\)/.exec(stdout)?.[1]);
    owned({ pid });
    expect(stdout).toMatch(/bad: .+/);
    expect(stdout).toMatch(/hatago stop/);
    process.kill(pid, 'SIGTERM');
    await until('it ends', () => !isAlive(pid));
  });

  it('shows the end of the log when the hub does not come up', async () => {
    const { file, env } = await prepare();
    const port = await freePort();
    const taken = await startHub(scope, {}, { args: ['--port', String(port)] });
    expect(taken.url).toContain(String(port));
    const { code, stderr, stdout } = await hatago(['serve', '--detach', '--port', String(port), '--config', file], {
      env,
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/did not come up: it ended with 1/);
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect(stderr).toContain('hub.log');
  });

  it('does not serve over stdio', async () => {
    const { file, env } = await prepare();
    const { code, stderr } = await hatago(['serve', '--detach', '--stdio', '--config', file], { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/--detach serves HTTP/);
  });
});

describe('one configuration', () => {
  it('is served over HTTP by one hub alone, and a second one names the first', async () => {
    const { file, env } = await prepare();
    const first = start(process.execPath, [hatagoBin, 'serve', '-m', 'http', '--port', '0', '--json', '-c', file], {
      env,
    });
    const { url, pid } = owned(await firstJsonLine<{ url: string; pid: number }>(first));
    const { code, stderr } = await hatago(['serve', '--http', '--port', '0', '-c', file], { env });
    expect(code).toBe(1);
    expect(stderr).toContain(`process ${pid} serves this configuration already, at ${url}`);
    expect(stderr).toMatch(/hatago status.*hatago stop/);
    first.kill('SIGTERM');
    expect(await ended(first)).toBe(0);
  });

  it('that is served over stdio is not served over HTTP besides', async () => {
    const { file, env, home } = await prepare();
    const client = await connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '-c', file], { env });
    scope.defer(() => client.close());
    await until('it is found', () =>
      readdirSync(join(home, 'run')).some((name) => /^[\da-f]{16}\..*\.sock$/.test(name)),
    );
    const { code, stderr } = await hatago(['serve', '--http', '--port', '0', '-c', file], { env });
    expect(code).toBe(1);
    expect(stderr).toContain(`process ${client.pid} serves this configuration already, to clients over stdio alone`);
  });

  it('that is served over HTTP is shared by clients over stdio, who end with it when it is stopped', async () => {
    const { file, env, server } = await prepare();
    const hub = start(process.execPath, [hatagoBin, 'serve', '--http', '--port', '0', '--json', '-c', file], { env });
    const { url } = await firstJsonLine<{ url: string }>(hub);
    await ready({ url } as Parameters<typeof ready>[0]);
    const client = await connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '-c', file], { env });
    const other = await connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '-c', file], { env });
    expect(textOf(await call(client, 'j_echo', { nonce: 'a' }))).toBe('a');
    expect(server.pids()).toHaveLength(1);
    await client.close();
    expect(textOf(await call(other, 'j_echo', { nonce: 'b' }))).toBe('b');
    expect((await hatago(['stop', '-c', file], { env })).code).toBe(0);
    expect(await other.end()).toBe(0);
    await until('no server is left', () => !server.pids().some(isAlive));
    expect(server.pids()).toHaveLength(1);
  });

  it('is found in a state directory whose path is too long for a socket', async () => {
    const { file, env, server } = await prepare();
    const long = { ...env, HATAGO_HOME: join(scope.dir(), 'x'.repeat(120)) };
    const open = () => connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '-c', file], { env: long });
    const first = await open();
    const second = await open();
    expect(textOf(await call(second, 'j_echo', { nonce: 'a' }))).toBe('a');
    process.kill(first.pid, 'SIGKILL');
    await until('it is gone', () => !isAlive(first.pid));
    expect(textOf(await call(second, 'j_echo', { nonce: 'b' }))).toBe('b');
    expect(server.pids()).toHaveLength(2);
    await second.close();
  });

  it('that is broken when a bridge takes over costs the clients an error each, and no process', async () => {
    const { file, env, server } = await prepare();
    const open = () =>
      connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '--no-watch', '-c', file], { env });
    const first = await open();
    const second = await open();
    const held = call(second, 'j_hang', { nonce: 'held' });
    await until('it is at the server', () => server.read().some(({ nonce }) => nonce === 'held'));
    writeFileSync(file, '{ "mcpServers": ');
    process.kill(first.pid, 'SIGKILL');
    expect((await held).message.error?.code).toBe(-31002);
    await until('the second ends', () => !isAlive(second.pid));
    expect(second.stderr()).toContain(file);
    await until('no server is left', () => !server.pids().some(isAlive));
  });
});

describe('the options of hatago serve', () => {
  it.each([
    ['--http --stdio', /exclude each other/],
    ['-m stdio --http', /exclude each other/],
    ['-m neither', /stdio, http/],
    ['--port 70000 --http', /0 to 65535/],
  ])('%s is wrong usage', async (args, message) => {
    const { file, env } = await prepare();
    const { code, stderr } = await hatago(['serve', ...args.split(' '), '--config', file], { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('take variables from files, later ones first, and over the environment only when told to', async () => {
    const one = scope.file('one.env', 'WORD=one\nONLY=here\n');
    const two = scope.file('two.env', 'WORD=two\n');
    const said = join(scope.dir(), 'said');
    const script = `fs.writeFileSync(process.argv[1], process.argv.slice(2).join(' '))`;
    const args = ['-e', script, said, 'WORD=${WORD}', 'ONLY=${ONLY}'];
    const words = { command: process.execPath, args, restart: { max: 0 } };
    const saidWith = async (options: readonly string[], more: Record<string, string> = {}): Promise<string> => {
      rmSync(said, { force: true });
      const { file, env } = writeConfig(scope, { mcpServers: { words } });
      const hub = start(
        process.execPath,
        [hatagoBin, 'serve', '--http', '--port', '0', '--json', '--config', file, ...options],
        { env: { ...env, ...more } },
      );
      const line = await until('the server spoke', () =>
        existsSync(said) ? readFileSync(said, 'utf8') || undefined : undefined,
      );
      hub.kill('SIGTERM');
      await ended(hub);
      return line;
    };
    const files = ['--env-file', one, '--env-file', two];
    expect(await saidWith(files)).toBe('WORD=two ONLY=here');
    expect(await saidWith(files, { WORD: 'mine' })).toBe('WORD=mine ONLY=here');
    expect(await saidWith([...files, '--env-override'], { WORD: 'mine' })).toBe('WORD=two ONLY=here');
    const { file, env } = writeConfig(scope, { mcpServers: { words } });
    const missing = await hatago(['serve', '--http', '--config', file, '--env-file', 'no-such.env'], { env });
    // Some versions of Node look for the files of every `--env-file` they see, ours included, and end with 9.
    expect([2, 9]).toContain(missing.code);
    expect(missing.stderr).toContain('no-such.env');
  });

  it('print a banner for a person, with the servers and how clients are connected, and nothing when it is to be quiet', async () => {
    const { file, env, home } = await prepare();
    const open = (more: readonly string[], logs: string) => {
      const args = ['run', '--http', '--port', '0', '-c', file, ...more];
      const hub = start(process.execPath, [hatagoBin, ...args], { env: { ...env, HATAGO_LOG: logs } });
      return { hub, stdout: collect(hub.stdout) };
    };
    const loud = open([], 'pretty');
    await until('the banner is out', () => loud.stdout.text().includes('Stop: Ctrl-C'));
    expect(loud.stdout.text()).toMatch(/^Hatago \S+ is up at http:\/\/127\.0\.0\.1:\d+\/mcp\n/);
    expect(loud.stdout.text()).toContain(`configuration  ${file}`);
    expect(loud.stdout.text()).toMatch(/● j {2}\d+ tools/);
    expect(loud.stdout.text()).toMatch(/claude mcp add --transport http hatago http/);
    loud.hub.kill('SIGINT');
    expect(await ended(loud.hub)).toBe(0);
    const quiet = open(['--quiet'], 'pretty');
    await until('it serves', () => existsSync(join(home, 'run', 'hub.json')));
    quiet.hub.kill('SIGTERM');
    expect(await ended(quiet.hub)).toBe(0);
    expect(quiet.stdout.text()).toBe('');
  });

  it('lay a profile over the configuration', async () => {
    const { server } = await prepare();
    const folder = join(scope.dir(), '.hatago');
    mkdirSync(join(folder, 'profiles'), { recursive: true });
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify({ version: 2, mcpServers: { j: { ...server.entry, disabled: true } } }));
    writeFileSync(join(folder, 'profiles', 'work.jsonc'), '{ "mcpServers": { "j": { "disabled": false } } }');
    const client = await connectStdio(
      process.execPath,
      [hatagoBin, 'serve', '--stdio', '--config', file, '--profile', 'work'],
      { env: { HATAGO_LOG: 'json' } },
    );
    expect(textOf(await call(client, 'j_echo', { nonce: 'a' }))).toBe('a');
    await client.close();
  });

  it.each([
    ['by themselves', [], true],
    ['only when asked with --no-watch', ['--no-watch'], false],
  ])('let edits be applied %s', async (_, args, applied) => {
    const { file, env, server } = await prepare();
    const hub = start(
      process.execPath,
      [hatagoBin, 'serve', '--http', '--port', '0', '--json', '--config', file, ...args],
      { env },
    );
    const { url } = await firstJsonLine<{ url: string }>(hub);
    await ready({ url } as Parameters<typeof ready>[0]);
    const client = await connectLegacyHttp(url);
    const names = async (): Promise<string[]> => toolsOf(await client.request('tools/list')).map(({ name }) => name);
    expect(await names()).toContain('j_echo');
    writeFileSync(file, JSON.stringify({ version: 2, mcpServers: { k: server.entry } }));
    if (!applied) {
      const reload = await hatago(['reload', '--config', file], { env });
      expect(reload.code, reload.stderr).toBe(0);
      expect(reload.stdout).toMatch(/\+.*k/);
    }
    await until('the edit is served', async () => (await names()).includes('k_echo'));
    await client.close();
    hub.kill('SIGTERM');
    expect(await ended(hub)).toBe(0);
  });
});

describe('hatago service', () => {
  /** A machine with a systemctl that writes down what it is told. */
  function machine(): { env: Record<string, string>; unit: string; told(): string[]; cwd: string } {
    const cwd = scope.dir();
    const journalFile = join(cwd, 'systemctl.log');
    const bin = join(cwd, 'bin');
    mkdirSync(bin);
    mkdirSync(join(cwd, '.hatago'));
    writeFileSync(join(cwd, '.hatago', 'config.jsonc'), '{ "version": 2, "mcpServers": {} }');
    const script = `#!/bin/sh\necho "$@" >> '${journalFile}'\n[ "$2" = is-active ] && echo active\nexit 0\n`;
    writeFileSync(join(bin, 'systemctl'), script);
    chmodSync(join(bin, 'systemctl'), 0o755);
    return {
      cwd,
      env: { HOME: cwd, XDG_CONFIG_HOME: join(cwd, 'config'), PATH: `${bin}:${process.env['PATH']}` },
      unit: join(cwd, 'config', 'systemd', 'user', 'hatago.service'),
      told: () => (existsSync(journalFile) ? readFileSync(journalFile, 'utf8').trimEnd().split('\n') : []),
    };
  }

  it.runIf(process.platform === 'linux')('is made, shown and taken away', async () => {
    const { env, unit, told, cwd } = machine();
    const printed = await hatago(['service', 'install', '--print', '--port', '4000'], { env, cwd });
    expect(printed.stdout).toContain(`"${hatagoBin}" "serve" "--http" "--port" "4000"`);
    expect(existsSync(unit)).toBe(false);
    expect((await hatago(['service', 'status'], { env, cwd })).code).toBe(4);

    const made = await hatago(['service', 'install', '--port', '4000'], { env, cwd });
    expect(made.code, made.stderr).toBe(0);
    expect(readFileSync(unit, 'utf8')).toBe(printed.stdout);
    expect(told()).toEqual(['--user daemon-reload', '--user enable hatago.service', '--user restart hatago.service']);
    const again = await hatago(['service', 'install', '--port', '4001', '--json'], { env, cwd });
    expect(JSON.parse(again.stdout)).toEqual({ file: unit, name: 'hatago', manager: 'systemd' });
    expect(readFileSync(unit, 'utf8')).toContain('"4001"');

    const status = await hatago(['service', 'status', '--json'], { env, cwd });
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ name: 'hatago', state: 'active', running: true, ours: true });
    const gone = await hatago(['service', 'uninstall'], { env, cwd });
    expect(gone.code, gone.stderr).toBe(0);
    expect(existsSync(unit)).toBe(false);
    expect(told().slice(-2)).toEqual(['--user disable --now hatago.service', '--user daemon-reload']);
    expect((await hatago(['service', 'uninstall'], { env, cwd })).code).toBe(4);
  });

  it.runIf(process.platform === 'linux')('leaves a unit alone that somebody else wrote', async () => {
    const { env, unit, cwd } = machine();
    mkdirSync(join(unit, '..'), { recursive: true });
    writeFileSync(unit, '[Service]\nExecStart=/bin/true\n');
    for (const command of ['install', 'uninstall']) {
      const { code, stderr } = await hatago(['service', command], { env, cwd });
      expect(code).toBe(5);
      expect(stderr).toMatch(/not written by hatago.*--force/);
      expect(readFileSync(unit, 'utf8')).toContain('/bin/true');
    }
    expect((await hatago(['service', 'install', '--force'], { env, cwd })).code).toBe(0);
    expect(readFileSync(unit, 'utf8')).toContain('hatago');
  });

  it.runIf(process.platform === 'linux')(
    'says what to do where there is no systemd, and where nothing is to be served',
    async () => {
      const { env, cwd } = machine();
      const nothing = scope.dir();
      const none = await hatago(['service', 'install'], { env: { ...env, HOME: nothing }, cwd: nothing });
      expect(none.code).toBe(4);
      expect(none.stderr).toContain('hatago init');
      const bare = await hatago(['service', 'install'], { env: { ...env, PATH: scope.dir() }, cwd });
      expect(bare.code).toBe(1);
      expect(bare.stderr).toMatch(/no systemd.*hatago serve --detach/);
    },
  );
});
