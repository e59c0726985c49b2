import { Payload, type Piece } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import {
  type Ask,
  type AskAnswer,
  LOCAL,
  type Notification,
  type Outcome,
  type Parked,
  type ParkedListener,
} from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { answersAsk } from './answers.ts';
import type { ParkedCalls } from './parked.ts';
import type { Peer } from './peer.ts';
import type { Pending, PendingSink } from './pending.ts';
import { withToken } from './progress.ts';

/** An ask the server waits on. */
export interface OpenAsk extends Ask {
  /** The server's id of the ask, as JSON text. */
  readonly rpcId: string;
  /** How the server will say that a URL was dealt with. */
  readonly elicitationId?: string;
  /** The attached edge knows of it. */
  announced?: boolean;
}

/** A call whose server asked something, from its first ask to its end. */
export class ParkedCall implements Parked, PendingSink {
  /** The request it began with. */
  readonly call: UpstreamCall;
  /** Under what it is counted. */
  readonly owner: string;
  readonly ended: Promise<Outcome>;
  /** It is counted among those that wait for their clients. */
  waiting = false;
  /** It has its outcome. */
  over = false;
  readonly #calls: ParkedCalls;
  readonly #pending: Pending;
  readonly #peer: Peer;
  readonly #attached: boolean;
  readonly #asks = new Map<string, OpenAsk>();
  readonly #elicitations = new Set<string>();
  #buffer: Notification[] = [];
  #listener: ParkedListener | undefined;
  #end!: (outcome: Outcome) => void;
  /** Deferred: who waits for the next outcome. */
  #waiter: ((outcome: Outcome) => void) | undefined;
  /** Deferred: who hears notifications. */
  #hearer: UpstreamCall | undefined;
  #joined = new Set<UpstreamCall>();
  #stopCoalescing: (() => void) | undefined;
  #outcome: Outcome | undefined;

  constructor(calls: ParkedCalls, pending: Pending, peer: Peer) {
    this.#calls = calls;
    this.#pending = pending;
    this.#peer = peer;
    this.call = pending.call as UpstreamCall;
    const { principal, session, envelope } = this.call;
    this.#attached = envelope.asks === 'attached';
    // While nobody is authenticated all are one principal, and each session is as good as a caller.
    this.owner = principal.id === LOCAL.id && session !== undefined ? `${principal.id} ${session.id}` : principal.id;
    this.#hearer = this.call;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#waiter = pending.resolve;
    pending.resolve = (outcome) => this.#finish(outcome);
    pending.sink = this;
  }

  /** Whether the asks of this call have not been put to the client in time, or it has ended without being fetched. */
  get expired(): boolean {
    return this.over && this.#outcome === undefined;
  }

  /** Whether an ask with the key waits for its answer. */
  isOpen(key: string): boolean {
    return this.#asks.has(key);
  }

  /** How many asks wait for their answers. */
  get open(): number {
    return this.#asks.size;
  }

