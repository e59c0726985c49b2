/**
 * Offset of the first byte in the range that does not begin a UTF-8 sequence, or -1. The byte behind the range must exist
 * and be no continuation, so that it ends a sequence that is cut short.
 * @see RFC 3629 section 4
 */
export function firstNonUtf8(source: Uint8Array, from: number, to: number): number {
  let p = from;
  while (p < to) {
    const c = source[p] as number;
    if (c < 0x80) {
      p++;
      continue;
    }
    const second = source[p + 1] as number;
    if (c < 0xc2 || c > 0xf4 || !isTail(second)) return p;
    if (c < 0xe0) {
      p += 2;
      continue;
    }
    if (!isTail(source[p + 2] as number)) return p;
    if (c < 0xf0) {
      if ((c === 0xe0 && second < 0xa0) || (c === 0xed && second > 0x9f)) return p;
      p += 3;
      continue;
    }
    if (!isTail(source[p + 3] as number)) return p;
    if ((c === 0xf0 && second < 0x90) || (c === 0xf4 && second > 0x8f)) return p;
    p += 4;
  }
  return -1;
}

const isTail = (c: number): boolean => (c & 0xc0) === 0x80;
