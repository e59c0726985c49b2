import type { Piece } from './pieces.ts';

/** One event of a stream. */
export interface SseEvent {
  /** The `id` field, when this event set one. */
  readonly id?: string;
  /** The `event` field, when this event set one. */
  readonly event?: string;
  /** The data lines; empty for an event that only sets an id. */
  readonly data: Uint8Array;
}

/** What a {@link SseParser} reports to. */
export interface SseParserOptions {
  /** Most bytes of one event, field names included. */
  readonly maxEventBytes: number;
  /** Called for every event that has data or an id. */
  onEvent(event: SseEvent): void;
  /** Called for every `retry` field, in milliseconds. */
  onRetry?(ms: number): void;
  /** Called once when an event is too large; everything after it is ignored. */
  onTooLarge?(): void;
  /**
   * Where given, an event that is too large is discarded to its end instead, and told then: the first KiB of its data and
   * its last 256 bytes. One of more than four times the limit still counts as too large for going on.
   */
  onSkipped?(head: Uint8Array, tail: Uint8Array): void;
}

/** Reads a stream of server-sent events from chunks cut anywhere. */
export interface SseParser {
  push(chunk: Uint8Array): void;
  /** The stream is over: an unfinished event is dropped. */
  end(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const EMPTY = new Uint8Array(0);

/**
 * Makes a parser that does linear work and copies an event only where it spans chunks or data lines.
 * @see WHATWG HTML, server-sent events
 */
export function createSseParser(options: SseParserOptions): SseParser {
  return new Parser(options);
}

/** An event that is being discarded. */
interface Skipping {
  readonly head: Uint8Array;
  tail: Uint8Array;
  /** Bytes of the line so far. */
  lineBytes: number;
}

const HEAD_BYTES = 1024;
const TAIL_BYTES = 256;

class Parser implements SseParser {
  readonly #options: SseParserOptions;
  /** Parts of a line whose end has not come yet. */
  #partial: Uint8Array[] = [];
  /** Bytes of the event so far, the unfinished line included. */
  #size = 0;
  #data: Uint8Array[] = [];
  #hasData = false;
  #id: string | undefined;
  #event: string | undefined;
  #skipping: Skipping | undefined;
  #afterCr = false;
  #first = true;
  #closed = false;

  constructor(options: SseParserOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    let lf = -1;
    let cr = -1;
    if (this.#afterCr && chunk.length > 0) {
      this.#afterCr = false;
      if (chunk[0] === LF) at = 1;
    }
    while (!this.#closed && at < chunk.length) {
      if (lf < at) lf = find(chunk, LF, at);
      if (cr < at) cr = find(chunk, CR, at);
      const stop = Math.min(lf, cr);
      this.#size += stop - at;
      const rest = at === 0 && stop === chunk.length ? chunk : chunk.subarray(at, stop);
      if (this.#size > this.#options.maxEventBytes && !this.#skip(rest)) return this.#tooLarge();
      if (stop === chunk.length) {
        if (this.#skipping === undefined) this.#partial.push(rest);
        return;
      }
      at = stop + 1;
      if (stop === cr) {
        if (at === chunk.length) this.#afterCr = true;
        else if (chunk[at] === LF) at++;
      }
      if (this.#skipping === undefined) this.#line(rest);
      else this.#skippedLine(this.#skipping);
    }
  }

  end(): void {
    this.#closed = true;
    this.#reset();
    this.#partial = [];
  }

  /** Drops more of an event that is too large; false when that is no use. */
  #skip(rest: Uint8Array): boolean {
    const { onSkipped, maxEventBytes } = this.#options;
    if (onSkipped === undefined || this.#size > maxEventBytes * 4) return false;
    let skipping = this.#skipping;
    if (skipping === undefined) {
      const line = concat([...this.#partial, rest.subarray(0, HEAD_BYTES)], EMPTY);
      const tail = this.#partial.reduce(joinTail, EMPTY);
      skipping = { head: (this.#data[0] ?? withoutField(line)).slice(0, HEAD_BYTES), tail, lineBytes: line.length };
      this.#skipping = skipping;
      this.#partial = [];
      this.#data = [];
    }
    skipping.lineBytes += rest.length;
    skipping.tail = joinTail(skipping.tail, rest);
    return true;
  }

  #skippedLine(skipping: Skipping): void {
    if (skipping.lineBytes > 0) {
      skipping.lineBytes = 0;
      return;
    }
    this.#skipping = undefined;
    this.#reset();
    this.#options.onSkipped?.(skipping.head, skipping.tail);
  }

  #tooLarge(): void {
    this.end();
    this.#options.onTooLarge?.();
  }

  #reset(): void {
    this.#size = 0;
    this.#data = [];
    this.#hasData = false;
    this.#id = undefined;
    this.#event = undefined;
  }

  #line(rest: Uint8Array): void {
    let line = rest;
    if (this.#partial.length > 0) {
      this.#partial.push(rest);
      line = concat(this.#partial, EMPTY);
      this.#partial = [];
    }
    if (this.#first) {
      this.#first = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) return this.#dispatch();
    const colon = line.indexOf(0x3a);
    if (colon === 0) {
      // A comment belongs to no event: a stream of nothing but comments never grows too large.
      this.#size -= line.length;
      return;
    }
    const nameEnd = colon === -1 ? line.length : colon;
    const from = colon === -1 ? line.length : colon + (line[colon + 1] === 0x20 ? 2 : 1);
    this.#field(line, nameEnd, line.subarray(from));
  }

  #field(line: Uint8Array, nameEnd: number, value: Uint8Array): void {
    if (isText(line, nameEnd, DATA)) {
      this.#data.push(value);
      this.#hasData = true;
    } else if (isText(line, nameEnd, ID)) {
      if (!value.includes(0)) this.#id = decoder.decode(value);
    } else if (isText(line, nameEnd, EVENT)) {
      this.#event = isText(value, value.length, MESSAGE) ? 'message' : decoder.decode(value);
    } else if (isText(line, nameEnd, RETRY)) {
      const text = decoder.decode(value);
      if (/^\d{1,15}$/.test(text)) this.#options.onRetry?.(Number(text));
    }
  }

  #dispatch(): void {
    const id = this.#id;
    const event = this.#event;
    const has = this.#hasData || id !== undefined;
    const data = this.#data.length === 1 ? (this.#data[0] as Uint8Array) : concat(this.#data, NEWLINE);
    this.#reset();
    if (!has) return;
    this.#options.onEvent({
      ...(id === undefined ? undefined : { id }),
      ...(event === undefined ? undefined : { event }),
      data,
    });
  }
}

function joinTail(tail: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= TAIL_BYTES) return bytes.slice(bytes.length - TAIL_BYTES);
  const joined = concat([tail, bytes], EMPTY);
  return joined.slice(Math.max(0, joined.length - TAIL_BYTES));
}

/** What a line says after its `data:`. */
function withoutField(line: Uint8Array): Uint8Array {
  if (!isText(line.subarray(0, 4), 4, DATA) || line[4] !== 0x3a) return line;
  return line.subarray(line[5] === 0x20 ? 6 : 5);
}

const NEWLINE = new Uint8Array([LF]);
const encoder = new TextEncoder();
const DATA = encoder.encode('data');
const ID = encoder.encode('id');
const EVENT = encoder.encode('event');
const RETRY = encoder.encode('retry');
const MESSAGE = encoder.encode('message');

/** Whether the bytes up to the offset are the text; nothing is decoded for the few that every event repeats. */
function isText(bytes: Uint8Array, end: number, text: Uint8Array): boolean {
  if (end !== text.length) return false;
  for (let i = 0; i < end; i++) if (bytes[i] !== text[i]) return false;
  return true;
}

function find(chunk: Uint8Array, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at === -1 ? chunk.length : at;
}

function concat(parts: readonly Uint8Array[], between: Uint8Array): Uint8Array {
  if (parts.length === 0) return EMPTY;
  let size = between.length * (parts.length - 1);
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    if (at > 0 || part !== parts[0]) {
      joined.set(between, at);
      at += between.length;
    }
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Comment that keeps an idle stream open. */
export const SSE_KEEPALIVE = ': keep-alive\n\n';

/** One JSON text as an event of type `message`; line ends, in JSON only white space, become spaces. */
export function sseEvent(pieces: readonly Piece[], id?: string): Piece[] {
  const out: Piece[] = [id === undefined ? 'event: message\ndata: ' : `id: ${id}\nevent: message\ndata: `];
  for (const piece of pieces) out.push(oneLine(piece));
  out.push('\n\n');
  return out;
}

/** An event without data that gives the client an id to resume from and, with `retryMs`, how long to wait. */
export function ssePriming(id: string, retryMs?: number): string {
  return `id: ${id}\n${retryMs === undefined ? '' : `retry: ${retryMs}\n`}data:\n\n`;
}

function oneLine(piece: Piece): Piece {
  if (typeof piece === 'string') return /[\r\n]/.test(piece) ? piece.replace(/[\r\n]/g, ' ') : piece;
  if (!piece.includes(LF) && !piece.includes(CR)) return piece;
  const copy = new Uint8Array(piece);
  for (let i = 0; i < copy.length; i++) if (copy[i] === LF || copy[i] === CR) copy[i] = 0x20;
  return copy;
}
