import { createSseParser, type Scanned, type SseEvent, type SseParser, scan } from '@hatago/protocol';
import type { CarrierExchange, CarrierRequest, CarrierSink } from './carrier.ts';
import { deliver, isMessage } from './deliver.ts';
import { type HttpHost, isMediaType, joinChunks } from './http-host.ts';
import type { FailureKind, LinkFailure } from './link.ts';
import { isErrorFor, isResponseTo } from './response-id.ts';

/** How much of the body of an HTTP error is kept, in bytes. */
const MAX_ERROR_BYTES = 65_536;
/** Attempts to resume a stream that bring nothing, after which its call is lost. */
const MAX_RESUMES = 8;

/** What makes one call different from another. */
export interface HttpCallOptions {
  readonly id: number;
  /** It carries a session id, so that 404 means the session is gone. */
  readonly hasSession: boolean;
  /** A stream that ends early may be resumed (legacy era). */
  readonly resumable: boolean;
}

/** One of our requests over HTTP: its POST, the response in either form, and the resumption of a stream that broke. */
export class HttpCall implements CarrierSink {
  readonly id: number;
  readonly #host: HttpHost;
  readonly #options: HttpCallOptions;
  #exchange: CarrierExchange | undefined;
  #mode: 'head' | 'json' | 'stream' | 'error' | 'skip' = 'head';
  #chunks: Uint8Array[] = [];
  #size = 0;
  #failure: LinkFailure | undefined;
  #parser: SseParser | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #resumes = 0;
  #resuming = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The response was delivered, the failure reported, or nobody wants to know. */
  #settled = false;

  constructor(host: HttpHost, options: HttpCallOptions) {
    this.id = options.id;
    this.#host = host;
    this.#options = options;
  }

  start(request: CarrierRequest): void {
    this.#exchange = this.#host.request(request, this);
  }

