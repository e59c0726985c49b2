import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EnvRecorder, envRecorder } from './support/env-recorder.ts';
import { hatagoBin } from './support/paths.ts';
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
import { ENTER, openTerminal } from './support/pty.ts';
import { createScope } from './support/scope.ts';
import { until } from './support/until.ts';

const scope = createScope();
afterAll(() => scope.close());

/** A project with a configuration that came with it, and the home of its user. */
interface Project {
  readonly folder: string;
  readonly user: string;
  readonly file: string;
  readonly env: Record<string, string>;
  write(servers: object): void;
}

function project(servers: object): Project {
  const [folder, user] = [scope.dir(), scope.dir()];
  const file = join(folder, 'hatago.config.json');
  const env = { HOME: user, HATAGO_KEYRING: 'off', HATAGO_LOG: 'json', HATAGO_LOG_LEVEL: 'warn', HATAGO_CONFIG: '' };
  const write = (now: object): void => writeFileSync(file, JSON.stringify({ version: 2, mcpServers: now }, null, 2));
  write(servers);
  return { folder, user, file, env, write };
}

function hatago({ folder, env }: Project, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(process.execPath, [hatagoBin, ...args], { cwd: folder, ...options, env: { ...env, ...options.env } });
}

/** A hub that found the configuration of the project where it stands. */
async function serveIn({ folder, env }: Project, ...args: string[]): Promise<{ url: string; stderr(): string }> {
  const words = [hatagoBin, 'serve', '--http', '--port', '0', '--json', ...args];
  const child = start(process.execPath, words, { cwd: folder, env });
  const stderr = collect(child.stderr);
  scope.defer(async () => {
    child.kill('SIGTERM');
    await ended(child);
    killGroup(child.pid, 'SIGKILL');
  });
  const { url } = await firstJsonLine<{ url: string }>(child);
  await until('the hub is ready', async () => (await fetch(url.replace(/\/mcp$/, '/readyz'))).status === 200);
  return { url, stderr: stderr.text };
}

const started = (server: EnvRecorder): Promise<unknown> => until('the server started', () => server.starts()[0]);

