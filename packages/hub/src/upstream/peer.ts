import { EMPTY_OBJECT, type Members, Payload, type Piece, type Scanned } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import { HUB, type Outcome } from '../core/exchange.ts';
import { IdTable } from '../core/id-table.ts';
import type { Log } from '../core/log.ts';
import { isLate } from './deadline.ts';
import { isRpcError, outcomeOf } from './failures.ts';
import type { Gate } from './gate.ts';
import { Ghosts, mayAsk } from './ghosts.ts';
import type { Link, LinkEvents, LinkFailure } from './link.ts';
import { hooksBeforeEra, type PeerHooks } from './peer-hooks.ts';
import { Pending, type PendingOwner } from './pending.ts';
import { flushProgress, relayProgress } from './progress.ts';
import type { UpstreamTimeouts } from './spec.ts';
import { integerAt, notificationMessage, rawAt, requestMessage, responseMessage } from './wire.ts';

/** What a {@link Peer} works with. */
export interface PeerOptions {
  readonly server: string;
  readonly timeouts: UpstreamTimeouts;
  readonly gate: Gate;
  now(): number;
  schedule(ms: number, call: () => void): () => void;
  readonly log: Log;
}

/** How a request of the hub's own ended. */
export interface Reply {
  readonly outcome: Outcome;
  /** Set when there was no answer at all. */
  readonly failure?: LinkFailure;
  /** HTTP status of an error that came with one. */
  readonly status?: number;
}

