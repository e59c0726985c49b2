import { type Envelope, META, type Payload, type Piece, type RequestId } from '@hatago/protocol';
import { type Canceller, createCanceller } from '../core/cancel.ts';
import type { Exchange, Notification, Outcome, Principal } from '../core/exchange.ts';
import type { EdgeDeps } from './deps.ts';
import type { ModernRequest } from './modern.ts';
import { finishModern } from './modern-result.ts';
import { runExchange } from './run.ts';
import { errorMessage, notificationMessage, resultMessage } from './wire.ts';

/** What a {@link DuplexCall} needs of the pipe it came over. */
export interface DuplexCallContext {
  readonly principal: Principal;
  readonly route: string;
  write(message: readonly Piece[]): void;
  /** The call is answered or cancelled. */
  over(): void;
}

/** One modern request over a pipe. @see MCP 2026-07-28 stdio transport */
export class DuplexCall implements Exchange {
  readonly method: string;
  readonly params: Payload;
  readonly envelope: Envelope;
  readonly principal: Principal;
  readonly route: string;
  readonly session: undefined = undefined;
  readonly signal: Canceller = createCanceller();
  readonly listenId?: RequestId;
  readonly #deps: EdgeDeps;
  readonly #context: DuplexCallContext;
  readonly #id: Uint8Array;
  #over = false;

  constructor(deps: EdgeDeps, request: ModernRequest, context: DuplexCallContext) {
    this.method = request.method;
    this.params = request.params;
    this.envelope = request.envelope;
    this.principal = context.principal;
    this.route = context.route;
    this.#deps = deps;
    this.#context = context;
    this.#id = request.idBytes;
    if (request.method === 'subscriptions/listen') this.listenId = request.id;
  }

  start(): void {
    runExchange(this.#deps, this, (outcome) => this.#finish(outcome));
  }

  emit(notification: Notification): void {
    if (!this.#over) this.#context.write(notificationMessage(notification));
  }

  /** The client took the request back: nothing is answered. */
  cancel(reason: string): void {
    if (!this.#settle()) return;
    this.signal.cancel(reason);
  }

  /** The pipe closes: a listen gets its result, everything else ends without an answer. */
  end(reason: string): void {
    if (this.#over) return;
    if (this.listenId !== undefined) {
      const id = JSON.stringify(this.listenId);
      const result = `{"resultType":"complete","_meta":{"${META.subscriptionId}":${id}}}`;
      this.#context.write(resultMessage(this.#id, [result]));
    }
    this.cancel(reason);
  }

  #finish(outcome: Outcome): void {
    if (!this.#settle()) return;
    const end = finishModern(this.#deps, this, outcome);
    const message = end.kind === 'result' ? resultMessage(this.#id, end.pieces) : errorMessage(this.#id, end.pieces);
    this.#context.write(message);
  }

  #settle(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#context.over();
    return true;
  }
}
