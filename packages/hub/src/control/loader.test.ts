import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DesiredState } from './control-plane.ts';
import { createLoader } from './loader.ts';
import { parseConfig } from './schema.ts';

afterEach(() => vi.useRealTimers());

const parsed = parseConfig({});
if (!parsed.ok) throw new Error('not a configuration');
const GOOD: DesiredState = { ok: true, config: parsed.value, warnings: [] };
const BAD: DesiredState = { ok: false, errors: ['half written'] };

describe('createLoader', () => {
  it('looks a second time at what a watch found broken, for it may be half written', async () => {
    vi.useFakeTimers();
    const states = [BAD, GOOD];
    const loader = createLoader({ load: () => states.shift() ?? BAD, files: () => [] });
    const loaded = loader.load(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await loaded).toBe(GOOD);
  });

  it('says at once what is broken to who asks for it', async () => {
    const states = [BAD, GOOD];
    const loader = createLoader({ load: () => states.shift() ?? BAD, files: () => [] });
    expect(await loader.load(false)).toBe(BAD);
  });

  it('gives those who ask while one waits what that one gets', async () => {
    let reads = 0;
    const loader = createLoader({
      load: async () => {
        reads++;
        return GOOD;
      },
      files: () => [],
    });
    await Promise.all([loader.load(true), loader.load(true), loader.load(false)]);
    expect(reads).toBe(1);
    await loader.load(false);
    expect(reads).toBe(2);
  });

  it('makes a fault of what is thrown', async () => {
    const loader = createLoader({
      load() {
        throw new Error('no server carries the tag');
      },
      files: () => [],
    });
    expect(await loader.load(false)).toEqual({
      ok: false,
      errors: ['the configuration could not be read: no server carries the tag'],
    });
  });

  it('has nothing to read without a source', async () => {
    expect(await createLoader(undefined).load(false)).toMatchObject({ ok: false });
  });
});
