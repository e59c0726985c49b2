import { err, ok, type Result } from '@hatago/protocol';
import type { Dispatcher, Pool } from 'undici';
import type { Carrier, CarrierExchange, CarrierRequest, CarrierSink } from './carrier.ts';

/** Most same-origin redirects one request follows. */
const MAX_REDIRECTS = 3;
/** How long making a connection may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What the hub says itself on every request: a configured header of the name is ignored. */
const OWN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The URL of a server, checked; the error says what is wrong with it, without repeating it. */
export function parseEgressUrl(text: string, schemes: readonly string[] = ['http:', 'https:']): Result<URL, string> {
  if (!URL.canParse(text)) return err('the URL is not valid');
  const url = new URL(text);
  if (!schemes.includes(url.protocol))
    return err(`the URL must begin with ${schemes.map((s) => `${s}//`).join(' or ')}`);
  if (url.username !== '' || url.password !== '') return err('credentials belong in a header, not in the URL');
  url.hash = '';
  return ok(url);
}

/** Configured headers as names and values in turn, without those the hub sets itself. */
export function parseEgressHeaders(headers: { readonly [name: string]: string }): Result<string[], string> {
  const out: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) return err(`${JSON.stringify(name)} is not a header name`);
    if (!HEADER_VALUE.test(value)) return err(`the header ${name} has characters a header cannot carry`);
    const lower = name.toLowerCase();
    if (!OWN_HEADERS.has(lower) && !lower.startsWith('sec-websocket-')) out.push(name, value);
  }
  return ok(out);
}

/** Where a redirect leads, when that is the same origin. */
export function redirectTarget(from: URL, location: string | undefined): URL | undefined {
  if (location === undefined || !URL.canParse(location, from.href)) return undefined;
  const to = new URL(location, from.href);
  return to.origin === from.origin && to.username === '' && to.password === '' ? to : undefined;
}

/**
 * Opens the way to one HTTP server: keep-alive connections, as many as there are requests at a time. Compression is not
 * asked for, and redirects are followed only on the same origin. All HTTP that leaves the hub for a server goes this way.
 */
export async function openEgress(url: URL, headers: readonly string[]): Promise<Carrier> {
  const pool = await openPool(url.origin);
  const way: Way = { pool, url, headers: [...headers, 'accept-encoding', 'identity'], path: url.pathname + url.search };
  return {
    url,
    request: (request, sink) => {
      const exchange = new Exchange(way, request, sink);
      exchange.start();
      return exchange;
    },
    close: async () => {
      await pool.destroy().catch(() => {});
    },
  };
}

/** What the exchanges with one server share. */
interface Way {
  readonly pool: Pool;
  readonly url: URL;
  /** Sent with every request. */
  readonly headers: readonly string[];
  /** Where requests go that name no path; a permanent redirect changes it. */
  path: string;
}

/**
 * Only the pool, where the whole of undici would take twice the memory and time to load; nothing at all where there is
 * no HTTP upstream.
 */
async function openPool(origin: string): Promise<Pool> {
  // @ts-expect-error undici declares types for its index alone
  const module = (await import('undici/lib/dispatcher/pool.js')) as { default: typeof Pool };
  // Deadlines are kept per call above; here they would end streams that are quiet.
  return new module.default(origin, {
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
}

/** One request with its redirects, as the handler the pool calls back. */
class Exchange implements CarrierExchange, Dispatcher.DispatchHandler {
  readonly #way: Way;
  readonly #request: CarrierRequest;
  readonly #sink: CarrierSink;
  #path: string;
  #hops = 0;
  #abort: ((error?: Error) => void) | undefined;
  #starting = false;
  #redirected: URL | undefined;
  #over = false;

  constructor(way: Way, request: CarrierRequest, sink: CarrierSink) {
    this.#way = way;
    this.#request = request;
    this.#path = request.path ?? way.path;
    this.#sink = sink;
  }

  start(): void {
    const { method, body, headers } = this.#request;
    this.#abort = undefined;
    this.#starting = true;
    this.#way.pool.dispatch({ path: this.#path, method, body, headers: headers.concat(this.#way.headers) }, this);
    this.#starting = false;
  }

  abort(): void {
    this.#over = true;
    this.#abort?.(ABORTED);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#over) abort(ABORTED);
  }

  onHeaders(status: number, raw: Buffer[]): boolean {
    if (this.#over || status < 200) return true;
    if (status >= 300 && status < 400 && this.#redirects(status, headerOf(raw, 'location'))) return true;
    this.#sink.head(status, (name) => headerOf(raw, name));
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (!this.#over && this.#redirected === undefined) this.#sink.data(chunk);
    return true;
  }

  onComplete(): void {
    if (this.#over) return;
    const to = this.#redirected;
    if (to === undefined) {
      this.#over = true;
      this.#sink.end();
      return;
    }
    this.#redirected = undefined;
    this.#hops++;
    this.#path = to.pathname + to.search;
    this.start();
  }

  /** Whether the same message is to be sent once more, to another path of the server. */
  #redirects(status: number, location: string | undefined): boolean {
    // 303 asks for a GET of something else, which is no answer to a message.
    if (status === 300 || status === 303 || status === 304 || this.#hops >= MAX_REDIRECTS) return false;
    const to = redirectTarget(new URL(this.#way.url.origin + this.#path), location);
    if (to === undefined) return false;
    if ((status === 301 || status === 308) && this.#request.path === undefined)
      this.#way.path = to.pathname + to.search;
    this.#redirected = to;
    return true;
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    // Whoever redirected it has not acted on it.
    const sent = this.#abort !== undefined;
    const message = describe(error);
    if (this.#starting) queueMicrotask(() => this.#sink.error(message, sent));
    else this.#sink.error(message, sent);
  }
}

const ABORTED = new Error('aborted');

/** The system's code, for people; a message may hold addresses. */
function describe(error: Error): string {
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  return `the connection failed (${code ?? cause?.code ?? error.name})`;
}

/** A header of a raw list, whose names have any case. */
function headerOf(raw: readonly Buffer[], name: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const key = raw[i] as Buffer;
    if (key.length === name.length && key.toString('latin1').toLowerCase() === name) {
      return (raw[i + 1] as Buffer).toString('latin1').trim();
    }
  }
  return undefined;
}
