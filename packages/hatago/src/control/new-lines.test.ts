import { describe, expect, it } from 'vitest';
import { newLines } from './new-lines.ts';

describe('the lines that are new', () => {
  it.each([
    ['nothing came', ['a', 'b'], ['a', 'b'], []],
    ['lines came', ['a', 'b'], ['a', 'b', 'c', 'd'], ['c', 'd']],
    ['old ones went as new ones came', ['a', 'b', 'c'], ['b', 'c', 'd'], ['d']],
    ['all of them are new', ['a', 'b'], ['x', 'y'], ['x', 'y']],
    ['a line was written again', ['a', 'a'], ['a', 'a', 'a'], ['a']],
    ['there was nothing before', [], ['a'], ['a']],
    ['there is nothing any more', ['a'], [], []],
  ])('are found when %s', (_, before, next, expected) => {
    expect(newLines(before, next)).toEqual(expected);
  });
});