  /** Puts an ask of the server to the client: at once where an edge is attached, else with those that come right after. */
  ask(ask: OpenAsk): void {
    if (this.over) return;
    this.#asks.set(ask.key, ask);
    if (ask.elicitationId !== undefined) this.#elicitations.add(ask.elicitationId);
    this.#peer.pause(this.#pending, this.#calls.options.limits.parkedMs);
    this.#calls.enter(this);
    if (this.over) return;
    if (!this.#attached) this.#coalesce();
    else if (this.#waiter !== undefined) this.#give({ parked: this });
    else if (this.#listener !== undefined) this.#announce(ask, this.#listener);
  }

  attach(listener: ParkedListener): () => void {
    this.#listener = listener;
    const buffered = this.#buffer;
    this.#buffer = [];
    for (const notification of buffered) listener.notify(notification);
    for (const ask of [...this.#asks.values()]) if (ask.announced !== true) this.#announce(ask, listener);
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  answer(key: string, answer: AskAnswer): boolean {
    const ask = this.#asks.get(key);
    if (ask === undefined || this.over) return false;
    if ('result' in answer) this.#peer.respond(ask.rpcId, 'result', answer.result.pieces());
    else this.#peer.respond(ask.rpcId, 'error', answer.error.pieces());
    this.#close(key);
    return true;
  }

  /** The server takes an ask back; false when it is not one of this call's. */
  withdraw(rpcId: string): boolean {
    for (const ask of this.#asks.values()) {
      if (ask.rpcId !== rpcId) continue;
      this.#close(ask.key);
      if (ask.announced === true) this.#listener?.withdrawn(ask.key);
      return true;
    }
    return false;
  }

  /** Whether the call asked for a URL under this id. */
  asksFor(elicitationId: string): boolean {
    return this.#elicitations.has(elicitationId);
  }

  notify(notification: Notification): void {
    if (this.#listener !== undefined) this.#listener.notify(notification);
    else if (this.#hearer !== undefined) this.#hearer.emit(notification);
    else this.#keep(notification);
  }

  /** Deferred: the client came back with answers; resolves with what comes next. */
  resume(call: UpstreamCall, answers: Payload | undefined): Promise<Outcome> {
    if (this.#outcome !== undefined) {
      const outcome = this.#outcome;
      this.#outcome = undefined;
      return Promise.resolve(outcome);
    }
    return new Promise((resolve) => {
      this.#waiter = resolve;
      this.join(call);
      for (const key of answers?.members()?.names ?? []) {
        const result = answers?.member(key);
        const ask = this.#asks.get(key);
        if (ask !== undefined && result !== undefined && answersAsk(ask.method, result)) this.answer(key, { result });
      }
      if (this.#asks.size > 0) this.#coalesce();
    });
  }

  /** Deferred: one more request waits for the same outcome; it hears what the call says from now on. */
  join(call: UpstreamCall): void {
    if (this.over) return;
    this.#hearer = call;
    this.#pending.token = call.envelope.progressToken;
    this.#joined.add(call);
    const buffered = this.#buffer;
    this.#buffer = [];
    for (const { method, params } of buffered) {
      const token = call.envelope.progressToken;
      if (method !== 'notifications/progress') call.emit({ method, params });
      else if (token !== undefined) call.emit({ method, params: withToken(params, token) });
    }
    call.signal.onCancel((reason) => {
      // Once its outcome is out a request has no say any more; while another waits for the same one, that one decides.
      if (this.#joined.delete(call) && this.#joined.size === 0) this.cancel(reason);
    });
  }

  /** Ends the call at the server. */
  cancel(reason: string, outcome?: Outcome): void {
    this.#peer.abandon(this.#pending, reason, outcome);
  }

  /** Ends the call for another one of its owner. */
  giveWay(): void {
    const { server } = this.#calls.options;
    const outcome = failure('HATAGO_OVERLOADED', { server, retryAfterMs: 1000 });
    this.cancel('too many calls wait for their client', outcome);
  }

  #announce(ask: OpenAsk, listener: ParkedListener): void {
    ask.announced = true;
    listener.asked({ key: ask.key, method: ask.method, params: ask.params });
  }

  #close(key: string): void {
    this.#asks.delete(key);
    if (this.#asks.size > 0) return;
    this.#stopCoalescing?.();
    this.#stopCoalescing = undefined;
    this.#calls.leave(this);
    this.#peer.proceed(this.#pending);
  }

  #coalesce(): void {
    if (this.#waiter === undefined) return;
    const { schedule, limits } = this.#calls.options;
    this.#stopCoalescing ??= schedule(limits.coalesceMs, () => {
      this.#stopCoalescing = undefined;
      if (this.#waiter === undefined || this.over) return;
      this.#pending.detach?.();
      this.#pending.detach = undefined;
      this.#joined.clear();
      this.#give({});
    });
  }

  /** Gives the one who waits the open asks. */
  #give(more: { parked?: Parked }): void {
    const waiter = this.#waiter as (outcome: Outcome) => void;
    this.#waiter = undefined;
    this.#hearer = undefined;
    const result: Piece[] = ['{"inputRequests":{'];
    let comma = '';
    for (const ask of this.#asks.values()) {
      ask.announced = true;
      result.push(
        `${comma}${JSON.stringify(ask.key)}:{"method":"${ask.method}","params":`,
        ...ask.params.pieces(),
        '}',
      );
      comma = ',';
    }
    result.push(`},"requestState":"${this.#calls.round(this)}"}`);
    waiter({ kind: 'input_required', result: Payload.ofPieces(result), ...more });
  }

  #finish(outcome: Outcome): void {
    this.over = true;
    this.#stopCoalescing?.();
    this.#calls.leave(this);
    this.#joined.clear();
    const open = [...this.#asks.values()];
    this.#asks.clear();
    for (const ask of open) if (ask.announced === true) this.#listener?.withdrawn(ask.key);
    if (this.#waiter !== undefined) this.#waiter(outcome);
    else this.#outcome = outcome;
    this.#waiter = undefined;
    this.#end(outcome);
  }

  #keep(notification: Notification): void {
    this.#buffer.push(notification);
    if (this.#buffer.length > this.#calls.options.limits.maxBuffered) this.#buffer.shift();
  }
}
