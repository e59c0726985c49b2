import { describe, expect, it } from 'vitest';
import { createLineFramer, type LineFramer } from './framing.ts';

const encoder = new TextEncoder();
const text = (bytes: Uint8Array, start = 0, end = bytes.length): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();

interface Seen {
  lines: string[];
  sources: Uint8Array[];
  ranges: [Uint8Array, number, number][];
  tooLong: [string, string][];
  endless: string[];
}

function framed(maxLineBytes?: number, chunksAreReused = false): { framer: LineFramer; seen: Seen } {
  const seen: Seen = { lines: [], sources: [], ranges: [], tooLong: [], endless: [] };
  const framer = createLineFramer({
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
    chunksAreReused,
    onLine: (source, start, end) => {
      seen.lines.push(text(source, start, end));
      seen.sources.push(source);
      seen.ranges.push([source, start, end]);
    },
    onTooLong: (head, tail) => seen.tooLong.push([text(head), text(tail)]),
    onEndless: (head) => seen.endless.push(text(head)),
  });
  return { framer, seen };
}

describe('createLineFramer', () => {
  it('finds the same lines wherever the chunks are cut', () => {
    const input = encoder.encode('{"a":1}\n\n{"b":"é"}\r\n\r\nlast\n');
    for (let size = 1; size <= input.length; size++) {
      const { framer, seen } = framed();
      for (let at = 0; at < input.length; at += size) framer.push(input.subarray(at, at + size));
      expect(seen.lines).toEqual(['{"a":1}', '{"b":"é"}\r', 'last']);
    }
  });

  it('hands over a line inside one chunk without copying it', () => {
    const { framer, seen } = framed();
    const chunk = encoder.encode('one\ntwo\n');
    framer.push(chunk);
    expect(seen.sources.every((source) => source === chunk)).toBe(true);
  });

  it('keeps what it has of a line when the chunk it came in is used again', () => {
    const { framer, seen } = framed();
    const chunk = encoder.encode('ab');
    framer.push(chunk);
    chunk.fill(0x7a);
    framer.push(encoder.encode('cd\nef'));
    framer.end();
    expect(seen.lines).toEqual(['abcd', 'ef']);
  });

  it('copies every line when the memory of the chunks is used again', () => {
    const input = encoder.encode('{"a":1}\nlonger than one chunk of it\n\nx\ny\n');
    for (let size = 1; size <= input.length; size++) {
      const { framer, seen } = framed(undefined, true);
      const chunk = new Uint8Array(size);
      for (let at = 0; at < input.length; at += size) {
        const part = input.subarray(at, at + size);
        chunk.set(part);
        framer.push(chunk.subarray(0, part.length));
        chunk.fill(0x7a);
      }
      expect(seen.ranges.map(([source, start, end]) => text(source, start, end))).toEqual(seen.lines);
      expect(seen.lines).toEqual(['{"a":1}', 'longer than one chunk of it', 'x', 'y']);
    }
  });

  it('takes what was read into its own memory without copying it, and nothing of it changes afterwards', () => {
    const { framer, seen } = framed(undefined, true);
    const reused = new Uint8Array(70_000);
    const input = encoder.encode(
      ['x'.repeat(90_000), 'y'.repeat(90_500), 'small', 'z'.repeat(200_000), 'w'.repeat(90_000), 'end', ''].join('\n'),
    );
    let direct = 0;
    for (let at = 0; at < input.length; ) {
      const room = framer.room();
      const into = room ?? reused;
      const size = Math.min(into.length, 50_000, input.length - at);
      into.set(input.subarray(at, at + size));
      if (room !== undefined) direct += size;
      framer.push(into.subarray(0, size));
      reused.fill(0x21);
      at += size;
    }
    expect(seen.lines.join('\n')).toBe(Buffer.from(input.subarray(0, -1)).toString());
    expect(seen.ranges.map(([source, start, end]) => text(source, start, end))).toEqual(seen.lines);
    expect(direct).toBeGreaterThan(150_000);
  });

  it('offers no memory of a line that is over the limit or has not begun', () => {
    const { framer } = framed(100_000);
    expect(framer.room()).toBeUndefined();
    framer.push(new Uint8Array(99_000).fill(0x61));
    framer.push(new Uint8Array(500).fill(0x61));
    expect(framer.room()?.length).toBeGreaterThan(90_000);
    framer.push(new Uint8Array(5000).fill(0x61));
    expect(framer.room()).toBeUndefined();
  });

  it('joins large and small chunks in their order', () => {
    const { framer, seen } = framed();
    let all = '';
    for (let i = 0; i < 40; i++) {
      const part = String.fromCharCode(97 + (i % 26)).repeat(i % 3 === 0 ? 5000 : 7 + i * 40);
      all += part;
      framer.push(encoder.encode(part));
    }
    framer.push(encoder.encode('\nnext\n'));
    expect(seen.lines).toEqual([all, 'next']);
  });

  it('discards a line over the limit, tells its beginning and end once, and goes on with the next', () => {
    const long = `head${'x'.repeat(3000)}tail`;
    for (const size of [1, 7, 1000, 100_000]) {
      const { framer, seen } = framed(1000);
      const input = encoder.encode(`ok\n${long}\nafter\n`);
      for (let at = 0; at < input.length; at += size) framer.push(input.slice(at, at + size));
      expect(seen.lines).toEqual(['ok', 'after']);
      expect(seen.tooLong).toHaveLength(1);
      expect(seen.tooLong[0]?.[0]).toBe(long.slice(0, seen.tooLong[0]?.[0].length));
      expect(seen.tooLong[0]?.[0].length).toBeGreaterThan(1000);
      expect(seen.tooLong[0]?.[1]).toBe(long.slice(-256));
    }
  });

  it('allows a line of exactly the limit', () => {
    const { framer, seen } = framed(10);
    framer.push(encoder.encode('0123456789\n01234'));
    framer.push(encoder.encode('56789\n'));
    expect(seen.lines).toEqual(['0123456789', '0123456789']);
    expect(seen.tooLong).toEqual([]);
  });

  it('gives up once on input without a newline and ignores the rest', () => {
    const { framer, seen } = framed(100);
    for (let i = 0; i < 50; i++) framer.push(encoder.encode('y'.repeat(20)));
    framer.push(encoder.encode('\nlater\n'));
    framer.end();
    expect(seen.endless).toEqual(['y'.repeat(120).slice(0, seen.endless[0]?.length)]);
    expect(seen.lines).toEqual([]);
    expect(seen.tooLong).toEqual([]);
  });

  it('takes the end of the stream for the end of the last line', () => {
    const { framer, seen } = framed(5);
    framer.push(encoder.encode('12345678'));
    framer.end();
    expect(seen.tooLong).toEqual([['12345678', '12345678']]);
  });

  it('reads a line that comes one byte at a time in linear time and memory', () => {
    const { framer, seen } = framed();
    const byte = encoder.encode('z');
    for (let i = 0; i < 300_000; i++) framer.push(byte);
    framer.push(encoder.encode('\n'));
    expect(seen.lines[0]?.length).toBe(300_000);
  });
});
