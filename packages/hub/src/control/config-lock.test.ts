import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryOf } from '../storage/atomic-write.ts';
import { configLock, sweepConfig } from './config-lock.ts';
import { loadTrusted } from './trust/load-trusted.ts';

let folder: string;
let file: string;
const made: string[] = [];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-sweep-')));
  file = join(folder, 'there', 'c.json');
  mkdirSync(join(folder, 'there'));
  writeFileSync(file, '{}');
});
afterEach(() => {
  for (const path of [folder, ...made.splice(0)]) rmSync(path, { recursive: true, force: true });
});

const leave = (path: string): string => {
  writeFileSync(path, '{');
  made.push(path);
  return path;
};
/** As a process that was killed in the middle of a write leaves it. */
const dead = (path: string): string => leave(`${path}.4194304.1.tmp`);

describe('what killed writers of a configuration left', () => {
  it('goes with the next load: beside the file and of its lock', () => {
    const left = [dead(file), dead(`${configLock(file)}.0f9b`)];
    expect(loadTrusted(file, {}).ok).toBe(true);
    expect(left.filter(existsSync)).toEqual([]);
  });

  it('goes from where a link leads to', () => {
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    const left = [dead(file), dead(`${configLock(file)}.0f9b`)];
    sweepConfig(link);
    expect(left.filter(existsSync)).toEqual([]);
  });

  it('stays while its writer lives, and so does what is of another file', () => {
    const other = join(folder, 'there', 'd.json');
    const left = [leave(temporaryOf(file)), leave(temporaryOf(`${configLock(file)}.0f9b`)), dead(other)];
    sweepConfig(file);
    expect(left.filter(existsSync)).toEqual(left);
  });

  it('is looked for where there is no file yet', () => {
    const missing = join(folder, 'there', 'new.json');
    const left = dead(missing);
    sweepConfig(missing);
    expect(existsSync(left)).toBe(false);
  });
});
