import { describe, expect, it } from 'vitest';
import { IdTable } from './id-table.ts';
import { ShortMap } from './short-map.ts';

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state;
  }
}

describe('an id table', () => {
  it('holds what a Map holds, whatever comes and goes', () => {
    const random = numbers(7);
    const table = new IdTable<number>(4);
    const map = new Map<number, number>();
    let last = 0;
    for (let i = 0; i < 20_000; i++) {
      const pick = random.next().value as number;
      if (pick % 3 !== 0) {
        last = table.free(last + 1);
        table.set(last, pick);
        map.set(last, pick);
      } else {
        const id = pick % (last + 2);
        expect(table.delete(id)).toBe(map.delete(id));
      }
      if (map.size > 200) for (const id of [...map.keys()].slice(0, 150)) expect(table.delete(id)).toBe(map.delete(id));
      const probe = (random.next().value as number) % (last + 2);
      expect(table.get(probe)).toBe(map.get(probe));
    }
    expect(table.size).toBe(map.size);
    expect(table.values()).toEqual([...map.values()]);
  });

  it('makes room when a number falls on the place of an old one', () => {
    const table = new IdTable<string>(4);
    table.set(1, 'old');
    table.set(5, 'new');
    expect([table.get(1), table.get(5), table.size]).toEqual(['old', 'new', 2]);
  });

  it.each([Number.NaN, 1.5, -1, 2 ** 53, Number.POSITIVE_INFINITY])('finds nothing under %s', (id) => {
    const table = new IdTable<string>(4);
    for (let i = 0; i < 4; i++) table.set(i, 'x');
    expect(table.get(id)).toBeUndefined();
    expect(table.delete(id)).toBe(false);
  });

  it('is empty when cleared', () => {
    const table = new IdTable<string>(4);
    table.set(3, 'x');
    table.clear();
    expect([table.size, table.get(3), table.values()]).toEqual([0, undefined, []]);
  });
});

describe('a short map', () => {
  it('holds what a Map holds, strings and numbers apart', () => {
    const random = numbers(11);
    const short = new ShortMap<string | number, number>();
    const map = new Map<string | number, number>();
    for (let i = 0; i < 5_000; i++) {
      const pick = random.next().value as number;
      const key = pick % 2 === 0 ? (pick >> 3) % 20 : String((pick >> 3) % 20);
      if (pick % 5 < 3) {
        short.set(key, i);
        map.set(key, i);
      } else expect(short.delete(key)).toBe(map.delete(key));
      expect(short.has(key)).toBe(map.has(key));
      expect(short.get(key)).toBe(map.get(key));
    }
    expect(short.size).toBe(map.size);
    expect(short.values().sort()).toEqual([...map.values()].sort());
    short.clear();
    expect(short.size).toBe(0);
  });
});
