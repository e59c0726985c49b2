import { describe, expect, it } from 'vitest';
import { createLineReader, joinAdjacent, type LineReader } from './line-reader.ts';

function open(isTaken = true): { reader: LineReader; lines: string[]; seen: Buffer[] } {
  const lines: string[] = [];
  const seen: Buffer[] = [];
  const reader = createLineReader({
    onLines(found) {
      lines.push(...found.map(String));
      seen.push(...found);
    },
    isTaken: () => isTaken,
    onTooLong: () => lines.push('too long'),
  });
  return { reader, lines, seen };
}

describe('a line reader', () => {
  it.each([1, 2, 3, 7, 100])('finds the same lines in chunks of %i bytes', (bytes) => {
    const text = `one\n\n${'long '.repeat(50)}\r\ntwo\nthe rest`;
    const { reader, lines } = open();
    const all = Buffer.from(text);
    for (let at = 0; at < all.length; at += bytes) reader.push(Buffer.from(all.subarray(at, at + bytes)));
    expect(lines).toEqual(
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => `${line}\n`),
    );
    reader.end();
    expect(lines.at(-1)).toBe('the rest\n');
    reader.push(Buffer.from('more\n'));
    expect(lines.at(-1)).toBe('the rest\n');
  });

  it('is content with memory that is used again', () => {
    const { reader, lines } = open();
    const memory = Buffer.alloc(8);
    for (const part of ['{"a', '":1}\n{"', 'b":2}\n']) {
      memory.fill(part, 0, part.length);
      reader.push(memory.subarray(0, part.length));
    }
    expect(lines).toEqual(['{"a":1}\n', '{"b":2}\n']);
  });

  it('uses its own memory again for lines in parts, unless somebody still looks at it', () => {
    const parts = ['aaa', 'aaa\nbbb', 'bbb\nccc', 'ccc\n'].map((part) => Buffer.from(part));
    const taken = open();
    const kept = open(false);
    for (const part of parts) {
      taken.reader.push(part);
      kept.reader.push(part);
    }
    expect(taken.lines).toEqual(['aaaaaa\n', 'bbbbbb\n', 'cccccc\n']);
    expect(new Set(taken.seen.map(({ buffer }) => buffer)).size).toBe(1);
    expect(kept.seen.map(String)).toEqual(['aaaaaa\n', 'bbbbbb\n', 'cccccc\n']);
  });
});

describe('joinAdjacent', () => {
  it('joins what lies side by side and nothing else', () => {
    const memory = Buffer.from('one\ntwo\nthree\nfour\n');
    const [one, two, three, four] = [
      memory.subarray(0, 4),
      memory.subarray(4, 8),
      memory.subarray(8, 14),
      memory.subarray(14),
    ];
    expect(joinAdjacent([one, two, three, four]).map(String)).toEqual(['one\ntwo\nthree\nfour\n']);
    expect(joinAdjacent([one, three, four]).map(String)).toEqual(['one\n', 'three\nfour\n']);
    expect(joinAdjacent([two, one]).map(String)).toEqual(['two\n', 'one\n']);
    expect(joinAdjacent([])).toEqual([]);
  });
});
