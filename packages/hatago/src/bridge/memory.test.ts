import { describe, expect, it } from 'vitest';
import { createMemory } from './memory.ts';

describe('memory', () => {
  it('is used again once it is looked at no more, and not before', () => {
    let isTaken = false;
    const memory = createMemory(() => isTaken);
    const first = memory.take(10);
    memory.lend(first);
    const second = memory.take(10);
    expect(second.buffer).not.toBe(first.buffer);
    isTaken = true;
    expect(memory.take(10).buffer).toBe(first.buffer);
    expect(memory.take(10).buffer).not.toBe(first.buffer);
  });

  it('is as large as it has to be, and not kept when it is very large', () => {
    const memory = createMemory(() => true);
    const small = memory.take(10);
    memory.lend(small);
    const large = memory.take(8 * 1024 * 1024);
    expect(large.length).toBeGreaterThanOrEqual(8 * 1024 * 1024);
    memory.lend(large);
    expect(memory.take(10).buffer).toBe(small.buffer);
  });
});
