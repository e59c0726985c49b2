import { BLOCK_BYTES, BLOCK_STEP, checkBlock, HAS_CONTROL, HAS_WIDE } from './block-check.ts';
import { firstNonUtf8 } from './utf8.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** How far a string is read byte by byte, and from there word by word, before its end is searched for. */
const SHORT = 24;
const DENSE = 8;
const NEAR = 256;
/** Fewer bytes are read word by word. */
const WORTH_A_BLOCK = 4096;

// As in the scan that uses this: one text at a time, never yielding.
let src: Uint8Array = new Uint8Array(0);
let limit = 0;
let nextBackslash = -1;
let nextQuote = -1;
/** Whether the string at hand has a byte outside of ASCII. */
let wide = false;
let view: Uint8Array | undefined;
let words: Int32Array | undefined;
let wordsFrom = 0;

/** Sets the text whose strings are read from now on. */
export function beginStrings(source: Uint8Array, end: number): void {
  src = source;
  limit = end;
  nextBackslash = -1;
  nextQuote = -1;
  view = undefined;
  words = undefined;
}

/**
 * Offset past the string whose opening quote is at the offset; `-1 - offset` of what is wrong where it is no JSON string.
 * Bytes that are not UTF-8 are wrong too: a server that decodes strictly would fall over them, and everybody's calls
 * with it.
 */
export function stringEnd(start: number): number {
  const source = src;
  const from = start + 1;
  const soon = Math.min(limit, from + SHORT);
  let p = from;
  let seen = 0;
  while (p < soon) {
    const c = source[p] as number;
    if (c === QUOTE) return seen < 0x80 ? p + 1 : checked(from, p);
    if (c < 0x20) return -1 - p;
    seen |= c;
    if (c === BACKSLASH) {
      const next = skipEscape(p);
      if (next < 0) return next;
      p = next;
    } else p++;
  }
  wide = seen >= 0x80;
  const quote = longString(p);
  if (quote < 0) return quote;
  return wide ? checked(from, quote) : quote + 1;
}

function checked(from: number, quote: number): number {
  const bad = firstNonUtf8(src, from, quote);
  return bad === -1 ? quote + 1 : -1 - bad;
}

/** Past the escape sequence that begins at the offset. */
function skipEscape(at: number): number {
  if (at + 1 >= limit) return -1 - at;
  switch (src[at + 1]) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2;
    case 0x75:
      for (let i = at + 2; i < at + 6; i++) if (i >= limit || !isHex(src[i] as number)) return -1 - at;
      return at + 6;
    default:
      return -1 - at;
  }
}

function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
}

/** Offset of the quote that ends the string: looked for word by word near by, by searching where it is far. */
function longString(from: number): number {
  words ??= wordsOf(src);
  let p = from;
  for (;;) {
    p = nearSpecial(p, Math.min(limit, p + NEAR));
    if (p < 0) return p;
    if (p >= limit) return -1 - limit;
    const c = src[p];
    if (c === QUOTE) return p;
    if (c !== BACKSLASH) {
      // Both are kept: searching again for a far one after every near other one would take quadratic time.
      if (nextBackslash < p) nextBackslash = search(BACKSLASH, p);
      if (nextQuote < p) nextQuote = search(QUOTE, p);
      const stop = Math.min(nextQuote, nextBackslash);
      const bad = firstControl(p, stop);
      if (bad !== -1) return -1 - bad;
      p = stop;
      if (p >= limit) return -1 - limit;
      if (p === nextQuote) return p;
    }
    p = skipEscapes(p);
    if (p < 0) return p;
  }
}

/** Past the escape sequence at the offset and those close behind it; -1 - offset where one is wrong. */
function skipEscapes(at: number): number {
  let p = skipEscape(at);
  if (p < 0) return p;
  let soon = Math.min(limit, p + DENSE);
  while (p < soon) {
    const c = src[p] as number;
    if (c === QUOTE) return p;
    if (c < 0x20) return -1 - p;
    if (c >= 0x80) wide = true;
    if (c === BACKSLASH) {
      p = skipEscape(p);
      if (p < 0) return p;
      soon = Math.min(limit, p + DENSE);
    } else p++;
  }
  return p;
}

/** Offset of the first quote or backslash in the range, else its end; `-1 - offset` of a control byte before. */
function nearSpecial(from: number, to: number): number {
  let p = from;
  while (p < to) {
    if (((p - wordsFrom) & 3) === 0) {
      p = plainWords(p, to);
      if (p >= to) return p;
    }
    const c = src[p] as number;
    if (c === QUOTE || c === BACKSLASH) return p;
    if (c < 0x20) return -1 - p;
    if (c >= 0x80) wide = true;
    p++;
  }
  return p;
}

/** Offset of the first word in the range that holds a quote, a backslash or a control byte, or that is not whole. */
function plainWords(from: number, to: number): number {
  const all = words as Int32Array;
  const last = (to - wordsFrom) >> 2;
  let i = (from - wordsFrom) >> 2;
  let seen = 0;
  for (; i < last; i++) {
    const w = all[i] as number;
    const q = w ^ 0x22222222;
    const b = w ^ 0x5c5c5c5c;
    const hit = (((q - 0x01010101) | 0) & ~q) | (((b - 0x01010101) | 0) & ~b) | (((w - 0x20202020) | 0) & ~w);
    if ((hit & 0x80808080) !== 0) break;
    seen |= w;
  }
  if ((seen & 0x80808080) !== 0) wide = true;
  return wordsFrom + (i << 2);
}

function search(byte: number, from: number): number {
  // Never past this message: the bytes behind it may be many.
  view ??= limit === src.length ? src : src.subarray(0, limit);
  const found = view.indexOf(byte, from);
  return found === -1 ? limit : found;
}

/** Offset of the first control byte in the range, else -1. */
function firstControl(from: number, to: number): number {
  const all = words as Int32Array;
  let p = plainBlocks(from, to);
  for (; p < to; p++) {
    if (((p - wordsFrom) & 3) === 0) {
      let i = (p - wordsFrom) >> 2;
      const last = (to - wordsFrom) >> 2;
      let seen = 0;
      for (; i < last; i++) {
        const w = all[i] as number;
        if ((((w - 0x20202020) | 0) & ~w & 0x80808080) !== 0) break;
        seen |= w;
      }
      if ((seen & 0x80808080) !== 0) wide = true;
      p = wordsFrom + (i << 2);
      if (p >= to) return -1;
    }
    const c = src[p] as number;
    if (c < 0x20) return p;
    if (c >= 0x80) wide = true;
  }
  return -1;
}

/** Offset behind the blocks in the range that hold no control byte. */
function plainBlocks(from: number, to: number): number {
  let p = from;
  while (to - p >= WORTH_A_BLOCK) {
    const size = Math.min(BLOCK_BYTES, (to - p) & -BLOCK_STEP);
    const has = checkBlock(src, p, size);
    if (has === undefined || (has & HAS_CONTROL) !== 0) return p;
    if ((has & HAS_WIDE) !== 0) wide = true;
    p += size;
  }
  return p;
}

function wordsOf(bytes: Uint8Array): Int32Array {
  wordsFrom = (4 - (bytes.byteOffset & 3)) & 3;
  return new Int32Array(bytes.buffer, bytes.byteOffset + wordsFrom, Math.max(0, bytes.length - wordsFrom) >> 2);
}
