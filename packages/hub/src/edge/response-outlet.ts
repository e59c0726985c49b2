import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasNoBody, type Outlet } from './outlet.ts';

/** How long a client that is still sending may go on after it was answered. */
const LINGER_MS = 2_000;

/** An answer that `node:http` sends. */
export class ResponseOutlet implements Outlet {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get destroyed(): boolean {
    return this.#response.destroyed;
  }

  get writableLength(): number {
    return this.#response.writableLength;
  }

  whole(status: number, headers: readonly string[], text: string): void {
    const response = this.#response;
    response.writeHead(status, hasNoBody(status) ? [...headers] : withLength(headers, text.length));
    endWith(response, text);
    this.#linger();
  }

  begin(status: number, headers: readonly string[], size?: number): void {
    const response = this.#response;
    response.writeHead(status, size === undefined ? [...headers] : withLength(headers, size));
    if (size === undefined) return response.flushHeaders();
    response.cork();
    this.#linger();
  }

  write(data: string | Uint8Array): void {
    if (typeof data === 'string') this.#response.write(data, 'latin1');
    else this.#response.write(data);
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  onClose(call: (delivered: boolean) => void): void {
    const response = this.#response;
    response.on('close', () => call(response.writableFinished));
  }

  /** Whatever the client still sends is discarded, but not for long. */
  #linger(): void {
    const { req } = this.#response;
    if (req.complete || !hasBody(req)) return;
    req.resume();
    const timer = setTimeout(() => {
      if (!req.complete) req.destroy();
    }, LINGER_MS).unref();
    req.once('close', () => clearTimeout(timer));
  }
}

const withLength = (headers: readonly string[], length: number): string[] => [
  ...headers,
  'Content-Length',
  String(length),
];

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

/** Whether the client sends anything behind its headers. @see RFC 9112 section 6 */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}
