import { scan } from '@hatago/protocol';
import type { WebSocket } from 'ws';
import { deliver, isMessage } from './deliver.ts';
import { parseEgressHeaders, parseEgressUrl } from './egress.ts';
import type { HttpSpec } from './http.ts';
import {
  type Link,
  type LinkDeps,
  LinkError,
  type LinkEvents,
  type LinkFailure,
  MAX_MESSAGE_BYTES,
  MAX_QUEUED_BYTES,
  type Outgoing,
} from './link.ts';
import { packPieces } from './pack.ts';
import { responseIdOf } from './response-id.ts';

/** How long the handshake may take, in milliseconds. */
const HANDSHAKE_MS = 10_000;
/** How many times the limit a message may be and still be read, to learn whose answer it is. */
const OVERSIZE = 4;
/** How long the other side has to agree to the end, in milliseconds. */
const CLOSE_WITHIN_MS = 1000;

/**
 * Opens a link over a WebSocket with the subprotocol `mcp`, one message per frame. Rejects with a {@link LinkError} when
 * the connection cannot be made.
 */
export async function openWebSocket(spec: HttpSpec, events: LinkEvents, deps: LinkDeps): Promise<Link> {
  const url = parseEgressUrl(spec.url, ['ws:', 'wss:']);
  if (!url.ok) throw new LinkError({ kind: 'unsent', message: url.error });
  const headers = parseEgressHeaders(spec.headers ?? {});
  if (!headers.ok) throw new LinkError({ kind: 'unsent', message: headers.error });
  const { WebSocket: Socket } = await import('ws');
  if (deps.signal.cancelled) throw new LinkError({ kind: 'unsent', message: deps.signal.reason ?? 'cancelled' });
  const socket = new Socket(url.value, ['mcp'], {
    headers: toRecord(headers.value),
    // A message over the limit costs its own call alone; one far over it, the connection.
    maxPayload: OVERSIZE * (deps.maxMessageBytes ?? MAX_MESSAGE_BYTES),
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  const link = new WsLink(socket, events, deps);
  await opened(socket, deps);
  return link;
}

function opened(socket: WebSocket, deps: LinkDeps): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (failure: LinkFailure): void => {
      detach();
      socket.terminate();
      reject(new LinkError(failure));
    };
    const detach = deps.signal.onCancel((reason) => fail({ kind: 'unsent', message: reason }));
    socket.once('open', () => {
      detach();
      resolve();
    });
    socket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      const kind = status === 401 || status === 403 ? 'auth' : 'http';
      fail({ kind, status, message: `the server answered HTTP ${status}` });
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      fail({ kind: 'unsent', message: `the connection failed (${error.code ?? error.message})` });
    });
  });
}

function toRecord(headers: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (let i = 0; i + 1 < headers.length; i += 2) out[headers[i] as string] = headers[i + 1] as string;
  return out;
}

class WsLink implements Link {
  readonly attributed = false;
  readonly #socket: WebSocket;
  readonly #events: LinkEvents;
  readonly #deps: LinkDeps;
  #why: string | undefined;
  #wasOpen = false;
  #silent = false;

  constructor(socket: WebSocket, events: LinkEvents, deps: LinkDeps) {
    this.#socket = socket;
    this.#events = events;
    this.#deps = deps;
    socket.once('open', () => {
      this.#wasOpen = true;
    });
    socket.on('message', (data) => this.#message(data as Buffer));
    socket.on('error', (error) => {
      this.#why ??= error.message;
    });
    socket.once('close', (code) => {
      if (this.#silent || !this.#wasOpen) return;
      const why = this.#why === undefined ? '' : `: ${this.#why}`;
      this.#events.closed({ kind: 'lost', message: `the connection was closed (${code})${why}` });
    });
  }

  send(out: Outgoing): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) {
      this.#failSoon(out.id, { kind: 'unsent', message: 'the connection is closed' });
    } else if (socket.bufferedAmount > (this.#deps.maxQueuedBytes ?? MAX_QUEUED_BYTES)) {
      this.#failSoon(out.id, { kind: 'overloaded', message: 'the server does not read what it is sent' });
    } else socket.send(packPieces(out.message), { binary: false });
  }

  cancel(_id: number): void {}

  close(reason: string): Promise<void> {
    this.#silent = true;
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      // A close frame has room for 123 bytes.
      socket.close(1000, reason.slice(0, 40));
    });
  }

  #message(data: Buffer): void {
    if (this.#silent) return;
    if (data.length > (this.#deps.maxMessageBytes ?? MAX_MESSAGE_BYTES)) return this.#tooLarge(data);
    const scanned = scan(data);
    if (scanned.ok && isMessage(scanned.value)) return deliver(scanned.value, undefined, this.#events);
    const id = scanned.ok ? undefined : responseIdOf(data, data);
    if (id === undefined) this.#deps.note({ type: 'protocol', message: 'a message is no JSON-RPC' });
    else this.#events.failed(id, { kind: 'protocol', message: 'a message is not valid JSON' });
  }

  #tooLarge(data: Buffer): void {
    const message = 'a message is longer than the limit and was discarded';
    const id = responseIdOf(data, data);
    if (id === undefined) this.#deps.note({ type: 'protocol', message });
    else this.#events.failed(id, { kind: 'too_large', message });
  }

  #failSoon(id: number | undefined, failure: LinkFailure): void {
    if (id === undefined) return;
    queueMicrotask(() => {
      if (!this.#silent) this.#events.failed(id, failure);
    });
  }
}
