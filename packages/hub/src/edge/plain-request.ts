import type { Socket } from 'node:net';
import type { TakeBody } from './node-message.ts';
import { type HttpRequest, splitTarget } from './reply.ts';

/**
 * The head of a request that can be read in one way only: nothing in it is folded, repeated, or more than printable ASCII.
 * The classes exclude what follows them, so that it is matched in one pass. @see RFC 9112 sections 2 to 5
 */
const HEAD = /^(POST|DELETE) (\/[\w\-.~/?=&%+:@!$'()*,;]*) HTTP\/1\.1\r\n(?:[\w!#$%&'*+\-.^`|~]+:[ -~]*\r\n)+\r\n$/;
const LENGTH = /^\d{1,9}$/;
const MOST_HEADERS = 100;

/** With one of these, the connection or the body is not what it is without. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A request that came whole and in its plainest form. */
export class PlainRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #body: Uint8Array;
  readonly #socket: Socket;

  constructor(found: PlainFound, socket: Socket) {
    this.method = found.method;
    [this.path, this.query] = splitTarget(found.target);
    this.#headers = found.headers;
    this.#body = found.body;
    this.#socket = socket;
  }

  get remote(): string | undefined {
    return this.#socket.remoteAddress;
  }

  header(lowerCaseName: string): string | undefined {
    return this.#headers.get(lowerCaseName);
  }

  readBody(maxBytes: number, done: TakeBody): void {
    done(this.#body.length > maxBytes ? 'too_large' : this.#body);
  }
}

/** What {@link readPlain} finds. */
export interface PlainFound {
  readonly method: string;
  readonly target: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** How many of the bytes it took. */
  readonly size: number;
}

/**
 * Reads the request the bytes begin with, if all of it is there and no parser could read it differently; undefined for
 * anything else, which is Node's own parser to judge.
 */
export function readPlain(bytes: Buffer, maxHeadBytes: number): PlainFound | undefined {
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1') + 4;
  if (end < 4 || end > maxHeadBytes) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const found = HEAD.exec(head);
  if (found === null) return undefined;
  const headers = readHeaders(head);
  if (headers === undefined) return undefined;
  const length = headers.get('content-length') ?? '0';
  const connection = headers.get('connection');
  if (!headers.has('host') || !LENGTH.test(length)) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined;
  const size = end + Number(length);
  if (size > bytes.length) return undefined;
  const [, method, target] = found as unknown as [string, string, string];
  return { method, target, headers, body: bytes.subarray(end, size), size };
}

/** The headers of a head that has the right form; undefined where one is repeated, or means that it is not plain. */
function readHeaders(head: string): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  let at = head.indexOf('\r\n') + 2;
  while (at < head.length - 2) {
    const colon = head.indexOf(':', at);
    const end = head.indexOf('\r\n', colon);
    const name = head.slice(at, colon).toLowerCase();
    if (headers.has(name) || NOT_PLAIN.has(name) || headers.size === MOST_HEADERS) return undefined;
    headers.set(name, head.slice(colon + 1, end).trim());
    at = end + 2;
  }
  return headers;
}
