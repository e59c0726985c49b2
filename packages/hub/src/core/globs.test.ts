import { describe, expect, it } from 'vitest';
import { isIncluded, matchesGlob } from './globs.ts';

describe('matchesGlob', () => {
  it.each([
    ['*', 'anything', true],
    ['*', '', true],
    ['read*', 'read_file', true],
    ['read*', 'unread', false],
    ['*file', 'read_file', true],
    ['r*d_f*e', 'read_file', true],
    ['r?ad', 'read', true],
    ['r?ad', 'rad', false],
    ['read', 'read', true],
    ['read', 'reads', false],
    ['a.b', 'axb', false],
    ['', '', true],
    ['', 'a', false],
    ['**a**', 'bab', true],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });

  it('does not take forever on a hostile pattern', () => {
    const started = performance.now();
    expect(matchesGlob('*a'.repeat(50), `${'a'.repeat(5000)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('isIncluded', () => {
  it('needs an include and no exclude', () => {
    expect(isIncluded('read', ['r*'], [])).toBe(true);
    expect(isIncluded('read', ['w*'], [])).toBe(false);
    expect(isIncluded('read', ['*'], ['re*'])).toBe(false);
  });
});
