import type { Members } from './members.ts';
import { err, ok, type Result } from './result.ts';
import { beginStrings, stringEnd } from './strings.ts';
import { jsonStringAt } from './text.ts';

/** Bounds of one scan. */
export interface ScanLimits {
  /** Deepest nesting of arrays and objects. @default 64 */
  readonly maxDepth: number;
  /** Most values, names included. @default 200000 */
  readonly maxTokens: number;
}

/** Why a text was refused, with the byte offset at which that was seen. */
export interface ScanError {
  readonly reason: 'syntax' | 'depth' | 'tokens' | 'duplicate';
  readonly offset: number;
}

/** One JSON text, checked whole, with the members of the objects a JSON-RPC message is routed by. */
export interface Scanned {
  readonly source: Uint8Array;
  /** Offset of the first byte of the value. */
  readonly start: number;
  /** Offset past the last byte of the value. */
  readonly end: number;
  /** Members of the value itself; undefined when it is no object. */
  readonly top: Members | undefined;
  /** The elements, when the value is an array (a batch). */
  readonly elements: readonly Scanned[] | undefined;
}

/** The limits used unless others are given. */
export const DEFAULT_SCAN_LIMITS: ScanLimits = { maxDepth: 64, maxTokens: 200_000 };

const QUOTE = 0x22;
/** The objects these members hold are recorded too, down to the `_meta` of `params`. */
const TRACKED = new Set(['params', 'result', 'error', '_meta']);
/** The lists a result may hold, whose items somebody will look into: they are recorded as they are passed. */
const LISTS = new Set(['tools', 'prompts', 'resources', 'resourceTemplates']);
/** Level of an item of such a list: of its members none is looked into. */
const ITEM = 3;
/** What was recorded of the lists in a text, by the offset each begins at. */
const recorded = new WeakMap<Uint8Array, Map<number, readonly Scanned[]>>();

// One scan runs at a time and never yields, so its state lives here instead of in an object per message.
let src: Uint8Array = new Uint8Array(0);
let pos = 0;
let limit = 0;
let depth = 0;
let tokens = 0;
let maxDepth = 0;
const failure: { reason: ScanError['reason']; offset: number } = { reason: 'syntax', offset: 0 };
const FAILED = new Error('scan failed');

function fail(reason: ScanError['reason'], offset = pos): never {
  failure.reason = reason;
  failure.offset = offset;
  throw FAILED;
}

/**
 * Checks that the bytes hold exactly one JSON text, in linear time, and finds the members of the message in it.
 * It accepts nothing that `JSON.parse` refuses, and refuses besides: bytes that are not UTF-8, nesting or token counts
 * over the limits, and duplicate members in the objects it records.
 * @see RFC 8259
 */
export function scan(
  source: Uint8Array,
  start = 0,
  end: number = source.length,
  limits: ScanLimits = DEFAULT_SCAN_LIMITS,
): Result<Scanned, ScanError> {
  src = source;
  pos = start;
  limit = end;
  depth = 0;
  tokens = limits.maxTokens;
  maxDepth = limits.maxDepth;
  beginStrings(source, end);
  try {
    skipSpace();
    const scanned = root();
    skipSpace();
    if (pos !== limit) fail('syntax');
    return ok(scanned);
  } catch (error) {
    if (error !== FAILED) throw error;
    return err({ ...failure });
  } finally {
    src = EMPTY;
    beginStrings(EMPTY, 0);
  }
}
const EMPTY = new Uint8Array(0);

function root(): Scanned {
  const start = pos;
  const first = pos < limit ? src[pos] : undefined;
  if (first === 0x7b) {
    const top = object(0);
    return { source: src, start, end: pos, top, elements: undefined };
  }
  if (first !== 0x5b) {
    value();
    return { source: src, start, end: pos, top: undefined, elements: undefined };
  }
  const elements = array(0);
  return { source: src, start, end: pos, top: undefined, elements };
}

/** Reads an array and records its elements; `level` is that of the objects among them. */
function array(level: number): Scanned[] {
  const elements: Scanned[] = [];
  open();
  skipSpace();
  if (src[pos] === 0x5d && pos < limit) pos++;
  else
    do {
      skipSpace();
      elements.push(element(level));
      skipSpace();
    } while (more(0x5d));
  depth--;
  return elements;
}

/** Two members of the item at hand have one name; whoever looks into it settles that. */
let twice = false;

function element(level: number): Scanned {
  const start = pos;
  let top: Members | undefined;
  if (pos < limit && src[pos] === 0x7b) {
    twice = false;
    top = object(level);
    if (twice) top = undefined;
  } else value();
  return { source: src, start, end: pos, top, elements: undefined };
}

function skipSpace(): void {
  while (pos < limit) {
    const c = src[pos] as number;
    if (c > 0x20 || (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09)) return;
    pos++;
  }
}

function open(): void {
  if (++depth > maxDepth) fail('depth');
  if (--tokens < 0) fail('tokens');
  pos++;
}

