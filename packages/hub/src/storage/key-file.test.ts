import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadKey } from './key-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('loadKey', () => {
  it('makes a key once, for its user alone, and gives the same one ever after', () => {
    const path = join(folder, 'state', 'seal.key');
    const key = loadKey(path);
    expect(key).toHaveLength(32);
    expect(loadKey(path)).toEqual(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('never overwrites a file that holds no key', () => {
    const path = join(folder, 'seal.key');
    writeFileSync(path, 'something else');
    expect(loadKey(path)).toHaveLength(32);
    expect(statSync(path).size).toBe('something else'.length);
  });

  it('goes on without a file where none can be written', () => {
    const blocker = join(folder, 'blocker');
    writeFileSync(blocker, '');
    expect(loadKey(join(blocker, 'seal.key'))).toHaveLength(32);
  });
});
