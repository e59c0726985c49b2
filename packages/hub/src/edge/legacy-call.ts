import {
  type Envelope,
  isRecord,
  type Payload,
  type Piece,
  type RequestId,
  toLegacyError,
  toLegacyResult,
} from '@hatago/protocol';
import { type Canceller, createCanceller } from '../core/cancel.ts';
import { failure } from '../core/errors.ts';
import type { Exchange, Notification, Outcome, Principal } from '../core/exchange.ts';
import type { Generation } from '../core/generation.ts';
import { type AskRound, followParked, startRound } from './legacy-asks.ts';
import { dropTask, followTask } from './legacy-follow-task.ts';
import type { LegacyRequest, LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import { logInternal, runExchange } from './run.ts';
import { errorMessage, errorStatus, notificationMessage, resultMessage } from './wire.ts';

/** How long a cancelled call may still turn out to be a task, in milliseconds. */
const HANDLE_MS = 500;

/** How a call ended, for those that do not answer it on its own request. */
export type CallEnd = { readonly result: readonly Piece[] } | { readonly error: Payload };

/** One legacy request on its way through the chain, with the questions that come up on it. */
export class LegacyCall implements Exchange {
  readonly owner: LegacySession;
  readonly id: RequestId;
  readonly idBytes: Uint8Array;
  readonly method: string;
  readonly params: Payload;
  readonly envelope: Envelope;
  readonly signal: Canceller = createCanceller();
  readonly sink: Sink;
  /** The generation it began on, and ends on. */
  readonly generation: Generation;
  /** Rounds of questions so far. */
  rounds = 0;
  /** The last progress its client was told. */
  progress: number = Number.NEGATIVE_INFINITY;
  /** What has to be taken back when the call ends early. */
  open: AskRound | undefined;
  /** Gives up what runs on for the call at its server. */
  abandon: (() => void) | undefined;
  /** Takes the end of the call in place of its sink. */
  onEnd: ((end: CallEnd) => void) | undefined;
  #over = false;
  /** It is on its way down the chain, not waiting for its client or a task. */
  #running = false;
  /** It is counted among the calls that wait. */
  #waiting = false;

  constructor(owner: LegacySession, request: LegacyRequest, params: Payload, sink: Sink) {
    this.owner = owner;
    this.id = request.id;
    this.idBytes = request.idBytes;
    this.method = request.method;
    this.params = params;
    this.envelope = owner.envelopeOf(params);
    this.sink = sink;
    this.generation = owner.generationFor(this);
  }

  get principal(): Principal {
    return this.owner.principal;
  }
  get route(): string {
    return this.owner.route;
  }
  get session(): LegacySession {
    return this.owner;
  }
  get over(): boolean {
    return this.#over;
  }

  emit(notification: Notification): void {
    if (this.#over) return;
    if (notification.method === 'notifications/progress' && !this.#rises(notification.params)) return;
    this.sink.message(notificationMessage(notification));
  }

  /** A server counts anew in each round, and so do we when a task follows; to the client it is one call. */
  #rises(params: Payload): boolean {
    const value = params.member('progress')?.value();
    if (typeof value !== 'number' || !(value > this.progress)) return false;
    this.progress = value;
    return true;
  }

  /** Sends the call down the chain; `params` differ from the client's in a further round. */
  run(params: Payload = this.params): void {
    this.#running = true;
    this.#wait(false);
    const exchange: Exchange = params === this.params ? this : furtherRound(this, params);
    runExchange(this.owner.deps, exchange, (outcome) => this.outcome(outcome), this.generation);
  }

  outcome(outcome: Outcome): void {
    this.#running = false;
    if (this.#over) {
      // Nobody is left who could cancel it.
      if (outcome.kind === 'task') dropTask(this, outcome.result);
      return;
    }
    if (outcome.kind === 'input_required' || outcome.kind === 'task') this.#wait(true);
    switch (outcome.kind) {
      case 'error':
        if (errorCode(outcome.error) === CAPABILITY_REQUIRED) {
          return this.refuse(
            `The server has a question that this client cannot be asked. ${errorText(outcome.error)}`,
            outcome.error,
          );
        }
        return this.fail(toLegacyError(outcome.error), outcome.http);
      case 'input_required':
        if (outcome.parked === undefined) startRound(this, outcome.result);
        else followParked(this, outcome.result, outcome.parked);
        return;
      default:
        if (outcome.kind === 'task') followTask(this, outcome.result);
        else this.complete(outcome);
    }
  }

  /** Answers with a result in the shape of the session's version. */
  complete(outcome: Outcome & { kind: 'complete' | 'task' }): void {
    let pieces: readonly Piece[];
    try {
      const wrap = outcome.wrap === true;
      pieces = toLegacyResult(this.method, outcome.result, { version: this.owner.version, wrap });
    } catch (error) {
      logInternal(this.owner.deps, this.method, error);
      return this.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
    }
    this.answer(pieces);
  }

  /** Answers with ready result text. */
  answer(result: readonly Piece[]): void {
    if (!this.#end()) return;
    if (this.onEnd !== undefined) this.onEnd({ result });
    else this.sink.answer(resultMessage(this.idBytes, result));
  }

  /** Answers with a JSON-RPC error; `http` is the status it has in the modern era. */
  fail(error: Payload, http?: number): void {
    if (!this.#end()) return;
    if (this.onEnd !== undefined) this.onEnd({ error });
    else this.sink.answer(errorMessage(this.idBytes, error.pieces()), errorStatus(error.value(), http));
  }

  /** Says no in the way the method's callers can show: a tool result with `isError`, else a JSON-RPC error. */
  refuse(text: string, error: Payload): void {
    if (this.method !== 'tools/call') return this.fail(error);
    this.answer([JSON.stringify({ content: [{ type: 'text', text }], isError: true })]);
  }

  /** The client took the call back: nothing is answered, our questions are withdrawn, the upstream is told. */
  cancel(reason: string): void {
    if (!this.#end()) return;
    this.signal.cancel(reason);
    this.sink.drop();
  }

  /** Like `cancel`, but a server that is about to make a task of the call gets a moment to name it, so that it can be cancelled. */
  cancelTask(reason: string): void {
    if (!this.#running) return this.cancel(reason);
    if (!this.#end()) return;
    this.sink.drop();
    setTimeout(() => this.signal.cancel(reason), HANDLE_MS).unref();
  }

  /** What waits for its client or for a task is on no chain, where it would be counted. */
  #wait(waiting: boolean): void {
    if (this.#waiting === waiting) return;
    this.#waiting = waiting;
    this.generation.holds.waiting += waiting ? 1 : -1;
  }

  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#wait(false);
    this.owner.finished(this);
    const open = this.open;
    this.open = undefined;
    open?.withdraw('the call has ended');
    this.abandon?.();
    return true;
  }
}

function furtherRound(call: LegacyCall, params: Payload): Exchange {
  return {
    method: call.method,
    params,
    envelope: call.envelope,
    principal: call.principal,
    route: call.route,
    session: call.session,
    signal: call.signal,
    emit: (notification) => call.emit(notification),
  };
}

/** Says that the server needs a client capability; there is no such error for legacy clients. */
const CAPABILITY_REQUIRED = -32021;

function errorCode(error: Payload): unknown {
  const value = error.value();
  return isRecord(value) ? value.code : undefined;
}

/** The `message` of a JSON-RPC error object, where it has one. */
export function errorText(error: Payload): string {
  const value = error.value();
  return isRecord(value) && typeof value.message === 'string' ? value.message : 'no reason given';
}