/** After an element: true past a comma, false past the closing byte. */
function more(close: number): boolean {
  const c = pos < limit ? src[pos] : undefined;
  if (c === 0x2c) {
    pos++;
    return true;
  }
  if (c !== close) fail('syntax');
  pos++;
  return false;
}

/** Of objects so deep inside that nothing in them is recorded. */
const NO_CHILDREN: readonly undefined[] = [];

/** Reads an object and records its members; `level` 0 is the message itself. */
function object(level: number): Members {
  const members: Members = { start: pos, end: 0, names: [], at: [], children: level < 2 ? [] : NO_CHILDREN };
  open();
  skipSpace();
  if (pos < limit && src[pos] === 0x7d) pos++;
  else
    do {
      skipSpace();
      member(members, level);
      skipSpace();
    } while (more(0x7d));
  depth--;
  (members as { end: number }).end = pos;
  return members;
}

function member(members: Members, level: number): void {
  const nameStart = pos;
  if (pos >= limit || src[pos] !== QUOTE) fail('syntax');
  string();
  const name = jsonStringAt(src, nameStart, pos);
  const names = members.names as string[];
  if (isTaken(members, name)) {
    if (level < ITEM) fail('duplicate', nameStart);
    twice = true;
  }
  colon();
  const valueStart = pos;
  let child: Members | undefined;
  if (level < 2 && src[pos] === 0x7b && pos < limit && TRACKED.has(name)) child = object(level + 1);
  else if (level === 1 && src[pos] === 0x5b && pos < limit && LISTS.has(name)) list();
  else value();
  names.push(name);
  (members.at as number[]).push(nameStart, valueStart, pos);
  if (level < 2) (members.children as (Members | undefined)[]).push(child);
}

function list(): void {
  const start = pos;
  const elements = array(ITEM);
  const lists = recorded.get(src);
  if (lists === undefined) recorded.set(src, new Map([[start, elements]]));
  else lists.set(start, elements);
}

/** The elements of the array at the offset, where a scan of the bytes has recorded them. */
export function recordedElements(source: Uint8Array, start: number): readonly Scanned[] | undefined {
  return recorded.get(source)?.get(start);
}

/** Long lists of names are held in a set too, or finding a duplicate among them would take quadratic time. */
const taken = new WeakMap<Members, Set<string>>();

function isTaken(members: Members, name: string): boolean {
  if (members.names.length < 24) return members.names.includes(name);
  let set = taken.get(members);
  if (set === undefined) {
    set = new Set(members.names);
    taken.set(members, set);
  }
  if (set.has(name)) return true;
  set.add(name);
  return false;
}

function colon(): void {
  skipSpace();
  if (pos >= limit || src[pos] !== 0x3a) fail('syntax');
  pos++;
  skipSpace();
}

function value(): void {
  if (pos >= limit) fail('syntax');
  switch (src[pos]) {
    case QUOTE:
      return string();
    case 0x7b:
      return skipObject();
    case 0x5b:
      return skipArray();
    case 0x74:
      return literal(0x72, 0x75, 0x65, -1);
    case 0x66:
      return literal(0x61, 0x6c, 0x73, 0x65);
    case 0x6e:
      return literal(0x75, 0x6c, 0x6c, -1);
    default:
      return number();
  }
}

function skipObject(): void {
  open();
  skipSpace();
  if (pos < limit && src[pos] === 0x7d) pos++;
  else
    do {
      skipSpace();
      if (pos >= limit || src[pos] !== QUOTE) fail('syntax');
      string();
      colon();
      value();
      skipSpace();
    } while (more(0x7d));
  depth--;
}

function skipArray(): void {
  open();
  skipSpace();
  if (pos < limit && src[pos] === 0x5d) pos++;
  else
    do {
      skipSpace();
      value();
      skipSpace();
    } while (more(0x5d));
  depth--;
}

function literal(a: number, b: number, c: number, d: number): void {
  if (--tokens < 0) fail('tokens');
  const length = d === -1 ? 4 : 5;
  if (pos + length > limit || src[pos + 1] !== a || src[pos + 2] !== b || src[pos + 3] !== c) fail('syntax');
  if (d !== -1 && src[pos + 4] !== d) fail('syntax');
  pos += length;
}

function digits(): void {
  const from = pos;
  while (pos < limit && (src[pos] as number) >= 0x30 && (src[pos] as number) <= 0x39) pos++;
  if (pos === from) fail('syntax');
}

function number(): void {
  if (--tokens < 0) fail('tokens');
  if (src[pos] === 0x2d) pos++;
  if (pos < limit && src[pos] === 0x30) pos++;
  else digits();
  if (pos < limit && src[pos] === 0x2e) {
    pos++;
    digits();
  }
  if (pos < limit && ((src[pos] as number) | 0x20) === 0x65) {
    pos++;
    if (pos < limit && (src[pos] === 0x2b || src[pos] === 0x2d)) pos++;
    digits();
  }
}

function string(): void {
  if (--tokens < 0) fail('tokens');
  const end = stringEnd(pos);
  if (end < 0) fail('syntax', -1 - end);
  pos = end;
}
