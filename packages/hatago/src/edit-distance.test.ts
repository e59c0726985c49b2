import { describe, expect, it } from 'vitest';
import { editDistance, similarTo } from './edit-distance.ts';

describe('the distance of two texts', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'abcd', 1],
    ['abc', 'axc', 1],
    ['kitten', 'sitting', 3],
    ['short', 'a much longer one', Number.POSITIVE_INFINITY],
  ])('of %j and %j is %d', (a, b, distance) => {
    expect(editDistance(a, b, 3)).toBe(distance);
    expect(editDistance(b, a, 3)).toBe(distance);
  });
});

describe('similar names', () => {
  const names = ['everything_echo', 'files_read_file', 'files_write_file', 'memory_read_graph'];

  it.each([
    ['everything_ehco', ['everything_echo']],
    ['echo', ['everything_echo']],
    ['read', ['files_read_file', 'memory_read_graph']],
    ['Files_Read_File', ['files_read_file']],
    ['nothing_like_it', []],
  ])('of %s are %j', (asked, similar) => {
    expect(similarTo(asked, names)).toEqual(similar);
  });
});
