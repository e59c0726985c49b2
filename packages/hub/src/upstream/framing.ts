/** What a {@link LineFramer} reports to. */
export interface LineFramerOptions {
  /** Longest line, its end not counted. @default 10485760 */
  readonly maxLineBytes?: number;
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
  /** The stream is over: the last line needs no newline. */
  end(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const HEAD_BYTES = 1024;
const TAIL_BYTES = 256;
const DEFAULT_MAX = 10 * 1024 * 1024;
/** Chunks below this size are gathered in a block, so that a line in many small chunks is not a long list of them. */
const SMALL = 4096;
const BLOCK_BYTES = 65_536;

/** Makes a framer whose work and memory are linear in what comes, and that copies only lines cut by a chunk's end. */
export function createLineFramer(options: LineFramerOptions): LineFramer {
  return new Framer(options);
}

class Framer implements LineFramer {
  readonly #options: LineFramerOptions;
  readonly #max: number;
  #parts: Uint8Array[] = [];
  /** Bytes of the line so far, those in the block and those discarded included. */
  #size = 0;
  #block: Uint8Array | undefined;
  /** Where what is not yet among the parts begins and ends in the block. */
  #from = 0;
  #fill = 0;
  #discarding: { readonly head: Uint8Array; tail: Uint8Array } | undefined;
  #endless = false;

  constructor(options: LineFramerOptions) {
    this.#options = options;
    this.#max = options.maxLineBytes ?? DEFAULT_MAX;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (!this.#endless) {
      const newline = chunk.indexOf(LF, at);
      if (newline === -1) {
        if (at < chunk.length) this.#keep(at === 0 ? chunk : chunk.subarray(at));
        return;
      }
      if (this.#size === 0) this.#whole(chunk, at, newline);
      else {
        this.#keep(chunk.subarray(at, newline));
        if (!this.#endless) this.#finish();
      }
      at = newline + 1;
    }
  }

  end(): void {
    if (this.#size > 0 && !this.#endless) this.#finish();
    this.#endless = true;
  }

  /** A line that lies inside one chunk. */
  #whole(chunk: Uint8Array, start: number, end: number): void {
    if (end - start > this.#max) {
      this.#options.onTooLong(headOf(chunk.subarray(start, end)), tailOf(chunk.subarray(start, end)));
      return;
    }
    if (end === start || (end === start + 1 && chunk[start] === CR)) return;
    this.#options.onLine(chunk, start, end);
  }

  #keep(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#discarding !== undefined) {
      this.#discarding.tail = joinTail(this.#discarding.tail, bytes);
    } else {
      this.#add(bytes);
      if (this.#size <= this.#max) return;
      const line = this.#join(this.#size);
      this.#discarding = { head: headOf(line), tail: tailOf(line) };
    }
    if (this.#size > this.#max * 4) {
      this.#endless = true;
      this.#options.onEndless(this.#discarding.head);
    }
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length >= SMALL) {
      this.#flush();
      this.#parts.push(bytes);
      return;
    }
    if (this.#block === undefined || this.#fill + bytes.length > BLOCK_BYTES) {
      this.#flush();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#from = this.#fill = 0;
    }
    this.#block.set(bytes, this.#fill);
    this.#fill += bytes.length;
  }

  #flush(): void {
    if (this.#fill > this.#from) this.#parts.push((this.#block as Uint8Array).subarray(this.#from, this.#fill));
    this.#from = this.#fill;
  }

  /** The line so far in one array; the block is free again. */
  #join(size: number): Uint8Array {
    this.#flush();
    const line = Buffer.allocUnsafe(size);
    let at = 0;
    for (const part of this.#parts) {
      line.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#from = this.#fill = 0;
    return line;
  }

  #finish(): void {
    const size = this.#size;
    this.#size = 0;
    const discarded = this.#discarding;
    if (discarded !== undefined) {
      this.#discarding = undefined;
      this.#options.onTooLong(discarded.head, discarded.tail);
      return;
    }
    const line = this.#join(size);
    if (size === 1 && line[0] === CR) return;
    this.#options.onLine(line, 0, size);
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
