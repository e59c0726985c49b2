import { createSseParser, type SseEvent, scan } from '@hatago/protocol';
import type { Carrier, CarrierExchange, CarrierSink } from './carrier.ts';
import { deliver, isMessage } from './deliver.ts';
import { openEgress, parseEgressHeaders, parseEgressUrl, redirectTarget } from './egress.ts';
import type { HttpSpec } from './http.ts';
import { isMediaType } from './http-host.ts';
import {
  type Link,
  type LinkDeps,
  LinkError,
  type LinkEvents,
  type LinkFailure,
  MAX_MESSAGE_BYTES,
  type Outgoing,
} from './link.ts';
import { packPieces } from './pack.ts';
import { responseIdOf } from './response-id.ts';

const decoder = new TextDecoder();
/** How much of the answer to a POST is read, in bytes. */
const MAX_IGNORED_BYTES = 65_536;
const POST_HEADERS = ['content-type', 'application/json'] as const;

/**
 * Opens a link that speaks HTTP+SSE: one stream from the server, which names the address messages are posted to. It
 * resolves when that is known. The stream is the session, so the link is closed when it ends. Rejects with a
 * {@link LinkError}, also when the address is on another origin.
 * @see MCP 2024-11-05 basic/transports, HTTP with SSE
 */
export async function openSse(spec: HttpSpec, events: LinkEvents, deps: LinkDeps): Promise<Link> {
  const url = parseEgressUrl(spec.url);
  if (!url.ok) throw new LinkError({ kind: 'unsent', message: url.error });
  const headers = parseEgressHeaders(spec.headers ?? {});
  if (!headers.ok) throw new LinkError({ kind: 'unsent', message: headers.error });
  const carrier = await openEgress(url.value, headers.value);
  const link = new SseLink(carrier, events, deps);
  try {
    await link.opened;
  } catch (error) {
    await link.close('not opened');
    throw error;
  }
  return link;
}

class SseLink implements Link, CarrierSink {
  readonly attributed = false;
  readonly opened: Promise<void>;
  readonly #carrier: Carrier;
  readonly #events: LinkEvents;
  readonly #deps: LinkDeps;
  readonly #exchange: CarrierExchange;
  readonly #parser: ReturnType<typeof createSseParser>;
  /** Path and query that messages are posted to; undefined until the server has said. */
  #endpoint: string | undefined;
  #resolve: () => void = () => {};
  #reject: (error: LinkError) => void = () => {};
  #over = false;
  #silent = false;

  constructor(carrier: Carrier, events: LinkEvents, deps: LinkDeps) {
    this.#carrier = carrier;
    this.#events = events;
    this.#deps = deps;
    this.#parser = createSseParser({
      maxEventBytes: deps.maxMessageBytes ?? MAX_MESSAGE_BYTES,
      onEvent: (event) => this.#event(event),
      onTooLarge: () => this.#lost({ kind: 'protocol', message: 'an event has no end' }),
      onSkipped: (head, tail) => {
        this.#broken(head, tail, { kind: 'too_large', message: 'an event is larger than the limit and was discarded' });
      },
    });
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#exchange = carrier.request({ method: 'GET', headers: ['accept', 'text/event-stream'] }, this);
    const detach = deps.signal.onCancel((reason) => this.#lost({ kind: 'unsent', message: reason }));
    void this.opened.then(detach, detach);
  }

  send(out: Outgoing): void {
    const { id } = out;
    if (this.#over) {
      if (id !== undefined) queueMicrotask(() => this.#failed(id, { kind: 'unsent', message: 'the stream has ended' }));
      return;
    }
    const failed = (failure: LinkFailure): void => {
      if (id !== undefined) this.#failed(id, failure);
      else if (!this.#silent) this.#deps.note({ type: 'protocol', message: failure.message });
    };
    let ignored = 0;
    const exchange = this.#carrier.request(
      { method: 'POST', path: this.#endpoint, headers: POST_HEADERS, body: packPieces(out.message) },
      {
        head: (status) => {
          if (status >= 300) failed(refusal(status, true));
        },
        // What the answer to a POST says is nothing but that it was taken.
        data: (chunk) => {
          ignored += chunk.length;
          if (ignored > MAX_IGNORED_BYTES) exchange.abort();
        },
        end: () => {},
        error: (message, sent) => failed({ kind: sent ? 'lost' : 'unsent', message }),
      },
    );
  }

  cancel(_id: number): void {}

  async close(_reason: string): Promise<void> {
    this.#over = this.#silent = true;
    this.#exchange.abort();
    await this.#carrier.close();
  }

  head(status: number, header: (name: string) => string | undefined): void {
    if (status !== 200) this.#lost(refusal(status, false));
    else if (!isMediaType(header('content-type'), 'text/event-stream')) {
      this.#lost({ kind: 'protocol', message: 'the answer is no event stream', status });
    }
  }

  data(chunk: Uint8Array): void {
    if (!this.#over) this.#parser.push(chunk);
  }

  end(): void {
    this.#lost({ kind: 'lost', message: 'the stream ended' });
  }

  error(message: string, sent: boolean): void {
    this.#lost({ kind: sent ? 'lost' : 'unsent', message });
  }

  #event(event: SseEvent): void {
    if (this.#over) return;
    if (event.event === 'endpoint') return this.#open(decoder.decode(event.data));
    if (event.data.length === 0 || (event.event !== undefined && event.event !== 'message')) return;
    const scanned = scan(event.data);
    if (scanned.ok && isMessage(scanned.value)) deliver(scanned.value, undefined, this.#events);
    else this.#broken(event.data, event.data, { kind: 'protocol', message: 'an event is no JSON-RPC message' });
  }

  #broken(head: Uint8Array, tail: Uint8Array, failure: LinkFailure): void {
    if (this.#over) return;
    const id = responseIdOf(head, tail);
    if (id === undefined) this.#deps.note({ type: 'protocol', message: failure.message });
    else this.#failed(id, failure);
  }

  #open(address: string): void {
    const to = redirectTarget(this.#carrier.url, address);
    if (to === undefined) {
      return this.#lost({ kind: 'protocol', message: 'the address for messages is not on the server’s own origin' });
    }
    this.#endpoint = to.pathname + to.search;
    this.#resolve();
  }

  #lost(failure: LinkFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchange.abort();
    if (this.#endpoint === undefined) this.#reject(new LinkError(failure));
    else this.#events.closed(failure);
  }

  #failed(id: number, failure: LinkFailure): void {
    if (!this.#silent) this.#events.failed(id, failure);
  }
}

function refusal(status: number, hasSession: boolean): LinkFailure {
  const message = `the server answered HTTP ${status}`;
  if (status === 401 || status === 403) return { kind: 'auth', status, message };
  return { kind: status === 404 && hasSession ? 'session_gone' : 'http', status, message };
}
