import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Piece } from '@hatago/protocol';
import type { StreamKeeper, Watched } from './event-stream.ts';
import type { HttpReply } from './reply.ts';

/** Answers up to this size leave in one write together with their headers. */
const ONE_WRITE_BYTES = 16 * 1024;
/** How long a client that is still sending may go on after it was answered. */
const LINGER_MS = 2_000;

const { latin1Slice } = Buffer.prototype as Buffer & { latin1Slice(start: number, end: number): string };

/** An answer over `node:http`. */
export class NodeReply implements HttpReply, Watched {
  slot: number | undefined;
  extraHeaders: readonly string[] | undefined;
  readonly #response: ServerResponse;
  readonly #keeper: StreamKeeper;
  #done = false;
  #watchedSinceMs = 0;
  #lastBuffered = 0;

  constructor(response: ServerResponse, keeper: StreamKeeper) {
    this.#response = response;
    this.#keeper = keeper;
  }

  get closed(): boolean {
    return this.#done || this.#response.destroyed;
  }

  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  send(status: number, headers: readonly string[], body: readonly Piece[] = NOTHING): void {
    if (this.closed) return;
    this.#done = true;
    const response = this.#response;
    let characters = 0;
    for (const piece of body) characters += piece.length;
    if (characters <= ONE_WRITE_BYTES) {
      let text = '';
      for (const piece of body) text += asLatin1(piece);
      response.writeHead(status, this.#headers(headers, status === 204 ? undefined : text.length));
      endWith(response, text);
    } else {
      response.writeHead(status, this.#headers(headers, sizeOf(body)));
      response.cork();
      writePieces(response, body);
      response.end();
      this.#watchedSinceMs = this.#keeper.deps.now();
      this.#keeper.add(this);
      response.on('close', () => this.#keeper.remove(this));
    }
    if (!response.req.complete && hasBody(response.req)) linger(response);
  }

  open(status: number, headers: readonly string[]): void {
    if (this.closed) return;
    this.#response.writeHead(status, this.#headers(headers, undefined));
    this.#response.flushHeaders();
  }

  write(pieces: readonly Piece[]): void {
    if (!this.closed) writePieces(this.#response, pieces);
  }

  end(): void {
    if (this.closed) return;
    this.#done = true;
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  onClose(call: (delivered: boolean) => void): void {
    const response = this.#response;
    response.on('close', () => call(response.writableFinished));
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

  #headers(headers: readonly string[], length: number | undefined): string[] {
    const all = length === undefined ? [...headers] : [...headers, 'Content-Length', String(length)];
    if (this.extraHeaders !== undefined) all.push(...this.extraHeaders);
    return all;
  }
}

const NOTHING: readonly Piece[] = [];

function sizeOf(pieces: readonly Piece[]): number {
  let size = 0;
  for (const piece of pieces) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  return size;
}

/**
 * Ends an answer with its only text. `end(text)` corks the socket and hands it two chunks, the second empty; the method
 * below it puts headers and text into one.
 */
function endWith(response: ServerResponse, text: string): void {
  const { _send: send } = response as ServerResponse & { _send?: (data: string, encoding: 'latin1') => boolean };
  if (typeof send !== 'function' || response.req.method !== 'POST' || text === '') {
    response.end(text, 'latin1');
    return;
  }
  send.call(response, text, 'latin1');
  response.end();
}

/** The piece's UTF-8 bytes as one character each. */
function asLatin1(piece: Piece): string {
  if (typeof piece !== 'string') return latin1Slice.call(piece as Buffer, 0, piece.length);
  return Buffer.byteLength(piece) === piece.length ? piece : Buffer.from(piece).toString('latin1');
}

/** Writes the pieces, small neighbours as one and large ones without copying. */
function writePieces(response: ServerResponse, pieces: readonly Piece[]): void {
  let text = '';
  for (const piece of pieces) {
    if (piece.length <= ONE_WRITE_BYTES) text += asLatin1(piece);
    else {
      if (text !== '') response.write(text, 'latin1');
      text = '';
      response.write(piece);
    }
  }
  if (text !== '') response.write(text, 'latin1');
}

/** Whether the client sends anything behind its headers. @see RFC 9112 section 6 */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}

/** Whatever the client still sends is discarded, but not for long. */
function linger(response: ServerResponse): void {
  const { req } = response;
  req.resume();
  const timer = setTimeout(() => {
    if (!req.complete) req.destroy();
  }, LINGER_MS).unref();
  req.once('close', () => clearTimeout(timer));
}
