import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ok } from '@hatago/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptVault, changeVault, rotateVault } from './change-vault.ts';
import { keySource } from './key-report.ts';
import type { Keyring } from './keyring.ts';
import { openVault } from './open-vault.ts';
import { createSecretReader } from './reader.ts';
import type { VaultOptions } from './vault-options.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hatago-vault-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const RAW_KEY = Buffer.alloc(32, 7).toString('base64');
const noKeyring = { HATAGO_KEYRING: 'off' };
const options = (env: Record<string, string> = {}, keyring?: Keyring): VaultOptions => ({
  home,
  env: { ...noKeyring, ...env },
  ...(keyring === undefined ? {} : { keyring }),
  now: () => Date.UTC(2026, 10, 21),
});
const file = (): string => join(home, 'secrets.json');
const text = (): string => readFileSync(file(), 'utf8');

async function put(values: Record<string, string>, where = options()): Promise<void> {
  const changes = new Map(Object.entries(values).map(([name, value]) => [name, { value }]));
  const done = await changeVault(where, () => ok(changes));
  if (!done.ok) throw new Error(done.error);
}

function get(name: string, where = options()): string {
  const vault = openVault(where);
  const value = vault.ok ? vault.value.get(name) : vault;
  return value.ok ? value.value : `error: ${value.error}`;
}

function memoryKeyring(): Keyring & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: (account) => kept.get(account),
    set: (account, value) => kept.set(account, value) === kept,
    remove: (account) => void kept.delete(account),
  };
}

/** Changes the parsed file and writes it back. */
function edit(
  change: (document: { generation: number; secrets: Record<string, Record<string, string>> }) => void,
): void {
  const document = JSON.parse(text()) as Parameters<typeof change>[0];
  change(document);
  writeFileSync(file(), JSON.stringify(document));
}

describe('a vault', () => {
  it('gives back what was put, and keeps it unreadable on the disk', async () => {
    await put({ TOKEN: 'canary-value', OTHER: 'line one\nline two é' });
    expect(get('TOKEN')).toBe('canary-value');
    expect(get('OTHER')).toBe('line one\nline two é');
    expect(text()).not.toContain('canary');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'master.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(home).sort()).toEqual(['master.key', 'master.seen', 'secrets.json']);
  });

  it('names the algorithm and encrypts every write with a fresh nonce', async () => {
    await put({ TOKEN: 'a' });
    const first = JSON.parse(text()) as { generation: number; secrets: Record<string, Record<string, string>> };
    await put({ TOKEN: 'a' });
    const second = JSON.parse(text()) as typeof first;
    expect(first.secrets['TOKEN']).toMatchObject({ alg: 'A256GCM', updatedAt: '2026-11-21T00:00:00.000Z' });
    expect(second.secrets['TOKEN']?.['iv']).not.toBe(first.secrets['TOKEN']?.['iv']);
    expect(second.generation).toBe(first.generation + 1);
  });

  it('keeps names that every object has, as names like any other', async () => {
    await put(
      Object.fromEntries([
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ]),
    );
    expect(get('__proto__')).toBe('a');
    expect(get('constructor')).toBe('b');
    expect(get('toString')).toContain('is not set');
  });

  it('says what to do where there is no such secret', () => {
    expect(get('TOKEN')).toContain('`hatago secret set TOKEN`');
  });

  it('removes a secret, and keeps the label of one that is changed', async () => {
    await changeVault(options(), () =>
      ok(
        new Map([
          ['A', { value: '1', label: 'mine' }],
          ['B', { value: '2' }],
        ]),
      ),
    );
    await changeVault(options(), () =>
      ok(
        new Map([
          ['A', { value: '3' }],
          ['B', null],
        ]),
      ),
    );
    const vault = openVault(options());
    expect(vault.ok && [...(vault.value.document?.secrets ?? [])].map(([name, { label }]) => [name, label])).toEqual([
      ['A', 'mine'],
    ]);
  });

  it('loses no write of processes that write at the same time', async () => {
    const module = JSON.stringify(fileURLToPath(new URL('./change-vault.ts', import.meta.url)));
    const children = [0, 1, 2].map((n) => {
      const script = `import { changeVault } from ${module};
        const where = { home: ${JSON.stringify(home)}, env: { HATAGO_KEYRING: 'off' } };
        for (let i = 0; i < 10; i++) {
          const done = await changeVault(where, () => ({ ok: true, value: new Map([['K${n}_' + i, { value: 'v' + i }]]) }));
          if (!done.ok) throw new Error(done.error);
        }`;
      return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: 'inherit' });
    });
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
    expect(codes).toEqual([0, 0, 0]);
    const vault = openVault(options());
    expect(vault.ok && vault.value.document?.secrets.size).toBe(30);
    expect(vault.ok && vault.value.document?.generation).toBe(30);
    expect(readdirSync(home).sort()).toEqual(['master.key', 'master.seen', 'secrets.json']);
  }, 30_000);
});

