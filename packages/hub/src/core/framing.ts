/** What a {@link LineFramer} reports to. */
export interface LineFramerOptions {
  /** Longest line, its end not counted. @default 10485760 */
  readonly maxLineBytes?: number;
  /** The memory of the chunks is used again after each push, so that every line must be copied. @default false */
  readonly chunksAreReused?: boolean;
  /** One line that is not blank, as a range of bytes without its newline; the bytes stay as they are. */
  onLine(source: Uint8Array, start: number, end: number): void;
  /** Called at the end of a line over the limit, which was discarded: its first KiB and its last 256 bytes. */
  onTooLong(head: Uint8Array, tail: Uint8Array): void;
  /** Called once when four times the limit came without a newline; everything after that is ignored. */
  onEndless(head: Uint8Array): void;
}

/** Cuts a stream of bytes into lines. */
export interface LineFramer {
  push(chunk: Uint8Array): void;
  /**
   * Where the next bytes are best read into, for they need not be copied then: the free end of the line that has begun.
   * What was read there is pushed like any other chunk. Undefined where there is too little of it.
   */
  room(): Uint8Array | undefined;
  /** The stream is over: the last line needs no newline. */
  end(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const HEAD_BYTES = 1024;
const TAIL_BYTES = 256;
const DEFAULT_MAX = 10 * 1024 * 1024;
const LEAST_ROOM = 4096;
/** Less is not worth a read of its own. */
const WORTH_A_READ = 16 * 1024;

/** Makes a framer whose work and memory are linear in what comes, and that copies no more of it than it must. */
export function createLineFramer(options: LineFramerOptions): LineFramer {
  return new Framer(options);
}

class Framer implements LineFramer {
  readonly #options: LineFramerOptions;
  readonly #max: number;
  /** The line that has begun and not ended, with room to grow. */
  #line: Uint8Array | undefined;
  /** Bytes of that line, those discarded included. */
  #size = 0;
  /** Size of the last line that came in several chunks: the next is likely to need as much room. */
  #expected = LEAST_ROOM;
  #discarding: { readonly head: Uint8Array; tail: Uint8Array } | undefined;
  #endless = false;

  constructor(options: LineFramerOptions) {
    this.#options = options;
    this.#max = options.maxLineBytes ?? DEFAULT_MAX;
  }

  push(chunk: Uint8Array): void {
    if (this.#endless) return;
    let at = 0;
    let isOurs = false;
    if (this.#size > 0) {
      isOurs = chunk.buffer === this.#line?.buffer;
      const newline = chunk.indexOf(LF);
      this.#keep(newline === -1 ? chunk : chunk.subarray(0, newline));
      if (newline === -1 || this.#endless) return;
      this.#finish();
      at = newline + 1;
    }
    const past = chunk.lastIndexOf(LF) + 1;
    if (past > at) {
      if (this.#options.chunksAreReused === true && !isOurs)
        this.#lines(Buffer.from(chunk.subarray(at, past)), 0, past - at);
      else this.#lines(chunk, at, past);
      at = past;
    }
    if (at < chunk.length) this.#keep(at === 0 ? chunk : chunk.subarray(at));
  }

  room(): Uint8Array | undefined {
    if (this.#line === undefined || this.#line.length - this.#size < WORTH_A_READ) return undefined;
    return this.#line.subarray(this.#size);
  }

  end(): void {
    if (this.#size > 0 && !this.#endless) this.#finish();
    this.#endless = true;
  }

  /** Lines that lie inside one chunk; the last byte of the range is a newline. */
  #lines(chunk: Uint8Array, from: number, to: number): void {
    for (let start = from; start < to; ) {
      const end = chunk.indexOf(LF, start);
      this.#whole(chunk, start, end);
      start = end + 1;
    }
  }

  #whole(source: Uint8Array, start: number, end: number): void {
    if (end - start > this.#max) {
      this.#options.onTooLong(headOf(source.subarray(start, end)), tailOf(source.subarray(start, end)));
      return;
    }
    if (end === start || (end === start + 1 && source[start] === CR)) return;
    this.#options.onLine(source, start, end);
  }

  #keep(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (this.#discarding !== undefined) this.#discarding.tail = joinTail(this.#discarding.tail, bytes);
    else {
      this.#add(bytes, size);
      if (size > this.#max) this.#discard(size);
    }
    this.#size = size;
    if (size > this.#max * 4) {
      this.#endless = true;
      this.#options.onEndless(this.#discarding?.head ?? bytes);
    }
  }

  #add(bytes: Uint8Array, size: number): void {
    if (this.#line === undefined || size > this.#line.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#expected, this.#line === undefined ? size : 2 * size));
      if (this.#line !== undefined) grown.set(this.#line.subarray(0, this.#size));
      this.#line = grown;
    }
    if (bytes.buffer !== this.#line.buffer) this.#line.set(bytes, this.#size);
  }

  #discard(size: number): void {
    const line = (this.#line as Uint8Array).subarray(0, size);
    this.#discarding = { head: headOf(line), tail: tailOf(line) };
    this.#line = undefined;
  }

  #finish(): void {
    const size = this.#size;
    const line = this.#line;
    const discarded = this.#discarding;
    this.#size = 0;
    this.#line = this.#discarding = undefined;
    if (discarded !== undefined) this.#options.onTooLong(discarded.head, discarded.tail);
    if (line === undefined) return;
    // A little more, so that one with a longer id need not grow.
    this.#expected = Math.max(LEAST_ROOM, size + (size >> 6));
    this.#whole(line, 0, size);
  }
}

function headOf(line: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(line, 0, HEAD_BYTES);
}

function tailOf(line: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(line, Math.max(0, line.length - TAIL_BYTES));
}

function joinTail(tail: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= TAIL_BYTES) return tailOf(bytes);
  const joined = new Uint8Array(tail.length + bytes.length);
  joined.set(tail, 0);
  joined.set(bytes, tail.length);
  return joined.length > TAIL_BYTES ? joined.subarray(joined.length - TAIL_BYTES) : joined;
}
