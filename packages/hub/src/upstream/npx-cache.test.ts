import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearBrokenNpx } from './npx-cache.ts';

const HASH = '0123456789abcdef';
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hatago-npx-'));
  mkdirSync(join(home, '.npm', '_npx', HASH, 'node_modules'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const clear = (...lines: string[]): Promise<string | undefined> =>
  clearBrokenNpx({ lines, env: { HOME: home }, platform: 'linux' });
const there = (): boolean => existsSync(join(home, '.npm', '_npx', HASH));

describe('clearBrokenNpx', () => {
  it.each([
    ['npm error code ENOTEMPTY', `npm error path ${'/x'}/_npx/${HASH}/node_modules/pkg`],
    ['npm ERR! code EEXIST', `npm ERR! dest C:\\Users\\me\\npm-cache\\_npx\\${HASH}\\package.json`],
    [`Error: Cannot find module '/x/.npm/_npx/${HASH}/node_modules/pkg/dist/index.js'`],
    [`Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /x/_npx/${HASH}/node_modules/pkg/a.js`],
  ])('removes the folder that %j tells of', async (...lines) => {
    expect(await clear(...lines)).toBe(join(home, '.npm', '_npx', HASH));
    expect(there()).toBe(false);
  });

  it.each([
    ['Error: something else', `at /x/_npx/${HASH}/node_modules/pkg/a.js`],
    ['npm error code ENOTEMPTY', '/x/_npx/../../etc'],
    ['npm error code ENOTEMPTY', `/x/_npx/${HASH}..`],
    ['npm error code ENOTEMPTY', '/x/_npx/ffffffffffffffff/node_modules'],
  ])('removes nothing for %j', async (...lines) => {
    expect(await clear(...lines)).toBeUndefined();
    expect(there()).toBe(true);
  });

  it('does not follow a link out of the cache', async () => {
    const outside = join(home, 'outside');
    mkdirSync(outside);
    symlinkSync(outside, join(home, '.npm', '_npx', 'fedcba9876543210'));
    expect(await clear('ENOTEMPTY', '/x/_npx/fedcba9876543210/a')).toBeUndefined();
    expect(existsSync(outside)).toBe(true);
  });
});
