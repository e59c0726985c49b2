import { createSseParser, type SseEvent, type SseParser, scan } from '@hatago/protocol';
import type { CarrierExchange, CarrierSink } from './carrier.ts';
import { deliver, isMessage } from './deliver.ts';
import { type HttpHost, isMediaType } from './http-host.ts';

/** A stream that stayed open for this long was no failed attempt, even if nothing came. */
const STEADY_MS = 10_000;

/**
 * The server's own stream of a legacy session: opened by GET, kept open, and opened again from the last event with a
 * growing delay; a server that has none says so once.
 */
export class ServerStream implements CarrierSink {
  readonly #host: HttpHost;
  #exchange: CarrierExchange | undefined;
  #parser: SseParser | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #attempts = 0;
  #openedAt: number | undefined;
  #opened = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(host: HttpHost) {
    this.#host = host;
  }

  start(): void {
    this.#parser = undefined;
    this.#exchange = this.#host.getStream(this.#lastEventId, this);
  }

  stop(): void {
    this.#over = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  head(status: number, header: (name: string) => string | undefined): void {
    if (status === 200 && isMediaType(header('content-type'), 'text/event-stream')) {
      this.#parser = createSseParser({
        maxEventBytes: this.#host.maxMessageBytes,
        onEvent: (event) => this.#event(event),
        onRetry: (ms) => {
          this.#retryMs = ms;
        },
        onTooLarge: () => {
          this.#exchange?.abort();
          this.#again('an event is larger than the limit');
        },
      });
      this.#openedAt = this.#host.now();
      this.#host.events.stream?.(this.#opened ? 'reopened' : 'open');
      this.#opened = true;
      return;
    }
    this.#exchange?.abort();
    if (status >= 500 || status === 429) return this.#again(`the server answered HTTP ${status}`);
    this.#over = true;
    this.#host.events.stream?.(status === 404 && this.#host.hasSession ? 'gone' : 'none');
  }

  data(chunk: Uint8Array): void {
    this.#parser?.push(chunk);
  }

  end(): void {
    this.#again('the stream ended');
  }

  error(message: string): void {
    this.#again(message);
  }

  #event(event: SseEvent): void {
    if (this.#over) return;
    this.#attempts = 0;
    if (event.id !== undefined) this.#lastEventId = event.id === '' ? undefined : event.id;
    if (event.data.length === 0 || (event.event !== undefined && event.event !== 'message')) return;
    const scanned = scan(event.data);
    if (scanned.ok && isMessage(scanned.value)) deliver(scanned.value, undefined, this.#host.events);
    else this.#host.note({ type: 'protocol', message: 'an event of the server’s stream is no JSON-RPC message' });
  }

  #again(message: string): void {
    if (this.#over) return;
    this.#parser?.end();
    if (this.#openedAt !== undefined && this.#host.now() - this.#openedAt >= STEADY_MS) this.#attempts = 0;
    this.#openedAt = undefined;
    const delayMs = this.#host.retryDelay(this.#attempts++, this.#retryMs);
    this.#host.note({ type: 'reconnecting', message, delayMs });
    this.#timer = setTimeout(() => this.start(), delayMs);
  }
}
