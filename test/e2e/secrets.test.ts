import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { envRecorder } from './support/env-recorder.ts';
import { startHub } from './support/hub.ts';
import { hatagoBin, root } from './support/paths.ts';
import { type Ended, type RunOptions, run } from './support/processes.ts';
import { ENTER, openTerminal } from './support/pty.ts';
import { createScope } from './support/scope.ts';
import { until } from './support/until.ts';

const scope = createScope();
afterAll(() => scope.close());

const CANARY = 'canary-7f3a9c';
const ENV = { HATAGO_KEYRING: 'off', HATAGO_LOG_LEVEL: 'warn' };

/** Runs `hatago secret …` for a state directory. */
function secret(home: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const env = { ...ENV, HATAGO_HOME: home, HOME: home, ...options.env };
  return run(process.execPath, [hatagoBin, 'secret', ...args], { ...options, cwd: home, env });
}

async function keep(home: string, name: string, value: string): Promise<void> {
  const { code, stderr } = await secret(home, ['set', name], { input: `${value}\n` });
  expect(code, stderr).toBe(0);
}

const show = async (home: string, name: string, env: Record<string, string> = {}): Promise<string> =>
  (await secret(home, ['get', name, '--show'], { env })).stdout;

describe('hatago secret', () => {
  it.each(['set', 'get', 'rm', 'list', 'init', 'rotate', 'import', 'export'])('%s explains itself', async (command) => {
    const { code, stdout } = await secret(scope.dir(), [command, '--help']);
    expect(code).toBe(0);
    for (const part of [`secret ${command}`, 'Examples:', '--json']) expect(stdout).toContain(part);
  });

  it('keeps a value from standard input, masks it, prints it when asked, and removes it', async () => {
    const home = scope.dir();
    await keep(home, 'TOKEN', CANARY);
    const masked = await secret(home, ['get', 'TOKEN']);
    expect(masked.stdout).toBe(`TOKEN: •••••••• (${CANARY.length} characters); --show prints it\n`);
    expect(await show(home, 'TOKEN')).toBe(`${CANARY}\n`);
    expect(JSON.parse((await secret(home, ['get', 'TOKEN', '--json'])).stdout)).not.toHaveProperty('value');
    expect(JSON.parse((await secret(home, ['get', 'TOKEN', '--json', '--show'])).stdout)).toMatchObject({
      value: CANARY,
    });
    expect(readFileSync(join(home, 'secrets.json'), 'utf8')).not.toContain(CANARY);
    expect((await secret(home, ['rm', 'TOKEN'])).code).toBe(0);
    expect((await secret(home, ['get', 'TOKEN'])).code).toBe(4);
    expect((await secret(home, ['rm', 'TOKEN'])).code).toBe(4);
  });

  it('lists names, labels and where the key is, as a table and as JSON', async () => {
    const home = scope.dir();
    expect((await secret(home, ['list'])).stdout).toContain('no secrets yet');
    await secret(home, ['set', 'TOKEN', '--label', 'read only'], { input: CANARY });
    const { stdout } = await secret(home, ['list']);
    expect(stdout).toMatch(/NAME +CHANGED +LABEL\nTOKEN +\d{4}-\S+ +read only\n/);
    expect(stdout).toContain(`Key: ${join(home, 'master.key')}`);
    const listed = JSON.parse((await secret(home, ['list', '--json'])).stdout) as object;
    expect(listed).toMatchObject({ key: 'file', problem: null, secrets: [{ name: 'TOKEN', label: 'read only' }] });
    expect(JSON.stringify(listed)).not.toContain(CANARY);
  });

  it('asks for the value at a terminal and does not show it', async () => {
    const home = scope.dir();
    const env = { ...ENV, HATAGO_HOME: home, HOME: home };
    const terminal = openTerminal(process.execPath, [hatagoBin, 'secret', 'set', 'TOKEN'], { cwd: home, env });
    await terminal.sees('Value of TOKEN');
    terminal.type(`${CANARY}${ENTER}`);
    expect(await terminal.done).toBe(0);
    expect(terminal.screen()).not.toContain(CANARY);
    expect(await show(home, 'TOKEN')).toBe(`${CANARY}\n`);
  });

  it.each([
    ['a value on the command line', ['set', 'TOKEN', CANARY], 2],
    ['no name', ['set'], 2],
    ['a name that is a path', ['set', '../TOKEN'], 2],
    ['a pattern for a name', ['get', '*'], 2],
    ['no value', ['set', 'TOKEN'], 2],
    ['an export that was not meant', ['export', 'out.env'], 2],
    ['a file to import that is not there', ['import', 'missing.env'], 4],
    ['a place for the key that there is not', ['init', '--key', 'cloud'], 2],
  ])('refuses %s', async (_, args, exit) => {
    const home = scope.dir();
    const { code, stdout, stderr } = await secret(home, args);
    expect(code, stderr).toBe(exit);
    expect(stdout + stderr).not.toContain(CANARY);
    expect(readdirSync(home)).toEqual([]);
  });

  it('makes the key in the place asked for, replaces it and moves it', async () => {
    const home = scope.dir();
    expect((await secret(home, ['init'])).stdout).toContain('Made ');
    expect((await secret(home, ['init'])).stdout).toContain('nothing was changed');
    await keep(home, 'TOKEN', CANARY);
    const before = readFileSync(join(home, 'master.key'), 'utf8');
    expect((await secret(home, ['rotate'])).stdout).toContain('Encrypted one secret anew');
    expect(readFileSync(join(home, 'master.key'), 'utf8')).not.toBe(before);
    expect(await show(home, 'TOKEN')).toBe(`${CANARY}\n`);
    const env = { HATAGO_MASTER_KEY: randomBytes(32).toString('base64') };
    const moved = await secret(home, ['rotate', '--key', 'environment', '--json'], { env });
    expect(JSON.parse(moved.stdout)).toMatchObject({ key: 'environment', secrets: 1 });
    expect(existsSync(join(home, 'master.key'))).toBe(false);
    expect(await show(home, 'TOKEN', env)).toBe(`${CANARY}\n`);
    expect((await secret(home, ['get', 'TOKEN'])).code).toBe(1);
    expect((await secret(home, ['rotate', '--key', 'keyring'], { env })).stderr).toContain('cannot be reached');
  });

  it('imports and exports, and replaces nothing unasked', async () => {
    const home = scope.dir();
    const file = scope.file('.env', `TOKEN=${CANARY}\nOTHER="a # b"\n`);
    expect((await secret(home, ['import', file])).stdout).toBe('Imported 2 secrets: OTHER, TOKEN\n');
    const again = await secret(home, ['import', '-'], { input: '{"TOKEN":"new","THIRD":"3"}' });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('TOKEN is kept already');
    expect((await secret(home, ['get', 'THIRD'])).code).toBe(4);
    expect((await secret(home, ['import', '-', '--force'], { input: '{"TOKEN":"it\'s"}' })).code).toBe(0);
    const out = join(home, 'out.env');
    expect((await secret(home, ['export', out, '--plaintext'])).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe("OTHER='a # b'\nTOKEN=\"it's\"\n");
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect((await secret(home, ['export', out, '--plaintext'])).stderr).toContain('--force');
    expect((await secret(home, ['export', join(home, 'out.json'), '--plaintext'])).code).toBe(0);
    expect(JSON.parse(readFileSync(join(home, 'out.json'), 'utf8'))).toEqual({ OTHER: 'a # b', TOKEN: "it's" });
  });

  it("takes the place of the predecessor's file", async () => {
    const home = scope.dir();
    writePredecessor(home, 'TOKEN', CANARY);
    const refused = await secret(home, ['list']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`hatago secret import ${join(home, 'secrets.json')}`);
    const imported = await secret(home, ['import', 'secrets.json']);
    expect(imported.stdout).toBe(`Imported one secret: TOKEN; the files before are in ${join(home, 'predecessor')}\n`);
    expect(await show(home, 'TOKEN')).toBe(`${CANARY}\n`);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -20), 'cut off'],
    ['changed', (text: string) => text.replace(/"iv": "./, '"iv": "_'), 'changed by something else'],
    ['of another key', (text: string) => text, 'cannot be opened'],
  ])('says in one line what is wrong with a file that is %s, and leaves it', async (what, change, told) => {
    const home = scope.dir();
    const file = join(home, 'secrets.json');
    await keep(home, 'TOKEN', CANARY);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    if (what === 'of another key') writeFileSync(join(home, 'master.key'), randomBytes(32).toString('base64'));
    const before = readFileSync(file, 'utf8');
    for (const args of [['list'], ['get', 'TOKEN'], ['set', 'NEW'], ['rotate'], ['rm', 'TOKEN']]) {
      const { code, stdout, stderr } = await secret(home, args, { input: 'x' });
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr.trim().split('\n')).toHaveLength(1);
      for (const part of [file, told, 'Nothing was changed']) expect(stderr).toContain(part);
    }
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

describe('the keyring of the operating system', () => {
  it('keeps the key where there is one, and nothing else does', async () => {
    const [home, store] = [scope.dir(), join(scope.dir(), 'store.json')];
    const bin = installWithKeyring(store);
    const secretWith = (args: readonly string[], input = ''): Promise<Ended> =>
      run(process.execPath, [bin, 'secret', ...args], { input, env: { HATAGO_HOME: home, HOME: home } });
    const kept = await secretWith(['set', 'TOKEN', '--json'], CANARY);
    expect(kept.code, kept.stderr).toBe(0);
    expect(JSON.parse(kept.stdout)).toMatchObject({ key: 'keyring' });
    expect(readdirSync(home).sort()).toEqual(['.gitignore', 'secrets.json']);
    expect((await secretWith(['get', 'TOKEN', '--show'])).stdout).toBe(`${CANARY}\n`);
    expect((await secretWith(['list'])).stdout).toContain('Key: the keyring of the operating system');
    writeFileSync(store, '{}');
    const lost = await secretWith(['get', 'TOKEN']);
    expect(lost.code).toBe(1);
    expect(lost.stderr).toContain('kept in the keyring of the operating system');
  });
});

describe('a server that needs a secret', () => {
  it('waits for it, starts when it is set, and nobody else sees it', async () => {
    const needy = envRecorder(scope, { env: { TOKEN: `\${secret:TOKEN}` } });
    const other = envRecorder(scope);
    const hub = await startHub(scope, { mcpServers: { needy: needy.entry, other: other.entry } }, { env: ENV });
    await until('the other one started', () => other.starts()[0]);
    expect(needy.starts()).toEqual([]);
    await keep(hub.home, 'TOKEN', CANARY);
    const [start] = await until('the server started', () => (needy.starts().length > 0 ? needy.starts() : undefined));
    expect(start?.env['TOKEN']).toBe(CANARY);
    for (const { env } of [...needy.starts(), ...other.starts()]) {
      expect(Object.keys(env).filter((name) => name.startsWith('HATAGO_'))).toEqual([]);
    }
    expect(JSON.stringify(other.starts())).not.toContain(CANARY);
    expect(commandLines()).not.toContain(CANARY);
    expect(hub.stderr()).not.toContain(CANARY);
    const listed = await run(process.execPath, [hatagoBin, 'list', '--json', '--config', hub.configFile], {
      env: { ...ENV, HATAGO_HOME: hub.home },
    });
    expect(listed.code, listed.stderr).toBe(0);
    expect(listed.stdout).toContain('needy');
    expect(listed.stdout + listed.stderr).not.toContain(CANARY);
  });

  it('does not hold up the others when the file of secrets is broken, and says which file it is', async () => {
    const needy = envRecorder(scope, { env: { TOKEN: `\${secret:TOKEN}` } });
    const other = envRecorder(scope);
    const home = scope.dir();
    writeFileSync(join(home, 'secrets.json'), '{"version":2,');
    const hub = await startHub(
      scope,
      { mcpServers: { needy: needy.entry, other: other.entry } },
      { env: { ...ENV, HATAGO_HOME: home } },
    );
    await until('the other one started', () => other.starts()[0]);
    expect(needy.starts()).toEqual([]);
    const listed = await run(process.execPath, [hatagoBin, 'list', '--config', hub.configFile], {
      env: { ...ENV, HATAGO_HOME: home },
    });
    expect(listed.stdout).toContain(join(home, 'secrets.json'));
    expect(readFileSync(join(home, 'secrets.json'), 'utf8')).toBe('{"version":2,');
  });
});

describe('killed in the middle of writes', () => {
  it('a hub and a command lose nothing that was acknowledged', async () => {
    const args = [join(root, 'test/chaos/run.mjs'), 'kill', '--rounds', '15', '--json'];
    const { code, stdout, stderr } = await run(process.execPath, args, { limitMs: 170_000 });
    expect(code, stdout + stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rounds: 15,
      kills: 30,
      faults: [],
      leftAfterStart: [],
      aliveAfter2s: [],
    });
  }, 180_000);
});

/** The command lines of all processes, where the system shows them. */
function commandLines(): string {
  if (!existsSync('/proc/self/cmdline')) return '';
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** The hub installed beside a keyring that keeps everything in a file; returns the path of its command. */
function installWithKeyring(store: string): string {
  const folder = scope.dir();
  const shipped = dirname(dirname(hatagoBin));
  for (const part of ['dist', 'package.json']) cpSync(join(shipped, part), join(folder, part), { recursive: true });
  const module = join(folder, 'node_modules', '@napi-rs', 'keyring');
  mkdirSync(module, { recursive: true });
  writeFileSync(store, '{}');
  writeFileSync(
    join(module, 'index.js'),
    `const fs = require('node:fs');
    const file = ${JSON.stringify(store)};
    const read = () => JSON.parse(fs.readFileSync(file, 'utf8'));
    exports.Entry = class {
      constructor(service, account) { this.name = service + ' ' + account; }
      getPassword() { return read()[this.name] ?? null; }
      setPassword(text) { fs.writeFileSync(file, JSON.stringify({ ...read(), [this.name]: text })); }
      deletePassword() { const { [this.name]: _, ...rest } = read(); fs.writeFileSync(file, JSON.stringify(rest)); return true; }
    };`,
  );
  return join(folder, 'dist', 'hatago.cjs');
}

/** A state directory as the predecessor left it. */
function writePredecessor(home: string, name: string, value: string): void {
  mkdirSync(home, { recursive: true });
  const [master, salt, iv] = [randomBytes(32).toString('base64url'), randomBytes(32), randomBytes(12)];
  const created_at = '2025-09-01T12:00:00.000Z';
  const cipher = createCipheriv('aes-256-gcm', pbkdf2Sync(master, salt, 600_000, 32, 'sha256'), iv);
  cipher.setAAD(
    Buffer.from('{"created_at":"2025-09-01T12:00:00.004Z","enc":"A256GCM","type":"hatago/secret","version":1}'),
  );
  const ct = Buffer.concat([cipher.update(JSON.stringify({ [name]: value })), cipher.final()]);
  const [ivText = '', ctText = '', tag = ''] = [iv, ct, cipher.getAuthTag()].map((bytes) =>
    bytes.toString('base64url'),
  );
  const entry = { type: 'hatago/secret', version: 1, enc: 'A256GCM', created_at, updated_at: created_at };
  const secrets = { [name]: { ...entry, iv: ivText, ct: ctText, tag } };
  writeFileSync(join(home, 'secrets.json'), JSON.stringify({ version: 1, secrets }));
  writeFileSync(join(home, 'master.key'), master);
  writeFileSync(join(home, 'master.salt'), salt);
}
