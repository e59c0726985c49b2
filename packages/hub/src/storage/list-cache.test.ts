import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEvent } from '../core/log.ts';
import type { Offers } from '../core/upstream.ts';
import { openListCache } from './list-cache.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'hatago-lists-')), 'lists');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const offers: Offers = {
  era: 'legacy',
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'a' },
  instructions: 'Be kind.',
};
const lists = { tools: '{"tools":[]}' };
const quiet = (): void => {};

describe('the cache of lists', () => {
  it('gives back after a restart what a server offered, as long as it is made from the same', () => {
    const cache = openListCache(folder, quiet);
    cache.write('a', 'd1', { offers, lists });
    expect(cache.read('a', 'd1')).toMatchObject({ offers, lists });
    cache.flush();
    const again = openListCache(folder, quiet);
    expect(again.read('a', 'd1')).toMatchObject({ offers, lists });
    expect(again.read('a', 'd2')).toBeUndefined();
    expect(again.read('b', 'd1')).toBeUndefined();
    const [name] = readdirSync(folder) as [string];
    if (process.platform !== 'win32') expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('keeps ids apart that look alike as file names, and none leaves the folder', () => {
    const cache = openListCache(folder, quiet);
    for (const id of ['../a', '..\\a', '__a', 'A', 'a']) cache.write(id, id, { offers, lists });
    cache.flush();
    expect(readdirSync(folder)).toHaveLength(5);
    for (const id of ['../a', '..\\a', '__a', 'A', 'a']) expect(cache.read(id, id)).toBeDefined();
  });

  it('does not remember what is too large, nor the oldest of too much', () => {
    const cache = openListCache(folder, quiet, { maxFileBytes: 400, maxBytes: 700 });
    cache.write('large', 'd', { offers, lists: { tools: 'x'.repeat(500) } });
    cache.write('old', 'd', { offers, lists });
    cache.flush();
    const [old] = readdirSync(folder) as [string];
    expect(readdirSync(folder)).toHaveLength(1);
    utimesSync(join(folder, old), 1, 1);
    for (const id of ['b', 'c', 'd']) cache.write(id, 'd', { offers, lists });
    cache.flush();
    expect(cache.read('old', 'd')).toBeUndefined();
    expect(cache.read('d', 'd')).toBeDefined();
    const total = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(total).toBeLessThanOrEqual(700);
  });

  it.each(['', '{', '[]', '{"digest":"d"}', '{"digest":"d","offers":{"era":"x"},"lists":{}}'])(
    'counts a file that holds %j as forgotten',
    (text) => {
      const cache = openListCache(folder, quiet);
      cache.write('a', 'd', { offers, lists });
      cache.flush();
      writeFileSync(join(folder, readdirSync(folder)[0] as string), text);
      expect(openListCache(folder, quiet).read('a', 'd')).toBeUndefined();
    },
  );

  it('goes on without a file where none can be written, and says so', () => {
    writeFileSync(folder, 'a file where the folder should be');
    const logged: LogEvent[] = [];
    const cache = openListCache(folder, (event) => logged.push(event));
    cache.write('a', 'd', { offers, lists });
    cache.flush();
    expect(logged.map(({ event }) => event)).toEqual(['state.unwritable']);
    expect(readFileSync(folder, 'utf8')).toContain('a file');
  });
});
