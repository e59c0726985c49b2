import type { Carrier, CarrierExchange, CarrierRequest, CarrierSink } from './carrier.ts';
import { type Link, type LinkDeps, LinkError, type LinkEvents } from './link.ts';
import { createStreamableLink } from './streamable.ts';

/** A server that lives in the same process and answers HTTP requests by a function. */
export interface InProcessSpec {
  readonly handler: { fetch(request: Request): Response | Promise<Response> };
}

/** What the requests of an in-process link say they are for: a host that every check of local hosts accepts. */
const URL_INSIDE = 'http://localhost/mcp';

/** Opens a link that speaks Streamable HTTP with a handler in the same process, without a network in between. */
export async function openInProcess(spec: InProcessSpec, events: LinkEvents, deps: LinkDeps): Promise<Link> {
  if (deps.signal.cancelled) throw new LinkError({ kind: 'unsent', message: deps.signal.reason ?? 'cancelled' });
  return createStreamableLink(new HandlerCarrier(spec.handler), events, deps);
}

class HandlerCarrier implements Carrier {
  readonly url: URL = new URL(URL_INSIDE);
  readonly #handler: InProcessSpec['handler'];
  readonly #open = new Set<HandlerExchange>();

  constructor(handler: InProcessSpec['handler']) {
    this.#handler = handler;
  }

  request(request: CarrierRequest, sink: CarrierSink): CarrierExchange {
    const exchange = new HandlerExchange(sink);
    this.#open.add(exchange);
    void exchange.run(this.#handler, this.url, request).finally(() => this.#open.delete(exchange));
    return exchange;
  }

  async close(): Promise<void> {
    for (const exchange of this.#open) exchange.abort();
  }
}

class HandlerExchange implements CarrierExchange {
  readonly #sink: CarrierSink;
  readonly #controller = new AbortController();

  constructor(sink: CarrierSink) {
    this.#sink = sink;
  }

  abort(): void {
    this.#controller.abort();
  }

  async run(handler: InProcessSpec['handler'], url: URL, { method, headers, body }: CarrierRequest): Promise<void> {
    const { signal } = this.#controller;
    let answering = false;
    try {
      // The handler is not to run inside the call that sends.
      await undefined;
      if (signal.aborted) return;
      const init = { method, headers: toPairs(headers), body: body as Uint8Array<ArrayBuffer> | undefined, signal };
      const response = await handler.fetch(new Request(url, init));
      answering = true;
      const reader = response.body?.getReader();
      const cancel = (): void => void reader?.cancel().catch(() => {});
      if (signal.aborted) return cancel();
      signal.addEventListener('abort', cancel, { once: true });
      this.#sink.head(response.status, (name) => response.headers.get(name) ?? undefined);
      while (reader !== undefined && !signal.aborted) {
        const { done, value } = await reader.read();
        if (done) break;
        if (!signal.aborted) this.#sink.data(value);
      }
      if (!signal.aborted) this.#sink.end();
    } catch {
      // What a handler throws may hold anything; it is the handler's to log.
      if (!signal.aborted) this.#sink.error(answering ? 'the answer broke off' : 'the handler failed', true);
    }
  }
}

function toPairs(headers: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) out.push([headers[i] as string, headers[i + 1] as string]);
  return out;
}
