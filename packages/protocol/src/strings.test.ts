import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scan } from './scan.ts';

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(strict.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

describe('scan of strings', () => {
  const holder = new ArrayBuffer(2048);

  it('sees a control byte, a bad escape and an end at every place and alignment', () => {
    const wrong: string[] = [];
    for (let offset = 0; offset < 5; offset++) {
      for (const length of [0, 1, 2, 3, 4, 7, 23, 24, 25, 31, 33, 60, 281]) {
        const bytes = new Uint8Array(holder, offset, length + 2).fill(0x61);
        bytes[0] = 0x22;
        bytes[length + 1] = 0x22;
        if (!scan(bytes).ok) wrong.push(`${offset} ${length} plain`);
        if (scan(bytes, 0, length + 1).ok) wrong.push(`${offset} ${length} without an end`);
        for (let at = 1; at <= length; at++) {
          for (const byte of [0x00, 0x1f, 0x22, 0x5c, 0x7f, 0x80, 0xff]) {
            bytes[at] = byte;
            // Of these only DEL may stand anywhere in a row of "a", and a backslash before the end takes its quote away.
            if (scan(bytes).ok !== (byte === 0x7f)) wrong.push(`${offset} ${length} ${byte} at ${at}`);
          }
          bytes[at] = 0x61;
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('sees one wrong byte anywhere in a very long string', () => {
    const bytes = new Uint8Array(300_000).fill(0x61);
    bytes[0] = bytes[bytes.length - 1] = 0x22;
    expect(scan(bytes).ok).toBe(true);
    for (const at of [300, 65_000, 65_536, 131_071, 200_000, 280_001, 299_800, 299_900, 299_960, 299_990]) {
      for (const byte of [0x1f, 0x80, 0xff]) {
        bytes[at] = byte;
        expect(scan(bytes), `${byte} at ${at}`).toEqual({ ok: false, error: { reason: 'syntax', offset: at } });
      }
      bytes.set([0xc3, 0xa9], at);
      expect(scan(bytes).ok, `two bytes at ${at}`).toBe(true);
      bytes.fill(0x61, at, at + 2);
    }
  });

  it('agrees on long strings of any make-up', () => {
    const part = fc.constantFrom(
      'a',
      'plain text ',
      'x'.repeat(300),
      '\\n',
      '\\"',
      '\\\\',
      '\\u00e9',
      '\u00e9',
      '\u65e5\u672c',
      '\u{1f600}',
      '"',
      '\\',
      '\n',
      '\\u12',
      '\u007f',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const bytes = bytesOf(`{"params":{"a":"${parts.join('')}"}}`);
        expect(scan(bytes).ok).toBe(isJson(bytes));
      }),
      { seed: 20260728, numRuns: 1000 },
    );
  });

  it.each([
    ['a lone continuation', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong of three', [0xe0, 0x9f, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong of four', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['past the last code point', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte that never begins one', [0xf5, 0x80, 0x80, 0x80]],
    ['two of two', [0xc3]],
    ['three of three', [0xe6, 0x97]],
    ['four of four', [0xf0, 0x9f, 0x98]],
  ])('refuses %s in short and long strings', (_, sequence) => {
    for (const padding of [0, 40, 400]) {
      const bytes = Uint8Array.from([0x22, ...new Array<number>(padding).fill(0x61), ...sequence, 0x22]);
      expect(isJson(bytes)).toBe(false);
      expect(scan(bytes)).toMatchObject({ ok: false, error: { reason: 'syntax' } });
    }
  });

  it('accepts the first and last sequence of every length', () => {
    const edges = '\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}';
    for (const padding of [0, 40, 400]) expect(scan(bytesOf(`"${'a'.repeat(padding)}${edges}"`)).ok).toBe(true);
  });
});
