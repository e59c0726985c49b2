import { describe, expect, it } from 'vitest';
import { parseKeyPath, valueAt } from './key-path.ts';

describe('a key path', () => {
  it.each([
    ['a', ['a']],
    ['a.b-c.d_e', ['a', 'b-c', 'd_e']],
    ['a.b[0].c', ['a', 'b', 0, 'c']],
    ['a["b.c"].d', ['a', 'b.c', 'd']],
    ['["a b"]', ['a b']],
    ['/a/b~1c/0', ['a', 'b/c', 0]],
  ])('%s is %j', (text, path) => {
    expect(parseKeyPath(text)).toEqual({ ok: true, value: path });
  });

  it.each(['', 'a..b', 'a[', 'a[x]', 'a]'])('%j is none', (text) => {
    expect(parseKeyPath(text).ok).toBe(false);
  });

  it('finds what stands there, and nothing that is inherited', () => {
    expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1);
    expect(valueAt({ a: 1 }, ['a', 'b'])).toBeUndefined();
    expect(valueAt({}, ['constructor'])).toBeUndefined();
  });
});
