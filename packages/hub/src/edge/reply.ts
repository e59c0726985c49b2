import type { Piece } from '@hatago/protocol';

/** One HTTP request, whatever brought it. */
export interface HttpRequest {
  readonly method: string;
  /** The path as it was sent, undecoded, without the query. */
  readonly path: string;
  /** The query without its question mark, `''` when there is none. */
  readonly query: string;
  /** Address of the peer, where known. */
  readonly remote: string | undefined;
  /** One header by its lower-case name. */
  header(lowerCaseName: string): string | undefined;
  /** Reads the body once, to be called before the tick is over; never calls back when the client goes away first. */
  readBody(maxBytes: number, done: (body: Uint8Array | 'too_large') => void): void;
}

/** The answer to one HTTP request: either `send` once, or `open`, any number of `write`, and `end`. */
export interface HttpReply {
  /** Headers (name, value, name, value …) added to whatever is sent. */
  extraHeaders: readonly string[] | undefined;
  /** Nothing that is written reaches the client any more. */
  readonly closed: boolean;
  /** What the client has not taken yet. */
  readonly bufferedBytes: number;
  /** Sends a whole answer. */
  send(status: number, headers: readonly string[], body?: readonly Piece[]): void;
  /** Begins an answer of unknown length. */
  open(status: number, headers: readonly string[]): void;
  write(pieces: readonly Piece[]): void;
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
  /** Calls back once when the answer is over: `delivered` when all of it was handed to the network. */
  onClose(call: (delivered: boolean) => void): void;
}

/** Headers of a JSON answer. */
export const JSON_HEADERS: readonly string[] = ['Content-Type', 'application/json'];

/** Headers of a stream of events; the last one stops proxies from holding events back. */
export const SSE_HEADERS: readonly string[] = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-cache, no-transform',
  'X-Accel-Buffering',
  'no',
];

/** No headers. */
export const NO_HEADERS: readonly string[] = [];

/** The path of a request target, and its query without the question mark. */
export function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}