describe('F14: a file of secrets that is not as it was written', () => {
  beforeEach(() => put({ A: 'canary-1', B: 'two' }));

  /** One error that names the file and what to do, and a file that stays as it is, also when somebody writes. */
  async function refused(where: VaultOptions, ...parts: string[]): Promise<void> {
    const before = text();
    const vault = openVault(where);
    expect(vault.ok).toBe(false);
    for (const part of [file(), ...parts]) expect(vault.ok ? '' : vault.error).toContain(part);
    const written = await changeVault(where, () => ok(new Map([['C', { value: 'three' }]])));
    expect(written.ok).toBe(false);
    expect(text()).toBe(before);
    expect(get('A', where)).not.toContain('canary');
  }

  it.each([0, 1, 40, -2])('cut off at %s', async (length) => {
    writeFileSync(file(), text().slice(0, length));
    await refused(options(), 'cut off', 'Nothing was changed');
  });

  it('opened with another key', async () => {
    rmSync(join(home, 'master.key'));
    await refused(
      options({ HATAGO_MASTER_KEY: RAW_KEY }),
      'HATAGO_MASTER_KEY holds another one',
      'Bring that key back',
    );
    await refused(options(), 'its key');
  });

  it('with the ciphertexts of two names swapped', async () => {
    edit(({ secrets }) => {
      const { A, B } = secrets;
      Object.assign(secrets, { A: B, B: A });
    });
    await refused(options(), 'changed by something else', 'A, B', 'hatago secret init --accept');
  });

  it.each(['iv', 'ct', 'tag', 'kid', 'updatedAt'])('with another %s', async (part) => {
    edit(({ secrets }) => {
      const value = secrets['A']?.[part] ?? '';
      Object.assign(secrets['A'] ?? {}, { [part]: `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}` });
    });
    await refused(options(), 'changed by something else');
  });

  it('with a secret taken out, a shortened tag, another algorithm', async () => {
    const good = text();
    edit(({ secrets }) => void delete secrets['B']);
    await refused(options(), 'changed by something else');
    writeFileSync(file(), good);
    edit(({ secrets }) => Object.assign(secrets['A'] ?? {}, { tag: secrets['A']?.['tag']?.slice(0, 6) }));
    await refused(options(), 'changed by something else');
    writeFileSync(file(), good);
    edit(({ secrets }) => Object.assign(secrets['A'] ?? {}, { alg: 'none' }));
    await refused(options(), 'wrong form');
  });

  it('that is an older copy', async () => {
    copyFileSync(file(), join(home, 'copy'));
    await put({ A: 'newer' });
    copyFileSync(join(home, 'copy'), file());
    await refused(options(), 'older than what was last written', '--accept');
  });

  it('with parameters that would exhaust the machine', async () => {
    edit((document) => Object.assign(document, { kdf: { alg: 'scrypt', salt: 'AAAA', n: 2 ** 30, r: 8, p: 1 } }));
    await refused(options({ HATAGO_MASTER_KEY: 'a long passphrase' }), 'wrong form');
  });

  it('of the predecessor or of a later version', async () => {
    writeFileSync(file(), JSON.stringify({ version: 1, secrets: {} }));
    await refused(options(), `hatago secret import ${file()}`);
    writeFileSync(file(), JSON.stringify({ version: 3, secrets: {} }));
    await refused(options(), 'newer');
  });

  it('that cannot be read', () => {
    rmSync(file());
    mkdirSync(file());
    const vault = openVault(options());
    expect(vault.ok ? '' : vault.error).toContain(`${file()} cannot be read (EISDIR)`);
  });

  it('is taken as it is where that is asked for: what opens stays, and a copy of all', async () => {
    const before = text();
    edit(({ secrets }) => void Object.assign(secrets, { A: secrets['B'] }));
    const changed = text();
    const accepted = await acceptVault(options());
    if (!accepted.ok) throw new Error(accepted.error);
    expect(accepted.value.lost).toEqual(['A']);
    expect(readFileSync(accepted.value.copy, 'utf8')).toBe(changed);
    expect(changed).not.toBe(before);
    expect(get('B')).toBe('two');
    expect(get('A')).toContain('not set');
  });
});

