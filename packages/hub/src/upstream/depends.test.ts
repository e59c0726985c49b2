import { describe, expect, it } from 'vitest';
import { circleThrough } from './depends.ts';

describe('circleThrough', () => {
  const servers: Record<string, readonly string[]> = { a: ['b', 'x'], b: ['c'], c: ['a'], d: ['a'], e: ['e'], x: [] };

  it.each([
    ['a', 'b', ['a', 'b', 'c', 'a']],
    ['c', 'a', ['c', 'a', 'b', 'c']],
    ['e', 'e', ['e', 'e']],
    ['a', 'x', undefined],
    // It leads into a circle without being part of it.
    ['d', 'a', undefined],
    ['a', 'nowhere', undefined],
  ])('finds the way from %s over %s back: %j', (server, first, circle) => {
    expect(circleThrough(server, first, (id) => servers[id] ?? [])).toEqual(circle);
  });
});
