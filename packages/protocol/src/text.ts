const BACKSLASH = 0x5c;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Recently read short texts, so that the names, methods and versions every message repeats are neither decoded nor
 * allocated again. Two places per hash; a stream of ever new texts only makes it useless, never larger.
 */
const SETS = 512;
const MAX_BYTES = 48;
const bytes = new Uint8Array(SETS * 2 * MAX_BYTES);
const texts: string[] = new Array<string>(SETS * 2).fill('');
const victims = new Uint8Array(SETS);

/** The text of a JSON string; `start` is at its opening quote, `end` past its closing one, and it has been scanned. */
export function jsonStringAt(source: Uint8Array, start: number, end: number): string {
  const from = start + 1;
  const length = end - 1 - from;
  if (length > MAX_BYTES) return decodeString(source, start, end);
  if (length === 0) return '';
  const hash =
    Math.imul(source[from] as number, 0x85ebca6b) ^
    Math.imul(source[from + (length >> 1)] as number, 0xc2b2ae35) ^
    Math.imul(source[end - 2] as number, 0x27d4eb2f) ^
    Math.imul((source[end - 3] as number) + (length << 8), 0x165667b1);
  const set = (hash ^ (hash >>> 15) ^ (hash >>> 23)) & (SETS - 1);
  const first = set * 2;
  if (isAt(first, source, from, length)) return texts[first] as string;
  if (isAt(first + 1, source, from, length)) return texts[first + 1] as string;
  for (let i = from; i < end - 1; i++) {
    const c = source[i] as number;
    if (c === BACKSLASH || c >= 0x80) return decodeString(source, start, end);
  }
  const slot = first + (victims[set] as number);
  victims[set] = (victims[set] as number) ^ 1;
  const text = decoder.decode(source.subarray(from, end - 1));
  texts[slot] = text;
  bytes.set(source.subarray(from, end - 1), slot * MAX_BYTES);
  return text;
}

function isAt(slot: number, source: Uint8Array, from: number, length: number): boolean {
  if ((texts[slot] as string).length !== length) return false;
  const base = slot * MAX_BYTES;
  for (let i = 0; i < length; i++) if (bytes[base + i] !== source[from + i]) return false;
  return true;
}

function decodeString(source: Uint8Array, start: number, end: number): string {
  const text = decoder.decode(source.subarray(start, end));
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** The value of a short JSON number made of digits alone; undefined for every other value. */
export function digitsAt(source: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 15) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (source[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
