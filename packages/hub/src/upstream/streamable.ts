import { encodeHeaderValue } from '@hatago/protocol';
import { IdTable } from '../core/id-table.ts';
import { backoffDelay, DEFAULT_BACKOFF } from './backoff.ts';
import type { Carrier, CarrierExchange, CarrierRequest, CarrierSink } from './carrier.ts';
import { HttpCall } from './http-call.ts';
import type { HostedCall, HttpHost } from './http-host.ts';
import { ServerStream } from './http-stream.ts';
import { type Link, type LinkDeps, type LinkEvents, type LinkNote, MAX_MESSAGE_BYTES, type Outgoing } from './link.ts';
import { packPieces } from './pack.ts';

/** Streams that had their answer and were not ended by the server; the oldest gives way. */
const MAX_LINGERING = 16;
/** How much of the answer to a notification is waited for, in bytes. */
const MAX_IGNORED_BYTES = 65_536;
/** How long the end of a session may take, in milliseconds. */
const DELETE_WITHIN_MS = 1000;
const POST_HEADERS = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'] as const;

/**
 * Makes a link that speaks Streamable HTTP of both eras over a carrier: one POST per message, its response as JSON or as
 * a stream of its own.
 * @see MCP 2026-07-28 basic/transports/streamable-http
 */
export function createStreamableLink(carrier: Carrier, events: LinkEvents, deps: LinkDeps): Link {
  return new StreamableLink(carrier, events, deps);
}

class StreamableLink implements Link, HttpHost {
  readonly attributed = true;
  readonly events: LinkEvents;
  readonly maxMessageBytes: number;
  readonly #carrier: Carrier;
  readonly #deps: LinkDeps;
  readonly #calls = new IdTable<HttpCall>();
  readonly #lingering = new Set<HostedCall>();
  #sessionId: string | undefined;
  #version: string | undefined;
  #stream: ServerStream | undefined;
  #closing: Promise<void> | undefined;

  constructor(carrier: Carrier, events: LinkEvents, deps: LinkDeps) {
    this.#carrier = carrier;
    this.events = events;
    this.#deps = deps;
    this.maxMessageBytes = deps.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  }

  get hasSession(): boolean {
    return this.#sessionId !== undefined;
  }

  send(out: Outgoing): void {
    if (this.#closing !== undefined) return;
    const { id, version } = out;
    const headers: string[] = [...POST_HEADERS];
    if (version === undefined) this.#addSession(headers);
    else {
      headers.push('mcp-protocol-version', version);
      if (out.method !== undefined) headers.push('mcp-method', out.method);
      if (out.name !== undefined) headers.push('mcp-name', encodeHeaderValue(out.name));
    }
    if (out.headers !== undefined) for (const [name, value] of out.headers) headers.push(name, value);
    const request: CarrierRequest = { method: 'POST', headers, body: packPieces(out.message) };
    if (id === undefined) {
      this.#tell(request);
      return;
    }
    const hasSession = version === undefined && this.hasSession;
    const call = new HttpCall(this, { id, hasSession, resumable: version === undefined });
    this.#calls.set(id, call);
    call.start(request);
  }

  cancel(id: number): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.abort();
  }

  setSession(sessionId: string | undefined, version: string): void {
    this.#sessionId = sessionId;
    this.#version = version;
  }

  openStream(): void {
    if (this.#closing !== undefined) return;
    this.#stream?.stop();
    this.#stream = new ServerStream(this);
    this.#stream.start();
  }

  close(_reason: string): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  note(note: LinkNote): void {
    this.#deps.note(note);
  }

  now(): number {
    return this.#deps.now?.() ?? performance.now();
  }

  retryDelay(attempt: number, retryMs: number | undefined): number {
    const { backoff = DEFAULT_BACKOFF, random = Math.random } = this.#deps;
    return backoffDelay(attempt, backoff, random(), retryMs);
  }

  request(request: CarrierRequest, sink: CarrierSink): CarrierExchange {
    return this.#carrier.request(request, sink);
  }

  getStream(lastEventId: string | undefined, sink: CarrierSink): CarrierExchange {
    const headers = ['accept', 'text/event-stream'];
    this.#addSession(headers);
    if (lastEventId !== undefined) headers.push('last-event-id', lastEventId);
    return this.#carrier.request({ method: 'GET', headers }, sink);
  }

  ended(call: HostedCall): void {
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id);
    this.#lingering.delete(call);
  }

  lingers(call: HostedCall): void {
    this.#calls.delete(call.id);
    this.#lingering.add(call);
    if (this.#lingering.size <= MAX_LINGERING) return;
    const [oldest] = this.#lingering;
    this.#lingering.delete(oldest as HostedCall);
    oldest?.abort();
  }

  #addSession(headers: string[]): void {
    if (this.#version !== undefined) headers.push('mcp-protocol-version', this.#version);
    if (this.#sessionId !== undefined) headers.push('mcp-session-id', this.#sessionId);
  }

  /** Sends a notification or a response, which has no answer worth reading. */
  #tell(request: CarrierRequest): void {
    let size = 0;
    const failed = (message: string): void => {
      if (this.#closing === undefined) this.note({ type: 'protocol', message });
    };
    const exchange = this.#carrier.request(request, {
      head: (status) => {
        if (status >= 300) failed(`the server answered HTTP ${status} to a notification or a response`);
      },
      data: (chunk) => {
        size += chunk.length;
        if (size > MAX_IGNORED_BYTES) exchange.abort();
      },
      end: () => {},
      error: (message) => failed(`a notification or a response did not arrive: ${message}`),
    });
  }

  async #close(): Promise<void> {
    for (const call of [...this.#calls.values(), ...this.#lingering]) call.abort();
    this.#calls.clear();
    this.#lingering.clear();
    this.#stream?.stop();
    if (this.#sessionId !== undefined) await this.#endSession();
    await this.#carrier.close();
  }

  #endSession(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, DELETE_WITHIN_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const headers: string[] = [];
      this.#addSession(headers);
      const sink = { head: done, data: () => {}, end: done, error: done };
      this.#carrier.request({ method: 'DELETE', headers }, sink);
    });
  }
}