  /** Ends the call without a word. */
  abort(): void {
    this.#settled = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  head(status: number, header: (name: string) => string | undefined): void {
    const type = header('content-type');
    if (this.#resuming) return this.#resumed(status, type);
    if (status >= 200 && status < 300) {
      const sessionId = header('mcp-session-id');
      if (sessionId !== undefined) this.#host.events.session?.(sessionId, this.id);
      if (isMediaType(type, 'application/json')) this.#mode = 'json';
      else if (isMediaType(type, 'text/event-stream')) this.#stream();
      else if (status === 202) this.#give('protocol', 'the server accepted a request and did not answer it', status);
      else this.#give('protocol', 'the answer is neither JSON nor an event stream', status);
      return;
    }
    this.#mode = 'error';
    const headers: Record<string, string> = {};
    for (const name of ['www-authenticate', 'retry-after', 'content-type']) {
      const value = header(name);
      if (value !== undefined) headers[name] = value;
    }
    this.#failure = { kind: this.#kindOf(status), status, headers, message: `the server answered HTTP ${status}` };
  }

  data(chunk: Uint8Array): void {
    if (this.#mode === 'stream') return this.#parser?.push(chunk);
    if (this.#mode === 'skip' || this.#settled) return;
    this.#size += chunk.length;
    if (this.#mode === 'json') {
      if (this.#size > this.#host.maxMessageBytes)
        return this.#give('too_large', 'the answer is larger than the limit');
      this.#chunks.push(chunk);
    } else if (this.#size > MAX_ERROR_BYTES) this.#error();
    else this.#chunks.push(chunk);
  }

  end(): void {
    if (this.#mode === 'json') this.#json();
    else if (this.#mode === 'error') this.#error();
    else if (this.#mode === 'stream') this.#interrupted('the stream ended without an answer');
  }

  error(message: string, sent: boolean): void {
    if (this.#mode === 'error') this.#error();
    else if (this.#mode === 'stream' || this.#resuming) this.#interrupted(message);
    else this.#give(sent ? 'lost' : 'unsent', message);
  }

  #kindOf(status: number): FailureKind {
    if (status === 404 && this.#options.hasSession) return 'session_gone';
    return status === 401 || status === 403 ? 'auth' : 'http';
  }

  #json(): void {
    const scanned = scan(joinChunks(this.#chunks));
    this.#chunks = [];
    if (!scanned.ok) return this.#give('protocol', `the answer is not valid JSON (${scanned.error.reason})`);
    if (!this.#deliver(scanned.value)) this.#give('protocol', 'the answer does not belong to the request');
  }

  /** The body of an HTTP error: an error response to our request, or a failure of the hop. */
  #error(): void {
    if (this.#settled) return;
    const body = joinChunks(this.#chunks);
    this.#chunks = [];
    const failure = this.#failure as LinkFailure;
    if (failure.kind === 'http' && isMediaType(failure.headers?.['content-type'], 'application/json')) {
      const scanned = scan(body);
      if (scanned.ok && isErrorFor(scanned.value, this.id)) {
        this.#settle();
        deliver(scanned.value, this.id, this.#host.events, failure.status);
        return;
      }
    }
    this.#fail({ ...failure, body });
  }

  #stream(): void {
    this.#mode = 'stream';
    this.#parser = createSseParser({
      maxEventBytes: this.#host.maxMessageBytes,
      onEvent: (event) => this.#event(event),
      onRetry: (ms) => {
        this.#retryMs = ms;
      },
      onTooLarge: () => this.#give('too_large', 'an event is larger than the limit'),
    });
  }

  #event(event: SseEvent): void {
    if (this.#settled) return;
    if (event.id !== undefined) this.#lastEventId = event.id === '' ? undefined : event.id;
    this.#resumes = 0;
    if (event.data.length === 0 || (event.event !== undefined && event.event !== 'message')) return;
    const scanned = scan(event.data);
    if (!scanned.ok) this.#give('protocol', `an event is not valid JSON (${scanned.error.reason})`);
    else if (!isMessage(scanned.value)) this.#give('protocol', 'an event is no JSON-RPC message');
    else this.#deliver(scanned.value);
  }

  /** Reports messages; true when our response was among them, which is then the last. */
  #deliver(scanned: Scanned): boolean {
    const { id } = this;
    for (const message of scanned.elements ?? [scanned]) {
      if (this.#settled) return true;
      const last = isResponseTo(message, id) || isErrorFor(message, id);
      if (last) this.#settle();
      this.#host.events.message(message, id);
      if (!last) continue;
      // A stream that was resumed may be the server's own by now, which has no end.
      if (this.#resuming) this.#exchange?.abort();
      return true;
    }
    return this.#settled;
  }

  #interrupted(message: string): void {
    this.#parser?.end();
    if (this.#settled) return this.#host.ended(this);
    if (!this.#options.resumable || this.#lastEventId === undefined) return this.#give('lost', message);
    if (this.#resumes >= MAX_RESUMES) return this.#give('lost', 'the stream could not be resumed');
    const delayMs = this.#host.retryDelay(this.#resumes++, this.#retryMs);
    this.#resuming = true;
    this.#host.note({ type: 'reconnecting', message, delayMs });
    this.#timer = setTimeout(() => {
      this.#mode = 'head';
      this.#exchange = this.#host.getStream(this.#lastEventId, this);
    }, delayMs);
  }

  #resumed(status: number, type: string | undefined): void {
    if (status === 200 && isMediaType(type, 'text/event-stream')) return this.#stream();
    this.#mode = 'skip';
    if (status >= 500 || status === 429) {
      this.#exchange?.abort();
      this.#interrupted(`the server answered HTTP ${status}`);
    } else this.#give('lost', `the stream cannot be resumed (HTTP ${status})`);
  }

  #give(kind: FailureKind, message: string, status?: number): void {
    this.#exchange?.abort();
    this.#mode = 'skip';
    this.#fail(status === undefined ? { kind, message } : { kind, message, status });
  }

  #fail(failure: LinkFailure): void {
    if (this.#settled) return;
    this.#settle();
    this.#host.events.failed(this.id, failure);
  }

  #settle(): void {
    this.#settled = true;
    if (this.#mode === 'stream' && !this.#resuming) this.#host.lingers(this);
    else this.#host.ended(this);
  }
}
