import { describe, expect, it } from 'vitest';
import { createLines } from './lines.ts';

describe('createLines', () => {
  it('keeps the last ones and knows what came since', () => {
    const lines = createLines({ maxLines: 3 });
    for (const line of ['a', 'b']) lines.add(line);
    const before = lines.count;
    expect(lines.since(before)).toEqual([]);
    for (const line of ['c', 'd', 'e', 'f', 'g']) lines.add(line);
    expect(lines.all()).toEqual(['e', 'f', 'g']);
    expect(lines.since(before)).toEqual(['e', 'f', 'g']);
    expect(lines.since(lines.count - 1)).toEqual(['g']);
  });

  it('keeps fewer where they are long', () => {
    const lines = createLines({ maxChars: 10 });
    for (let i = 0; i < 100; i++) lines.add(`line ${i % 10}`);
    expect(lines.all()).toEqual(['line 9']);
    lines.add('ab');
    expect(lines.all()).toEqual(['line 9', 'ab']);
  });
});