/** Deadlines are looked at this often, in milliseconds. */
export const SWEEP_MS = 100;
/** The requests in flight over one link: ids, answers, deadlines, progress and cancellation, the same for both eras. */
export class Peer implements PendingOwner {
  readonly events: LinkEvents;
  hooks: PeerHooks;
  /** What the server last called our session. */
  sessionId: string | undefined;
  /** Protocol version put on every message; only for the modern era. */
  version: string | undefined;
  /** Cancelling is told by a notification; else only the link is told. */
  cancelNotice = true;
  /** Callers' requests that have no outcome yet, parked ones included. */
  callers = 0;
  /** Requests on somebody's behalf so far; those the hub makes to learn what there is do not count. */
  used = 0;
  /** Answers and messages nobody waited for. */
  strange = 0;
  closed: LinkFailure | undefined;
  readonly #options: PeerOptions;
  readonly #pending = new IdTable<Pending>();
  readonly #ghosts = new Ghosts();
  #link: Link | undefined;
  #lastId = 0;
  #sweeping: (() => void) | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.hooks = hooksBeforeEra(this);
    this.events = {
      message: (scanned, relatedTo, status) => this.#message(scanned, relatedTo, status),
      failed: (id, why) => this.#failed(id, why),
      closed: (why) => this.#closed(why),
      session: (sessionId) => {
        this.sessionId = sessionId;
      },
      stream: (state) => this.hooks.stream?.(state),
    };
  }

  /** Gives the peer the link its events come from. */
  bind(link: Link): void {
    this.#link = link;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** A fresh id; the params may need it before the request is put together. */
  mint(): number {
    this.#lastId = this.#pending.free(this.#lastId + 1);
    return this.#lastId;
  }

  /** Sends a caller's request, now or when the gate lets it through. */
  start(pending: Pending): Promise<Outcome> {
    return new Promise<Outcome>((resolve) => {
      pending.resolve = resolve;
      const call = pending.call;
      pending.startedAt = pending.touchedAt = this.#options.now();
      if (this.closed !== undefined) {
        resolve(failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: this.#options.server }));
        return;
      }
      if (call !== undefined) {
        if (call.signal.cancelled) {
          resolve(failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: this.#options.server }));
          return;
        }
        this.callers++;
        if (call.principal !== HUB) this.used++;
        pending.detach = call.signal.onCancel((reason) => this.abandon(pending, reason));
      }
      this.#pending.set(pending.id, pending);
      if (isTimed(pending)) this.#watch();
      if (call === undefined) return this.dispatch(pending);
      const place = this.#options.gate.enter(pending);
      if (place === 'go') {
        pending.counted = true;
        this.dispatch(pending);
      } else if (place === 'wait') pending.stage = 'queued';
      else this.settle(pending, failure('HATAGO_OVERLOADED', { server: this.#options.server, retryAfterMs: 1000 }));
    });
  }

  /** Puts a request on the link; the gate calls it for those that had to wait. */
  dispatch(pending: Pending): void {
    if (pending.stage === 'queued') pending.counted = true;
    if (this.closed !== undefined) {
      return this.settle(pending, failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: this.#options.server }));
    }
    pending.stage = 'sent';
    pending.version = this.version;
    (this.#link as Link).send(pending);
  }

  /** Sends a request of the hub's own. */
  own(method: string, params: string, limitMs: number, name?: string): Promise<Reply> {
    const id = this.mint();
    const pending = new Pending(this, id, method, requestMessage(id, method, [params]));
    pending.limitMs = limitMs;
    pending.name = name;
    return this.start(pending).then((outcome) => ({ outcome, failure: pending.failure, status: pending.status }));
  }

  /** Sends a request again under a new id, in the place of the one that came to nothing. */
  resend(pending: Pending, id: number, message: readonly Piece[]): void {
    this.#pending.delete(pending.id);
    pending.id = id;
    pending.message = message;
    pending.failure = undefined;
    this.#pending.set(id, pending);
    if (this.closed === undefined) this.dispatch(pending);
    else this.settle(pending, failure('HATAGO_UPSTREAM_LOST', { server: this.#options.server }));
  }

  /** Sends a notification. */
  notify(method: string, params: readonly Piece[]): void {
    const message = notificationMessage(method, params);
    this.#link?.send({ message, id: undefined, method, version: this.version });
  }

  /** Answers a request of the server. */
  respond(rpcId: string, member: 'result' | 'error', body: readonly Piece[]): void {
    if (this.closed !== undefined) return;
    this.#link?.send({ message: responseMessage(rpcId, member, body), id: undefined, method: undefined });
  }

  /** Ends a request from our side and tells the server. */
  abandon(pending: Pending, reason: string, outcome?: Outcome): void {
    if (pending.stage === 'ended') return;
    const told = pending.stage === 'sent' && this.closed === undefined && pending.method !== 'initialize';
    // Ahead of the outcome, for whoever gets the connection next must know.
    if (told && mayAsk(pending)) this.#ghosts.add(pending.id, this.#options.now());
    this.settle(pending, outcome ?? failure('HATAGO_UPSTREAM_LOST', { server: this.#options.server }));
    if (!told) return;
    if (this.cancelNotice) {
      this.notify('notifications/cancelled', [`{"requestId":${pending.id},"reason":${JSON.stringify(reason)}}`]);
    }
    this.#link?.cancel(pending.id);
  }

  /** Gives a request its outcome; later answers to it are dropped. */
  settle(pending: Pending, outcome: Outcome): void {
    if (pending.stage === 'ended') return;
    const waiting = pending.stage === 'queued';
    pending.stage = 'ended';
    this.#pending.delete(pending.id);
    pending.detach?.();
    pending.detach = undefined;
    if (pending.heldProgress !== undefined) flushProgress(pending, 0, true);
    pending.resolve(outcome);
    if (pending.call === undefined) return;
    this.callers--;
    this.hooks.ended(pending);
    if (pending.counted) {
      pending.counted = false;
      this.#options.gate.leave();
    } else if (waiting) this.#options.gate.forget(pending);
  }

  /** Stops the clock of a request that waits for its client, and gives back its place at the gate. */
  pause(pending: Pending, limitMs: number): void {
    if (pending.pausedAt !== -1 || pending.stage === 'ended') return;
    pending.pausedAt = this.#options.now();
    pending.pauseLimitMs = limitMs;
    if (pending.counted) {
      pending.counted = false;
      this.#options.gate.leave();
    }
  }

  /** Lets the clock of a request go on. */
  proceed(pending: Pending): void {
    if (pending.pausedAt === -1 || pending.stage === 'ended') return;
    const stood = this.#options.now() - pending.pausedAt;
    pending.startedAt += stood;
    pending.touchedAt += stood;
    pending.pausedAt = -1;
    pending.counted = true;
    this.#options.gate.reenter();
  }

  /** The callers' requests the server is at work on. */
  *inFlight(): Iterable<Pending> {
    for (const pending of this.#pending.values()) {
      if (pending.call !== undefined && pending.stage === 'sent') yield pending;
    }
  }

  /** The one call in whose course the server may be asking; `many` when that cannot be told. */
  soleCall(): Pending | 'many' | undefined {
    let sole: Pending | undefined;
    for (const pending of this.inFlight()) {
      if (!mayAsk(pending)) continue;
      if (sole !== undefined) return 'many';
      sole = pending;
    }
    return this.ghosts() === 0 ? sole : 'many';
  }

  /** How many cancelled requests the server may still be at work on. */
  ghosts(): number {
    return this.#ghosts.count(this.#options.now());
  }

  /** Counts and logs something the server did against the protocol. */
  protest(what: string): void {
    this.strange++;
    if (this.strange > 20 && this.strange % 1000 !== 0) return;
    const { server, log } = this.#options;
    log({ level: 'warn', event: 'upstream_protocol', server, message: what, count: this.strange });
  }

  /** Ends every request and the link. */
  async close(reason: string): Promise<void> {
    this.#closed({ kind: 'lost', message: reason }, true);
    await this.#link?.close(reason);
  }

  #message(scanned: Scanned, relatedTo: number | undefined, status: number | undefined): void {
    const { source, top } = scanned;
    if (top === undefined) return this.protest('a message that is no object');
    const methodAt = top.names.indexOf('method');
    if (methodAt !== -1) return this.#incoming(source, top, methodAt, relatedTo);
    const idAt = top.names.indexOf('id');
    let pending = idAt === -1 ? undefined : this.#pending.get(integerAt(source, top, idAt));
    const resultAt = top.names.indexOf('result');
    const errorAt = top.names.indexOf('error');
    // The answer to a request that could not be read has no id, but comes on the request's own stream.
    if (pending === undefined && relatedTo !== undefined && errorAt !== -1 && isNullOrMissing(source, top, idAt)) {
      pending = this.#pending.get(relatedTo);
    }
    if (pending === undefined || pending.stage !== 'sent') {
      if (idAt !== -1) this.#ghosts.delete(integerAt(source, top, idAt));
      return this.protest('an answer to no request of ours');
    }
    pending.status = status;
    const at = resultAt === -1 ? errorAt : resultAt;
    if (at === -1 || (resultAt !== -1 && errorAt !== -1)) {
      this.protest('an answer without result and error, or with both');
      return this.settle(pending, this.#broken());
    }
    const body = Payload.ofBytes(source, top.at[at * 3 + 1], top.at[at * 3 + 2], top.children[at]);
    if (resultAt === -1 && !isRpcError(body.value())) {
      this.protest('an error that is no JSON-RPC error');
      return this.settle(pending, this.#broken());
    }
    if (resultAt !== -1 && top.children[at] === undefined) {
      this.protest('a result that is no object');
      return this.settle(pending, this.#broken());
    }
    if (pending.call === undefined) {
      const own: Outcome = resultAt === -1 ? { kind: 'error', error: body } : { kind: 'complete', result: body };
      return this.settle(pending, own);
    }
    const outcome = this.hooks.answered(pending, body, resultAt === -1);
    if (outcome !== undefined) this.settle(pending, outcome);
  }

  #incoming(source: Uint8Array, top: Members, methodAt: number, relatedTo: number | undefined): void {
    const method = Payload.ofBytes(source, top.at[methodAt * 3 + 1], top.at[methodAt * 3 + 2]).value();
    if (typeof method !== 'string') return this.protest('a method that is no string');
    const paramsAt = top.names.indexOf('params');
    const params =
      paramsAt === -1
        ? EMPTY_OBJECT
        : Payload.ofBytes(source, top.at[paramsAt * 3 + 1], top.at[paramsAt * 3 + 2], top.children[paramsAt]);
    if (!params.isObject()) return this.protest('params that are no object');
    const related = relatedTo === undefined ? undefined : this.#pending.get(relatedTo);
    const gone = relatedTo !== undefined && related === undefined;
    const idAt = top.names.indexOf('id');
    if (idAt !== -1) {
      const rpcId = decoder.decode(rawAt(source, top, idAt));
      if (method === 'ping') return this.respond(rpcId, 'result', ['{}']);
      if (gone) {
        this.protest('a request in the course of a call that has ended');
        return this.respond(rpcId, 'error', [CALL_ENDED]);
      }
      return this.hooks.asked(rpcId, method, params, related);
    }
    if (method !== 'notifications/progress') {
      // What was meant for a call that has ended must not reach another.
      if (!gone || method !== 'notifications/message') this.hooks.told(method, params, related);
      return;
    }
    const members = params.members() as Members;
    const tokenAt = members.names.indexOf('progressToken');
    const pending = tokenAt === -1 ? undefined : this.#pending.get(integerAt(params.source(), members, tokenAt));
    if (pending === undefined || pending.stage !== 'sent') return this.protest('progress of no request of ours');
    relayProgress(pending, params, this.#options.now());
  }

  #failed(id: number, why: LinkFailure): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.failure = why;
    const theirs = pending.call !== undefined || why.kind === 'session_gone';
    if (theirs && this.hooks.failed(pending, why)) return;
    this.settle(pending, outcomeOf(why, this.#options.server));
  }

  #closed(why: LinkFailure, byUs = false): void {
    if (this.closed !== undefined) return;
    this.closed = why;
    this.#sweeping?.();
    this.#sweeping = undefined;
    const { server } = this.#options;
    for (const pending of this.#pending.values()) {
      const sent = pending.stage === 'sent' && why.kind !== 'unsent';
      pending.failure = why;
      const lost = why.kind === 'protocol' ? 'HATAGO_UPSTREAM_PROTOCOL' : 'HATAGO_UPSTREAM_LOST';
      this.settle(pending, failure(sent ? lost : 'HATAGO_UPSTREAM_UNAVAILABLE', { server }));
    }
    if (!byUs) this.hooks.closed(why);
  }

  #broken(): Outcome {
    return failure('HATAGO_UPSTREAM_PROTOCOL', { server: this.#options.server });
  }

  #watch(): void {
    this.#sweeping ??= this.#options.schedule(SWEEP_MS, this.#sweep);
  }

  readonly #sweep = (): void => {
    this.#sweeping = undefined;
    const now = this.#options.now();
    let timed = false;
    for (const pending of this.#pending.values()) {
      this.#check(pending, now);
      timed ||= isTimed(pending);
    }
    if (timed) this.#watch();
  };

  #check(pending: Pending, now: number): void {
    if (pending.heldProgress !== undefined) flushProgress(pending, now, false);
    if (!isLate(pending, now, this.#options.timeouts)) return;
    this.abandon(pending, 'timeout', failure('HATAGO_UPSTREAM_TIMEOUT', { server: this.#options.server }));
  }
}

/** Whether the sweep has anything to do for a request that is open. */
function isTimed(pending: Pending): boolean {
  return pending.stage !== 'ended' && (pending.call !== undefined || pending.limitMs !== 0);
}

const decoder = new TextDecoder();

function isNullOrMissing(source: Uint8Array, top: Members, idAt: number): boolean {
  return idAt === -1 || decoder.decode(rawAt(source, top, idAt)) === 'null';
}

const CALL_ENDED = '{"code":-32603,"message":"The call in whose course this is asked has ended"}';
