import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRotatingFile } from './rotating-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-log-'));
  path = join(folder, 'logs', 'hub.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(file, 'utf8');

describe('a rotating file', () => {
  it('is made by the first write, for its user alone, and appended to', () => {
    const file = openRotatingFile(path);
    expect(readdirSync(folder)).toEqual([]);
    file.write('one\n');
    file.close();
    openRotatingFile(path).write('two\n');
    expect(read(path)).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is begun anew when it is full, and keeps so many of those before', () => {
    const file = openRotatingFile(path, { maxBytes: 8, keep: 2 });
    for (const text of ['aaaaa\n', 'bbbbb\n', 'ccccc\n', 'ddddd\n', 'e\n']) file.write(text);
    expect(read(path)).toBe('ddddd\ne\n');
    expect(read(`${path}.1`)).toBe('ccccc\n');
    expect(read(`${path}.2`)).toBe('bbbbb\n');
    expect(readdirSync(join(folder, 'logs'))).toHaveLength(3);
  });

  it('takes a text that is longer than it may be', () => {
    const file = openRotatingFile(path, { maxBytes: 4 });
    file.write('much too long\n');
    expect(read(path)).toBe('much too long\n');
  });

  it('goes on for those who have it open', () => {
    const file = openRotatingFile(path, { maxBytes: 8, keep: 1 });
    file.write('aaaaa\n');
    const stderr = openSync(path, 'a');
    file.write('bbbbb\n');
    writeSync(stderr, 'crash\n');
    closeSync(stderr);
    appendFileSync(path, 'end\n');
    expect(read(path)).toBe('bbbbb\ncrash\nend\n');
  });

  it('drops what cannot be written', () => {
    writeFileSync(join(folder, 'logs'), '');
    openRotatingFile(path).write('one\n');
    expect(readdirSync(folder)).toEqual(['logs']);
  });
});
