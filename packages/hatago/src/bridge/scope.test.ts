import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeOf, type ScopeOptions } from './scope.ts';

let cwd: string;
let file: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-scope-')));
  mkdirSync(join(cwd, '.hatago'));
  file = join(cwd, '.hatago', 'config.jsonc');
  writeFileSync(file, '{}');
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const keyOf = (options: ScopeOptions, env: NodeJS.ProcessEnv = {}): string => placeOf(options, env, cwd).key;

describe('the place of a hub', () => {
  it('lies in the state directory of the configuration', () => {
    expect(placeOf({}, {}, cwd)).toEqual({
      folder: join(cwd, '.hatago', 'run'),
      key: expect.stringMatching(/^[\da-f]{16}$/),
    });
    expect(placeOf({}, { HATAGO_HOME: '/elsewhere' }, cwd).folder).toBe('/elsewhere/run');
  });

  it('is the same for all that mean the same', () => {
    const key = keyOf({});
    symlinkSync(file, join(cwd, 'link.jsonc'));
    const link = { ...process.env, HATAGO_HOME: join(cwd, '.hatago') };
    expect(keyOf({ config: '.hatago/config.jsonc' })).toBe(key);
    expect(keyOf({ config: file })).toBe(key);
    expect(keyOf({}, { HATAGO_CONFIG: file })).toBe(key);
    expect(keyOf({ foundConfig: file }, { HATAGO_CONFIG: '/other.json' })).toBe(key);
    expect(keyOf({ config: 'link.jsonc' }, link)).toBe(key);
    expect(keyOf({ tags: ['b', 'a', 'b'] })).toBe(keyOf({ tags: ['a', 'b'] }));
    expect(keyOf({ profile: 'p' })).toBe(keyOf({}, { HATAGO_PROFILE: 'p' }));
  });

  it('is another one for each that means something else', () => {
    const keys = [
      keyOf({}),
      keyOf({ config: 'other.json' }, { HATAGO_HOME: join(cwd, '.hatago') }),
      keyOf({}, { HATAGO_HOME: join(cwd, 'home') }),
      keyOf({ tags: ['a'] }),
      keyOf({ profile: 'a' }),
      keyOf({ envFile: ['a'] }),
      keyOf({ envFile: ['a'], envOverride: true }),
      keyOf({ demo: true }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
