import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readState, replaceFile } from './change-file.ts';
import { type Connection, openConnections } from './connections.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-clients-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a client file', () => {
  it('is not replaced when it was written meanwhile', () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, 'one');
    const before = readState(path);
    writeFileSync(path, 'two');
    expect(replaceFile(before, 'three')).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('two');
    const missing = readState(join(folder, 'b.json'));
    expect(missing.text).toBeUndefined();
    writeFileSync(missing.path, 'appeared');
    expect(replaceFile(missing, 'x')).toBe(false);
  });

  it('is refused when it is no text', () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]));
    expect(() => readState(path)).toThrow(`${path}:1:1: is no UTF-8 text`);
  });
});

describe('the records of connections', () => {
  const open = () => openConnections({ platform: 'linux', home: folder, cwd: folder, env: {} });
  const connection = (backup: string | null): Connection => ({
    client: 'cursor',
    file: '/f',
    path: ['mcpServers'],
    key: 'hatago',
    hash: 'x',
    backup,
    madeRecord: false,
    at: '2026-01-01T00:00:00.000Z',
  });

  it('keep every backup until its connection is undone', () => {
    const [first, second] = [open().backUp('cursor', 'one'), open().backUp('cursor', 'two')];
    expect(readFileSync(first, 'utf8')).toBe('one');
    expect(readFileSync(second, 'utf8')).toBe('two');
    open().add(connection(first));
    expect(open().find('/f', 'hatago')?.backup).toBe(first);
    open().remove(connection(first));
    expect(open().list()).toEqual([]);
    expect(existsSync(first)).toBe(false);
    expect(existsSync(second)).toBe(true);
  });

  it('hold one connection per file and name', () => {
    open().add(connection(null));
    open().add({ ...connection(null), hash: 'y' });
    expect(open().list()).toEqual([{ ...connection(null), hash: 'y' }]);
  });

  it('are not overwritten when they cannot be read', () => {
    open().add(connection(null));
    const file = join(folder, '.hatago/clients/connections.json');
    writeFileSync(file, '{');
    expect(() => open().add(connection(null))).toThrow(file);
    expect(readFileSync(file, 'utf8')).toBe('{');
  });
});
