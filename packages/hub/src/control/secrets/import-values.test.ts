import { createCipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '@hatago/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeVault } from './change-vault.ts';
import { readImport } from './import-values.ts';
import { openVault } from './open-vault.ts';
import { takeOver } from './take-over.ts';
import type { VaultOptions } from './vault-options.ts';

let home: string;
let options: VaultOptions;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hatago-import-'));
  options = { home, env: { HATAGO_KEYRING: 'off' } };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function read(name: string, text: string): Record<string, string> | string {
  const file = join(home, name);
  writeFileSync(file, text);
  const found = readImport(file, options);
  return found.ok ? Object.fromEntries(found.value.values) : found.error;
}

describe('importing', () => {
  it('reads .env lines', () => {
    const text = '# a comment\nA=1\nexport B="two words"\nC=\'single # quoted\'\nD.x-y=3 # a comment\n';
    expect(read('.env', text)).toEqual({ A: '1', B: 'two words', C: 'single # quoted', 'D.x-y': '3' });
  });

  it('reads one JSON object of texts', () => {
    expect(read('a.json', '{"A":"1","B":"two\\nlines"}')).toEqual({ A: '1', B: 'two\nlines' });
  });

  it.each([
    ['a name that is none', '{"../A":"1"}', 'is no name of a secret'],
    ['a value that is no text', '{"A":{"b":1}}', '"A" is not a text'],
    ['an empty value', 'A=1\nB=\n', 'B is empty'],
    ['half a JSON object', '{"A":"1"', 'is not valid JSON'],
    ['neither', 'hello there', 'holds neither'],
    ['nothing', '{}', 'holds no values'],
  ])('takes nothing of a file with %s', (_, text, why) => {
    expect(read('file', text)).toContain(why);
  });

  it('reads the secrets of another state directory with their own key', async () => {
    const other = join(home, 'other');
    await changeVault({ ...options, home: other }, () => ok(new Map([['A', { value: '1' }]])));
    const found = readImport(join(other, 'secrets.json'), options);
    expect(found.ok && [...found.value.values]).toEqual([['A', '1']]);
    rmSync(join(other, 'master.key'));
    expect(readImport(join(other, 'secrets.json'), options)).toMatchObject({ ok: false });
  });
});

interface Written {
  /** Milliseconds that passed between the time stamps it wrote and the one it bound the value to. */
  readonly later: number;
  /** The secret was changed once: it keeps the time stamp of its creation. */
  readonly changed?: boolean;
  readonly labels?: readonly string[];
}

/** A state directory as the predecessor left it. */
function predecessor(folder: string, secrets: Record<string, string>, { later, changed, labels }: Written): string {
  mkdirSync(folder, { recursive: true });
  const master = randomBytes(32).toString('base64url');
  const salt = randomBytes(32);
  writeFileSync(join(folder, 'master.key'), `${master}\n`);
  writeFileSync(join(folder, 'master.salt'), salt);
  const key = pbkdf2Sync(master, salt, 600_000, 32, 'sha256');
  const updated = Date.UTC(2025, 8, 1, 12, 0, 0, 995);
  const updated_at = new Date(updated).toISOString();
  const created_at = changed ? '2025-08-01T00:00:00.000Z' : updated_at;
  const entries = Object.entries(secrets).map(([name, value]) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const stamp = new Date(updated + later).toISOString();
    cipher.setAAD(Buffer.from(`{"created_at":"${stamp}","enc":"A256GCM","type":"hatago/secret","version":1}`));
    const ct = Buffer.concat([cipher.update(JSON.stringify({ [name]: value })), cipher.final()]);
    const sealed = { iv, tag: cipher.getAuthTag(), ct };
    const texts = Object.fromEntries(
      Object.entries(sealed).map(([part, bytes]) => [part, bytes.toString('base64url')]),
    );
    return [name, { type: 'hatago/secret', version: 1, enc: 'A256GCM', ...texts, created_at, updated_at, labels }];
  });
  const file = join(folder, 'secrets.json');
  writeFileSync(file, JSON.stringify({ version: 1, secrets: Object.fromEntries(entries) }));
  return file;
}

// Its keys are dear to derive: that is what they are for.
describe("importing the predecessor's secrets", { timeout: 30_000 }, () => {
  it.each([
    ['as it meant them to be', { later: 0 }],
    ['as it wrote them, a few milliseconds apart', { later: 7 }],
    ['changed later, with labels', { later: 3, changed: true, labels: ['prod'] }],
  ])('opens them %s', (_, written) => {
    const file = predecessor(join(home, 'old'), { TOKEN: 'value', OTHER: 'x' }, written);
    const found = readImport(file, options);
    expect(found.ok && Object.fromEntries(found.value.values)).toEqual({ TOKEN: 'value', OTHER: 'x' });
  });

  it('takes those it kept in plain text, if they are as they were', () => {
    const data = { TOKEN: 'value' };
    const integrity = createHash('sha256').update(JSON.stringify(data)).digest('base64url');
    const entry = { type: 'hatago/secret', version: 1, enc: 'none', created_at: '2025-01-01', data };
    const text = (more: object): string => JSON.stringify({ version: 1, secrets: { TOKEN: { ...entry, ...more } } });
    expect(read('secrets.json', text({ integrity }))).toEqual(data);
    expect(read('secrets.json', text({}))).toEqual(data);
    expect(read('secrets.json', text({ integrity: 'other' }))).toContain('does not open');
  });

  it('says which file is missing, and which value does not open', () => {
    const file = predecessor(join(home, 'old'), { TOKEN: 'value' }, { later: 0 });
    writeFileSync(join(home, 'old', 'master.key'), 'another key');
    expect(readImport(file, options)).toMatchObject({ error: expect.stringContaining('TOKEN does not open') });
    rmSync(join(home, 'old', 'master.salt'));
    expect(readImport(file, options)).toMatchObject({ error: expect.stringContaining('master.salt') });
  });

  it('takes the place of its file and keeps a copy that still opens', async () => {
    const file = predecessor(home, { TOKEN: 'value' }, { later: 2 });
    const old = readFileSync(join(home, 'master.key'), 'utf8');
    const found = readImport(file, options);
    if (!found.ok) throw new Error(found.error);
    const taken = await takeOver(options, found.value.values);
    expect(taken).toEqual(ok({ copy: join(home, 'predecessor') }));
    const vault = openVault(options);
    expect(vault.ok && vault.value.get('TOKEN')).toEqual(ok('value'));
    expect(readFileSync(join(home, 'master.key'), 'utf8')).not.toContain(old.trim());
    const copy = join(home, 'predecessor', 'secrets.json');
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readImport(copy, options)).toMatchObject({ ok: true });
    expect(existsSync(join(home, 'predecessor', 'master.salt'))).toBe(true);
    expect(await takeOver(options, found.value.values)).toMatchObject({ ok: false });
  });
});