describe('the key', () => {
  it('is kept in the keyring where there is one, and nowhere else', async () => {
    const keyring = memoryKeyring();
    await put({ A: 'one' }, options({ HATAGO_MASTER_KEY: RAW_KEY }, keyring));
    expect(readdirSync(home)).toEqual(['secrets.json']);
    expect(get('A', options({}, keyring))).toBe('one');
    expect(keySource(options({}, keyring))).toMatchObject({ place: 'keyring', problem: undefined, secrets: 1 });
    expect(keySource(options()).problem).toContain('keyring of the operating system');
  });

  it('falls through quietly where the keyring takes nothing', async () => {
    const broken: Keyring = { get: () => undefined, set: () => false, remove: () => {} };
    await put({ A: 'one' }, options({}, broken));
    expect(keySource(options({}, broken)).place).toBe('file');
  });

  it.each([
    ['base64', RAW_KEY],
    ['hexadecimal digits', Buffer.alloc(32, 9).toString('hex')],
    ['a passphrase', 'correct horse battery staple'],
  ])(
    'comes from HATAGO_MASTER_KEY as %s',
    async (_, key) => {
      await put({ A: 'one' }, options({ HATAGO_MASTER_KEY: key }));
      expect(existsSync(join(home, 'master.key'))).toBe(false);
      expect(text()).not.toContain(key);
      expect(get('A', options({ HATAGO_MASTER_KEY: key }))).toBe('one');
      expect(get('A', options({ HATAGO_MASTER_KEY: `${key.slice(1)}x` }))).toContain('cannot be opened');
      expect(keySource(options({ HATAGO_MASTER_KEY: key })).place).toBe('environment');
    },
    30_000,
  );

  it('is not made from a passphrase that is too short', async () => {
    const done = await changeVault(options({ HATAGO_MASTER_KEY: 'short' }), () => ok(new Map([['A', { value: '1' }]])));
    expect(done.ok ? '' : done.error).toContain('too short');
    expect(readdirSync(home)).toEqual([]);
  });

  it('in a file that others can read is told', async () => {
    await put({ A: 'one' });
    chmodSync(join(home, 'master.key'), 0o644);
    expect(keySource(options()).problem).toContain('chmod 600');
  });

  it('is never made anew over a file that holds something else', async () => {
    writeFileSync(join(home, 'master.key'), 'not a key');
    const done = await changeVault(options(), () => ok(new Map([['A', { value: '1' }]])));
    expect(done.ok ? '' : done.error).toContain('holds no key');
    expect(readFileSync(join(home, 'master.key'), 'utf8')).toBe('not a key');
  });
});

describe('rotating', () => {
  it('encrypts everything with a new key and forgets the old one', async () => {
    await put({ A: 'one', B: 'two' });
    const [before, oldKey] = [text(), readFileSync(join(home, 'master.key'), 'utf8')];
    const rotated = await rotateVault(options());
    expect(rotated.ok).toBe(true);
    expect([get('A'), get('B')]).toEqual(['one', 'two']);
    const newKey = readFileSync(join(home, 'master.key'), 'utf8');
    expect(newKey.split('\n')).toHaveLength(2);
    expect(newKey).not.toBe(oldKey);
    writeFileSync(file(), before);
    expect(get('A')).toContain('cannot be opened');
  });

  it('opens with both keys at hand, as after a crash between the two files', async () => {
    await put({ A: 'one' });
    const oldKey = readFileSync(join(home, 'master.key'), 'utf8');
    await rotateVault(options());
    const newKey = readFileSync(join(home, 'master.key'), 'utf8');
    writeFileSync(join(home, 'master.key'), oldKey + newKey);
    expect(get('A')).toBe('one');
    writeFileSync(join(home, 'master.key'), newKey + oldKey);
    expect(get('A')).toBe('one');
    await rotateVault(options());
    expect(readFileSync(join(home, 'master.key'), 'utf8').split('\n')).toHaveLength(2);
  });

  it('moves the key to another place', async () => {
    const keyring = memoryKeyring();
    await put({ A: 'one' });
    expect((await rotateVault(options({}, keyring), 'keyring')).ok).toBe(true);
    expect(readdirSync(home)).toEqual(['secrets.json']);
    expect((await rotateVault(options({}, keyring), 'file')).ok).toBe(true);
    expect(keyring.kept.size).toBe(0);
    expect(get('A')).toBe('one');
  });

  it('with a key in the environment needs the next one there too', async () => {
    await put({ A: 'one' }, options({ HATAGO_MASTER_KEY: RAW_KEY }));
    const alone = await rotateVault(options({ HATAGO_MASTER_KEY: RAW_KEY }));
    expect(alone.ok ? '' : alone.error).toContain('HATAGO_MASTER_KEY_NEXT');
    const next = Buffer.alloc(32, 8).toString('base64');
    expect((await rotateVault(options({ HATAGO_MASTER_KEY: RAW_KEY, HATAGO_MASTER_KEY_NEXT: next }))).ok).toBe(true);
    expect(get('A', options({ HATAGO_MASTER_KEY: next }))).toBe('one');
    expect(get('A', options({ HATAGO_MASTER_KEY: RAW_KEY }))).toContain('cannot be opened');
  });

  it('says that there is nothing to rotate', async () => {
    const done = await rotateVault(options());
    expect(done.ok ? '' : done.error).toContain('no secrets yet');
  });
});

describe('a reader of secrets', () => {
  it('reads one name and nothing that could be a path or a pattern', async () => {
    await put({ TOKEN: 'value' });
    const read = createSecretReader(options());
    expect(read('TOKEN', 'a')).toEqual({ ok: true, value: 'value' });
    for (const name of ['*', '**', '../secrets', 'a/b', '', 'x'.repeat(129), '${TOKEN}', 'TOKEN\n']) {
      expect(read(name, 'a')).toMatchObject({ ok: false });
    }
  });

  it('opens nothing before it is asked, and gives the reason where it cannot', () => {
    writeFileSync(file(), '{');
    const read = createSecretReader(options());
    expect(read('TOKEN', 'a')).toMatchObject({ ok: false, reason: expect.stringContaining('cut off') });
  });
});
