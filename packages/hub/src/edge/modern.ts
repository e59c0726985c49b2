import {
  type ClassifiedRequest,
  type Envelope,
  type HeaderGet,
  httpStatusOf,
  META,
  type Payload,
  type Piece,
  type RequestId,
  sseEvent,
} from '@hatago/protocol';
import { type Canceller, createCanceller } from '../core/cancel.ts';
import type { Exchange, Notification, Outcome, Principal } from '../core/exchange.ts';
import { acceptsStream } from './accept.ts';
import { EventStream, type StreamKeeper } from './event-stream.ts';
import { finishModern } from './modern-result.ts';
import { type HttpReply, JSON_HEADERS } from './reply.ts';
import { runExchange } from './run.ts';
import { errorMessage, notificationMessage, resultMessage } from './wire.ts';

/** A modern request as `classify` found it. */
export type ModernRequest = ClassifiedRequest & { readonly era: 'modern'; readonly envelope: Envelope };

/** Where one modern HTTP request came in. */
export interface ModernContext {
  readonly keeper: StreamKeeper;
  readonly route: string;
  readonly principal: Principal;
  readonly header: HeaderGet;
  /** The listens that are open, to be ended gracefully. */
  readonly listens: Set<ModernCall>;
}

/**
 * One modern request over HTTP: answered as JSON when nothing was emitted before its outcome, else as a stream. The client
 * going away cancels it.
 * @see MCP 2026-07-28 streamable HTTP
 */
export class ModernCall implements Exchange {
  readonly method: string;
  readonly params: Payload;
  readonly envelope: Envelope;
  readonly principal: Principal;
  readonly route: string;
  readonly session: undefined = undefined;
  readonly signal: Canceller = createCanceller();
  readonly listenId?: RequestId;
  readonly header: HeaderGet;
  readonly #context: ModernContext;
  readonly #reply: HttpReply;
  readonly #id: Uint8Array;
  #stream: EventStream | undefined;
  #over = false;

  constructor(context: ModernContext, request: ModernRequest, reply: HttpReply) {
    this.method = request.method;
    this.params = request.params;
    this.envelope = request.envelope;
    this.principal = context.principal;
    this.route = context.route;
    this.header = context.header;
    this.#context = context;
    this.#reply = reply;
    this.#id = request.idBytes;
    if (request.method === 'subscriptions/listen') {
      this.listenId = request.id;
      context.listens.add(this);
    }
  }

  start(): void {
    this.#reply.onClose(() => this.#gone());
    runExchange(this.#context.keeper.deps, this, (outcome) => this.#finish(outcome));
  }

  emit(notification: Notification): void {
    if (this.#over) return;
    // A client that takes JSON alone cannot be told anything ahead of the outcome.
    if (this.#stream === undefined && !acceptsStream(this.header('accept'))) return;
    this.#stream ??= new EventStream(this.#context.keeper, this.#reply);
    this.#stream.send(sseEvent(notificationMessage(notification)));
  }

  /** Ends a listen from our side: its result, then the end of the stream. */
  endListen(): void {
    if (this.#over) return;
    const id = new TextDecoder().decode(this.#id);
    this.#send(200, resultMessage(this.#id, [`{"resultType":"complete","_meta":{"${META.subscriptionId}":${id}}}`]));
    this.signal.cancel('the hub is shutting down');
  }

  #finish(outcome: Outcome): void {
    if (this.#over) return;
    const end = finishModern(this.#context.keeper.deps, this, outcome);
    if (end.kind === 'result') return this.#send(200, resultMessage(this.#id, end.pieces));
    this.#send(end.http ?? httpStatusOf(end.code), errorMessage(this.#id, end.pieces), end.retryAfterMs);
  }

  #send(status: number, message: Piece[], retryAfterMs?: number): void {
    this.#over = true;
    this.#context.listens.delete(this);
    if (this.#stream !== undefined) {
      this.#stream.send(sseEvent(message));
      this.#stream.end();
      return;
    }
    this.#reply.send(status, retryAfterMs === undefined ? JSON_HEADERS : retryHeaders(retryAfterMs), message);
  }

  #gone(): void {
    if (this.#over) return;
    this.#over = true;
    this.#context.listens.delete(this);
    this.signal.cancel('the client closed the connection');
  }
}

/** JSON headers that say when to come back. @see RFC 9110 section 10.2.3 */
export function retryHeaders(retryAfterMs: number): string[] {
  return [...JSON_HEADERS, 'Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))];
}