describe("F12: a command that came with a project's files", () => {
  it('is not run before it is approved, which a hub that runs learns at once', async () => {
    const server = envRecorder(scope);
    const place = project({ a: server.entry, own: { ...envRecorder(scope).entry, disabled: true } });
    const hub = await serveIn(place);
    expect(hub.stderr()).toContain('not approved, so not started: a; see `hatago trust`');
    const called = await hatago(place, ['call', 'a_hello']);
    expect([called.code, (await hatago(place, ['inspect', 'a'])).code]).toEqual([5, 5]);
    const listed = await hatago(place, ['list']);
    expect(listed.stdout).toContain('needs approval');
    expect(listed.stdout).toContain('hatago trust a');
    expect(server.starts()).toEqual([]);
    const approved = await hatago(place, ['trust', 'a', '--yes']);
    expect(approved.code, approved.stderr).toBe(0);
    await started(server);
    await until('the call succeeds', async () => (await hatago(place, ['call', 'a_hello'])).stdout === 'hello\n');
  });

  it('is blocked again by an edit, while the hub runs', async () => {
    const server = envRecorder(scope);
    const place = project({ a: server.entry });
    await hatago(place, ['trust', '--yes']);
    await serveIn(place);
    await started(server);
    const entry = { ...server.entry, args: [...(server.entry['args'] as string[]), '--more'] };
    place.write({ a: entry });
    await until('it needs approval', async () => (await hatago(place, ['list'])).stdout.includes('needs approval'));
    expect(server.starts()).toHaveLength(1);
    const shown = await hatago(place, ['trust']);
    expect(shown.code).toBe(2);
    expect(shown.stderr).toMatch(/changed +arguments: .* → .* --more/);
  });

  it.each([
    ['named with --config', (place: Project) => ['--config', place.file]],
    ["in the user's own home", moveHome],
  ])('needs no approval when it is %s', async (_, prepare) => {
    const server = envRecorder(scope);
    const place = project({ a: server.entry });
    const hub = await serveIn(place, ...prepare(place));
    await started(server);
    expect(hub.stderr()).not.toContain('not approved');
  });

  it('needs approval where a client was told of the file that `hatago connect` found', async () => {
    const server = envRecorder(scope);
    const place = project({ a: server.entry });
    const hub = await serveIn({ ...place, folder: scope.dir() }, '--found-config', place.file);
    expect(hub.stderr()).toContain('not approved, so not started: a');
    expect(server.starts()).toEqual([]);
  });

  it('needs none that `hatago add` wrote, also where the file was named to it', async () => {
    const server = envRecorder(scope);
    const place = project({});
    const words = [server.entry['command'], ...(server.entry['args'] as string[])] as string[];
    const added = await hatago(place, ['add', 'a', '--yes', '--config', place.file, '--', ...words]);
    expect(added.code, added.stderr).toBe(0);
    expect((await hatago(place, ['trust', '--list'])).stdout).toMatch(/a +approved/);
    await hatago(place, ['rm', 'a', '--config', place.file]);
    place.write({ a: server.entry });
    expect((await hatago(place, ['trust', '--list'])).stdout).not.toMatch(/a +approved/);
  });

  it.each([
    ['call', ['call', 'a_hello']],
    ['list', ['list']],
    ['inspect', ['inspect', 'a']],
  ])('is not run by `hatago %s` either, without a hub', async (_, args) => {
    const server = envRecorder(scope);
    const place = project({ a: server.entry });
    const { stdout, stderr } = await hatago(place, args);
    expect(stdout + stderr).toMatch(/approv/);
    expect(server.starts()).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'has no say in where npx looks for what the user configured: not in the folder the hub is started in',
    async () => {
      const server = envRecorder(scope);
      const place = project({});
      const [bin, log] = [scope.dir(), join(scope.dir(), 'folders')];
      const words = [server.entry['command'], ...(server.entry['args'] as string[])].map((word) => `'${word}'`);
      writeFileSync(join(bin, 'npx'), `#!/bin/sh\npwd >> '${log}'\nexec ${words.join(' ')}\n`, { mode: 0o755 });
      moveHome(place);
      place.env['PATH'] = `${bin}:${process.env['PATH']}`;
      const npx = { command: 'npx', args: ['-y', 'pkg@1.0.0'] };
      const file = join(place.user, '.hatago', 'config.jsonc');
      writeFileSync(file, JSON.stringify({ mcpServers: { a: npx, b: { ...npx, cwd: '${PWD}' } } }));
      place.env['PWD'] = place.folder;
      await serveIn(place);
      const ran = await until('both ran', () => {
        const folders = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
        return folders.length === 2 ? folders : undefined;
      });
      expect(ran.sort()).toEqual([place.user, place.folder].map((path) => realpathSync(path)).sort());
    },
  );

  it.skipIf(process.platform === 'win32')('has no say in which registry `hatago add` asks', async () => {
    const place = project({});
    const [bin, log] = [scope.dir(), join(scope.dir(), 'folders')];
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\npwd >> '${log}'\nexit 1\n`, { mode: 0o755 });
    moveHome(place);
    place.env['PATH'] = `${bin}:${process.env['PATH']}`;
    await hatago(place, ['add', 'some-package', '--yes']);
    expect(readFileSync(log, 'utf8')).toBe(`${realpathSync(place.user)}\n`);
  });

  it('is asked about by `hatago serve` at a terminal, and run when the answer is yes', async () => {
    const [good, bad] = [envRecorder(scope), envRecorder(scope)];
    const place = project({ good: good.entry, bad: bad.entry });
    const terminal = openTerminal(process.execPath, [hatagoBin, 'serve', '--http', '--port', '0'], {
      cwd: place.folder,
      env: { ...place.env, HATAGO_LOG: '' },
    });
    scope.defer(() => terminal.type('\u0003'));
    await terminal.sees('Let this run on your machine?');
    expect(terminal.screen()).toContain(`${process.execPath} `);
    terminal.type('y');
    await until(
      'the second question',
      () => terminal.screen().split('Let this run').length > 2 && terminal.screen().includes('bad'),
    );
    terminal.type('n');
    await started(good);
    await terminal.sees('not approved, so not started: bad');
    expect(bad.starts()).toEqual([]);
    terminal.type('\u0003');
    await terminal.done;
  });
});

/** Puts the configuration of a project where that of its user is looked for; nothing is found in the project any more. */
function moveHome(place: Project): string[] {
  mkdirSync(join(place.user, '.hatago'));
  writeFileSync(join(place.user, '.hatago', 'config.json'), readFileSync(place.file));
  mkdirSync(join(place.folder, 'inner'));
  Object.assign(place, { folder: join(place.folder, 'inner') });
  return [];
}

describe('hatago trust', () => {
  const evil = 'npm\u202e\u001b[2K run x';
  const servers = {
    a: {
      command: 'node',
      args: ['-e', 'one two', evil],
      env: { TOKEN: 'canary-value', NODE_OPTIONS: '--no-warnings' },
    },
    web: { url: 'https://example.com/mcp' },
  };

  it('explains itself', async () => {
    const { code, stdout } = await hatago(project({}), ['trust', '--help']);
    expect(code).toBe(0);
    for (const part of ['hatago trust', 'Examples:', '--json', '--revoke']) expect(stdout).toContain(part);
  });

  it('shows everything that would be run, nothing of it hidden, and no value of a variable', async () => {
    const { stderr } = await hatago(project(servers), ['trust', '--yes']);
    expect(stderr).toContain(`node -e 'one two' 'npm\\u{202e}\\u{1b}[2K run x'`);
    expect(stderr).toContain('NODE_OPTIONS=--no-warnings, TOKEN');
    expect(stderr).not.toContain('canary');
    expect(stderr).not.toContain('\u202e');
    expect(stderr).not.toContain('\u001b');
  });

  it('lists, approves and takes back, as a table and as JSON', async () => {
    const place = project(servers);
    const states = async (): Promise<object> => {
      const { servers: rows } = JSON.parse((await hatago(place, ['trust', '--list', '--json'])).stdout) as {
        servers: { id: string; state: string }[];
      };
      return Object.fromEntries(rows.map(({ id, state }) => [id, state]));
    };
    expect(await states()).toEqual({ a: 'new', web: 'own' });
    expect((await hatago(place, ['trust', '--list'])).stdout).toMatch(/a +needs approval .*\nweb +not needed /);
    const approved = await hatago(place, ['trust', '--yes', '--json']);
    expect(JSON.parse(approved.stdout)).toEqual({ approved: ['a'], declined: [] });
    expect(approved.stderr).toBe('');
    expect(await states()).toEqual({ a: 'approved', web: 'own' });
    expect((await hatago(place, ['trust', '--yes'])).stdout).toBe('Nothing waits for approval\n');
    expect((await hatago(place, ['trust', '--revoke', 'a'])).stdout).toBe('No longer approved: a\n');
    expect(await states()).toEqual({ a: 'new', web: 'own' });
  });

  it.each([
    ['nobody who could be asked', ['trust'], 2, '--yes'],
    ['a server that is not there', ['trust', 'nothing'], 4, 'nothing'],
    ['taking back without a name', ['trust', '--revoke'], 2, '--all'],
    ['an option that is none', ['trust', '--no-such'], 2, '--help'],
  ])('ends with %s in an exit code of its own', async (_, args, exit, told) => {
    const { code, stdout, stderr } = await hatago(project(servers), args);
    expect(code, stderr).toBe(exit);
    expect(stderr).toContain(told);
    expect(stdout).toBe('');
  });

  it('ends with 4 where there is no configuration', async () => {
    const place = project({});
    const { code, stderr } = await hatago(place, ['trust'], { cwd: scope.dir() });
    expect(code).toBe(4);
    expect(stderr).toContain('no configuration');
  });

  it('asks once per server at a terminal; Enter is no', async () => {
    const place = project({ ...servers, b: { command: 'node', args: ['b.js'] } });
    const terminal = openTerminal(process.execPath, [hatagoBin, 'trust'], { cwd: place.folder, env: place.env });
    await terminal.sees('Let this run on your machine?');
    terminal.type(ENTER);
    await terminal.sees('node b.js');
    await until('the second question', () => terminal.screen().split('Let this run').length > 2);
    terminal.type('y');
    expect(await terminal.done).toBe(5);
    expect(terminal.screen()).toContain('Approved b');
    expect(terminal.screen()).toContain('not approved: a; nothing of it is run');
  });

  it('tells a file of approvals that is broken and does not overwrite it', async () => {
    const place = project(servers);
    mkdirSync(join(place.user, '.hatago'));
    const file = join(place.user, '.hatago', 'approvals.json');
    writeFileSync(file, '{"version":1');
    const { code, stderr } = await hatago(place, ['trust', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toContain(file);
    expect(readFileSync(file, 'utf8')).toBe('{"version":1');
  });
});
