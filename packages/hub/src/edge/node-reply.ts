import type { Piece } from '@hatago/protocol';
import type { StreamKeeper } from './event-stream.ts';
import type { Outlet } from './outlet.ts';
import type { HttpReply } from './reply.ts';
import type { Watched } from './roster.ts';

/** Answers up to this size leave in one write together with their headers. */
const ONE_WRITE_BYTES = 16 * 1024;

const { latin1Slice } = Buffer.prototype as Buffer & { latin1Slice(start: number, end: number): string };

/** An answer over a connection of Node's. */
export class NodeReply implements HttpReply, Watched {
  slot: number | undefined;
  extraHeaders: readonly string[] | undefined;
  readonly #outlet: Outlet;
  readonly #keeper: StreamKeeper;
  #done = false;
  #watchedSinceMs = 0;
  #lastBuffered = 0;

  constructor(outlet: Outlet, keeper: StreamKeeper) {
    this.#outlet = outlet;
    this.#keeper = keeper;
  }

  get closed(): boolean {
    return this.#done || this.#outlet.destroyed;
  }

  get bufferedBytes(): number {
    return this.#outlet.writableLength;
  }

  send(status: number, headers: readonly string[], body: readonly Piece[] = NOTHING): void {
    if (this.closed) return;
    this.#done = true;
    const outlet = this.#outlet;
    let characters = 0;
    for (const piece of body) characters += piece.length;
    if (characters <= ONE_WRITE_BYTES) {
      let text = '';
      for (const piece of body) text += asLatin1(piece);
      return outlet.whole(status, this.#headers(headers), text);
    }
    outlet.begin(status, this.#headers(headers), sizeOf(body));
    writePieces(outlet, body);
    outlet.end();
    this.#watchedSinceMs = this.#keeper.deps.now();
    this.#keeper.add(this);
    outlet.onClose(() => this.#keeper.remove(this));
  }

  open(status: number, headers: readonly string[]): void {
    if (!this.closed) this.#outlet.begin(status, this.#headers(headers));
  }

  write(pieces: readonly Piece[]): void {
    if (!this.closed) writePieces(this.#outlet, pieces);
  }

  end(): void {
    if (this.closed) return;
    this.#done = true;
    this.#outlet.end();
  }

  destroy(): void {
    this.#outlet.destroy();
  }

  onClose(call: (delivered: boolean) => void): void {
    this.#outlet.onClose(call);
  }

  /** A large answer nobody reads: the same patience as with streams. */
  check(nowMs: number): void {
    const buffered = this.bufferedBytes;
    if (buffered < this.#lastBuffered) this.#watchedSinceMs = nowMs;
    this.#lastBuffered = buffered;
    if (nowMs - this.#watchedSinceMs < this.#keeper.deps.limits.stalledMs) return;
    this.#keeper.deps.log({ level: 'warn', event: 'edge.slow_reader', reason: 'nothing read' });
    this.destroy();
  }

  #headers(headers: readonly string[]): readonly string[] {
    return this.extraHeaders === undefined ? headers : [...headers, ...this.extraHeaders];
  }
}

const NOTHING: readonly Piece[] = [];

function sizeOf(pieces: readonly Piece[]): number {
  let size = 0;
  for (const piece of pieces) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  return size;
}

/** The piece's UTF-8 bytes as one character each. */
function asLatin1(piece: Piece): string {
  if (typeof piece !== 'string') return latin1Slice.call(piece as Buffer, 0, piece.length);
  return Buffer.byteLength(piece) === piece.length ? piece : Buffer.from(piece).toString('latin1');
}

/** Writes the pieces, small neighbours as one and large ones without copying. */
function writePieces(outlet: Outlet, pieces: readonly Piece[]): void {
  let text = '';
  for (const piece of pieces) {
    if (piece.length <= ONE_WRITE_BYTES) text += asLatin1(piece);
    else {
      if (text !== '') outlet.write(text);
      text = '';
      outlet.write(typeof piece === 'string' ? Buffer.from(piece) : piece);
    }
  }
  if (text !== '') outlet.write(text);
}
