import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeIfDead, withFileLock } from './file-lock.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-lock-'));
  lock = join(folder, 'a.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const deadLock = (): string =>
  JSON.stringify({ pid: spawnSync(process.execPath, ['-e', '']).pid, start: '1', nonce: 'gone' });

/** A process that runs this code with `withFileLock` and `fs` at hand. */
function inProcess(code: string): ChildProcess {
  const module = JSON.stringify(fileURLToPath(new URL('./file-lock.ts', import.meta.url)));
  const script = `import * as fs from 'node:fs'; import { withFileLock } from ${module}; ${code}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('a file lock', { timeout: 30_000 }, () => {
  it('lets one work at a time in, and goes when the work is done', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withFileLock(lock, work)));
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes when the work fails, and passes the error on', async () => {
    await expect(withFileLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(lock)).toBe(false);
  });

  it('is taken over from a process that is gone', async () => {
    writeFileSync(lock, deadLock());
    expect(await withFileLock(lock, () => 'done', { waitMs: 0 })).toBe('done');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that cannot be read is taken over when it is old', async () => {
    writeFileSync(lock, '');
    expect(removeIfDead(lock)).toBe(false);
    utimesSync(lock, new Date(0), new Date(0));
    expect(await withFileLock(lock, () => 'done', { waitMs: 0 })).toBe('done');
  });

  it('is not removed while another process removes it, unless that one died on the way', async () => {
    writeFileSync(lock, deadLock());
    const mark = `${lock}.gone.mark`;
    writeFileSync(mark, JSON.stringify({ pid: process.pid, nonce: 'x' }));
    expect(removeIfDead(lock)).toBe(false);
    expect(existsSync(lock)).toBe(true);
    writeFileSync(mark, deadLock());
    expect(await withFileLock(lock, () => 'done')).toBe('done');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a running process is waited for, and named when the time is over', async () => {
    await withFileLock(lock, async () => {
      await expect(withFileLock(lock, () => {}, { waitMs: 30 })).rejects.toThrow(`held by process ${process.pid}`);
    });
  });

  it('keeps processes apart, and one that is killed in the middle keeps nobody out', async () => {
    const file = join(folder, 'count');
    writeFileSync(file, '0');
    const count = `const add = () => fs.writeFileSync(${JSON.stringify(file)}, String(Number(fs.readFileSync(${JSON.stringify(file)}, 'utf8')) + 1));`;
    const lockText = JSON.stringify(lock);
    const killed = inProcess(
      `await withFileLock(${lockText}, async () => { process.stdout.write('in'); setInterval(() => {}, 1000); await new Promise(() => {}); });`,
    );
    await once(killed.stdout as NodeJS.ReadableStream, 'data');
    const loop = `${count} for (let i = 0; i < 50; i++) await withFileLock(${lockText}, add);`;
    const counters = [inProcess(loop), inProcess(loop), inProcess(loop)];
    const ends = counters.map((child) => once(child, 'exit'));
    killed.kill('SIGKILL');
    expect((await Promise.all(ends)).map(([code]) => code as number)).toEqual([0, 0, 0]);
    expect(readFileSync(file, 'utf8')).toBe('150');
    expect(readdirSync(folder)).toEqual(['count']);
  });
});
