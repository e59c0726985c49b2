import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_LOG } from '../core/log.ts';
import { type FileWatch, watchFiles } from './watch.ts';

let folder: string;
let file: string;
let told = 0;
let watching: FileWatch | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-watch-'));
  file = join(folder, 'c.json');
  writeFileSync(file, 'one');
  told = 0;
});
afterEach(() => {
  watching?.close();
  rmSync(folder, { recursive: true, force: true });
});

function watchIt(...files: string[]): void {
  watching = watchFiles(files, { settleMs: 5, onChange: () => void told++, log: NO_LOG });
}

const isTold = (times: number): Promise<void> =>
  vi.waitFor(() => expect(told).toBe(times), { timeout: 3000, interval: 5 });

/** What was not told by the time a later change of another file is, will not be told any more. */
async function isNotTold(before: number): Promise<void> {
  const probe = join(folder, 'probe');
  writeFileSync(probe, '');
  let seen = 0;
  const other = watchFiles([probe], { settleMs: 5, onChange: () => void seen++, log: NO_LOG });
  writeFileSync(probe, 'changed');
  await vi.waitFor(() => expect(seen).toBe(1), { timeout: 3000, interval: 5 });
  other.close();
  expect(told).toBe(before);
}

describe('watchFiles', () => {
  it('tells of a file that is written, every time', async () => {
    watchIt(file);
    writeFileSync(file, 'two');
    await isTold(1);
    writeFileSync(file, 'three');
    await isTold(2);
  });

  it('tells of a file that another one is renamed over, every time', async () => {
    watchIt(file);
    for (const round of [1, 2, 3]) {
      writeFileSync(`${file}~`, `round ${round}`);
      renameSync(`${file}~`, file);
      await isTold(round);
    }
  });

  it('tells of a file that goes, and of one that comes', async () => {
    const later = join(folder, 'later.json');
    watchIt(file, later);
    unlinkSync(file);
    await isTold(1);
    writeFileSync(later, 'there');
    await isTold(2);
  });

  it('tells of a file in a directory that is made later', async () => {
    const deep = join(folder, 'profiles', 'dev', 'p.json');
    watchIt(deep);
    mkdirSync(join(folder, 'profiles', 'dev'), { recursive: true });
    writeFileSync(deep, 'there');
    await isTold(1);
    writeFileSync(deep, 'changed');
    await isTold(2);
  });

  it('follows a link: to what it points at, and when it points elsewhere', async () => {
    const away = join(folder, 'away');
    mkdirSync(away);
    for (const name of ['first', 'second']) writeFileSync(join(away, name), name);
    const link = join(folder, 'link.json');
    symlinkSync(join(away, 'first'), link);
    watchIt(link);
    writeFileSync(join(away, 'first'), 'first, changed');
    await isTold(1);
    symlinkSync(join(away, 'second'), `${link}~`);
    renameSync(`${link}~`, link);
    await isTold(2);
    writeFileSync(join(away, 'second'), 'second, changed');
    await isTold(3);
  });

  it('tells nothing of other files in the directory', async () => {
    watchIt(file);
    writeFileSync(join(folder, 'state'), 'busy');
    await isNotTold(0);
  });

  it('watches other files when told to, and does not lose a change of those it watched before', async () => {
    const other = join(folder, 'other.json');
    writeFileSync(other, 'one');
    watchIt(file);
    writeFileSync(file, 'changed just before');
    watching?.update([file, other]);
    await isTold(1);
    writeFileSync(other, 'two');
    await isTold(2);
    watching?.update([other]);
    writeFileSync(file, 'of no interest');
    await isNotTold(2);
  });

  it('tells of whatever happens beside the files while something is wanting', async () => {
    let wanting = false;
    const options = { settleMs: 5, onChange: () => void told++, isWanting: () => wanting, log: NO_LOG };
    watching = watchFiles([file], options);
    writeFileSync(join(folder, 'base.json'), 'one');
    await isNotTold(0);
    wanting = true;
    writeFileSync(join(folder, 'base.json'), 'two');
    await isTold(1);
    writeFileSync(join(folder, 'base.json'), 'three');
    await isTold(2);
    watching.update([file]);
    await isNotTold(2);
  });

  it('tells nothing once it is closed', async () => {
    watchIt(file);
    watching?.close();
    writeFileSync(file, 'two');
    await isNotTold(0);
  });
});
