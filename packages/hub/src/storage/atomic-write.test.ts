import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweepFolder, sweepTemporaries, temporaryOf, writeAtomically } from './atomic-write.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The number of a process that has ended. */
const endedPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

describe('an atomic write', () => {
  it('replaces the content and leaves nothing else', () => {
    const path = join(folder, 'a.json');
    writeAtomically(path, 'one');
    writeAtomically(path, new TextEncoder().encode('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['a.json']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps the permissions of a file where that is asked for', () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, 'one');
    chmodSync(path, 0o664);
    writeAtomically(path, 'two', { keepMode: true });
    expect(statSync(path).mode & 0o777).toBe(0o664);
    writeAtomically(path, 'three');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('replaces the target of a link and leaves the link', () => {
    const target = join(folder, 'real', 'a.json');
    mkdirSync(join(folder, 'real'));
    writeFileSync(target, 'one');
    symlinkSync(target, join(folder, 'link.json'));
    writeAtomically(join(folder, 'link.json'), 'two');
    expect(readlinkSync(join(folder, 'link.json'))).toBe(target);
    expect(readFileSync(target, 'utf8')).toBe('two');
  });

  it('leaves the old content and no temporary file where it fails', () => {
    const path = join(folder, 'a.json');
    mkdirSync(path);
    expect(() => writeAtomically(path, 'two')).toThrow();
    expect(readdirSync(folder)).toEqual(['a.json']);
  });
});

describe('sweeping', { timeout: 30_000 }, () => {
  it('removes what ended processes left and nothing of those that run', () => {
    const path = join(folder, 'a.json');
    const left = `${path}.${endedPid()}.77.tmp`;
    const running = temporaryOf(path);
    for (const file of [left, running, `${path}.tmp`, join(folder, 'b.tmp')]) writeFileSync(file, 'half');
    sweepTemporaries(path);
    expect(existsSync(left)).toBe(false);
    for (const file of [running, `${path}.tmp`, join(folder, 'b.tmp')]) expect(existsSync(file)).toBe(true);
  });

  it('removes what is too old to be under way, whoever has its process number now', () => {
    const path = temporaryOf(join(folder, 'a.json'));
    writeFileSync(path, 'half');
    utimesSync(path, new Date(0), new Date(0));
    sweepTemporaries(join(folder, 'a.json'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a directory goes over all files in it, and minds no directory that is not there', () => {
    const pid = endedPid();
    for (const name of ['a.json', 'b']) writeFileSync(join(folder, `${name}.${pid}.1.tmp`), 'half');
    sweepFolder(folder);
    sweepFolder(join(folder, 'missing'));
    expect(readdirSync(folder)).toEqual([]);
  });
});
