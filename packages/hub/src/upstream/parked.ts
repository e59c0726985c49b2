import { createHash, randomBytes } from 'node:crypto';
import { isRecord } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import { LOCAL, type Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { ParkedCall } from './parked-call.ts';
import type { ParkedPlaces } from './parked-places.ts';
import type { Peer } from './peer.ts';
import type { Pending } from './pending.ts';
import type { UpstreamLimits } from './spec.ts';

/** One `input_required` given out; it is answered by sending its state back, once. */
interface Round {
  readonly state: string;
  readonly parked: ParkedCall;
  readonly madeAt: number;
  /** Digest of the answers it was used with; undefined = not used yet. */
  digest: string | undefined;
  outcome: Promise<Outcome> | undefined;
  /** When the outcome was there; undefined = not yet. */
  settledAt: number | undefined;
}

/** For how long an answer that was lost can be fetched again, in milliseconds. */
const REPEAT_MS = 60_000;
/** Of callers that are neither authenticated nor have a session nobody knows how many they are: one limit is for all. */
const UNAUTHENTICATED_FACTOR = 8;
const MAX_ROUNDS = 4096;

/** What the registry works with. */
export interface ParkedOptions {
  readonly server: string;
  readonly limits: UpstreamLimits;
  readonly places: ParkedPlaces;
  now(): number;
  schedule(ms: number, call: () => void): () => void;
}

/** All calls of one upstream that wait, or waited, for their clients; the same over all its connections. */
export class ParkedCalls {
  readonly options: ParkedOptions;
  readonly #rounds = new Map<string, Round>();
  #size = 0;

  constructor(options: ParkedOptions) {
    this.options = options;
  }

  /** The parked call of a pending one, made at its first ask. */
  park(pending: Pending, peer: Peer): ParkedCall {
    return pending.sink instanceof ParkedCall ? pending.sink : new ParkedCall(this, pending, peer);
  }

  /** Takes a retry to the call it belongs to. */
  resume(call: UpstreamCall, state: string): Promise<Outcome> {
    const round = this.#rounds.get(state);
    const parked = round?.parked;
    if (round === undefined || parked === undefined) return this.#refuse();
    if (parked.call.principal.id !== call.principal.id || parked.call.method !== call.method) return this.#refuse();
    const answers = call.params.member('inputResponses');
    const digest = digestOf(answers?.value());
    if (round.digest === undefined) {
      if (this.#isOld(round)) return this.#refuse();
      round.digest = digest;
      round.outcome = parked.resume(call, answers);
      round.outcome.then(() => {
        round.settledAt = this.options.now();
      });
      return round.outcome;
    }
    if (round.digest !== digest || round.outcome === undefined || this.#isOld(round)) return this.#refuse();
    parked.join(call);
    return round.outcome;
  }

  /** Whether a state is, or was a moment ago, one of ours. */
  knows(state: string): boolean {
    return this.#rounds.has(state);
  }

  /** Gives out a state for the asks of a call. */
  round(parked: ParkedCall): string {
    const state = randomBytes(16).toString('hex');
    this.#purge();
    this.#rounds.set(state, {
      state,
      parked,
      madeAt: this.options.now(),
      digest: undefined,
      outcome: undefined,
      settledAt: undefined,
    });
    return state;
  }

  /** Counts a call as waiting; the oldest of its caller gives way when there are too many. */
  enter(parked: ParkedCall): void {
    if (parked.waiting) return;
    parked.waiting = true;
    this.#size++;
    const { limits, places } = this.options;
    const max = limits.maxParkedPerPrincipal * (parked.owner === LOCAL.id ? UNAUTHENTICATED_FACTOR : 1);
    places.enter(parked.owner, parked, max)?.giveWay();
  }

  /** The call no longer waits. */
  leave(parked: ParkedCall): void {
    if (!parked.waiting) return;
    parked.waiting = false;
    this.#size--;
    this.options.places.leave(parked.owner, parked);
  }

  /** How many calls wait for their clients. */
  get size(): number {
    return this.#size;
  }

  #refuse(): Promise<Outcome> {
    const message = 'requestState is unknown, was used already, or is not for this request.';
    return Promise.resolve(failure('HATAGO_INVALID_PARAMS', { server: this.options.server, message }));
  }

  #isOld(round: Round): boolean {
    const now = this.options.now();
    if (round.digest === undefined) return round.parked.expired;
    return round.settledAt !== undefined && now - round.settledAt > REPEAT_MS;
  }

  #purge(): void {
    const { limits, now } = this.options;
    for (const [state, round] of this.#rounds) {
      const over = round.parked.over && now() - round.madeAt > limits.parkedMs + REPEAT_MS;
      if (over || this.#isOld(round) || this.#rounds.size >= MAX_ROUNDS) this.#rounds.delete(state);
    }
  }
}

/** One text per value, whatever the order of its members; hashed, for answers may be long. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}
