import { type Canceller, type CancelSignal, createCanceller } from '../core/cancel.ts';
import { failure } from '../core/errors.ts';
import type { Outcome, SessionRef } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import type { Connection } from './connection.ts';
import type { Schedule } from './deadline.ts';
import type { Pending } from './pending.ts';
import { createTaskPlaces, type TaskPlaces } from './task-places.ts';

/** How a call is to be carried out. */
export interface LeaseTerms {
  /** Calls with the same key may share connections. */
  readonly key: string;
  /** The connection carries out nothing else meanwhile. */
  readonly exclusive: boolean;
  /** Most connections for this key. */
  readonly max: number;
  /** A connection nobody uses for this long is closed, in milliseconds. */
  readonly idleMs: number;
  /** What is declared to a legacy server on them. */
  readonly capabilities: Record<string, unknown>;
  /** The session whose own they are; undefined where they belong to none. */
  readonly session: string | undefined;
  /** That session where nobody else uses them: what is asked in the course of no call is asked of its client. */
  readonly client: SessionRef | undefined;
}

/** What becomes of a connection of the pool. */
export interface LeaseEvents {
  ended(pending: Pending): void;
  lost(): void;
  /** Fires when the connection is not wanted any more while it is being opened. */
  readonly signal: CancelSignal;
  /** Has something done when the connection leaves the pool. */
  onEnd(call: () => void): void;
}

/** What {@link Pool} works with. */
export interface PoolOptions {
  readonly server: string;
  /** Most connections in all. */
  readonly maxLeased: number;
  /** How long a call waits for its turn, in milliseconds; 0 = without end. */
  readonly waitMs: number;
  now(): number;
  readonly schedule: Schedule;
  /** Opens a connection; resolves to undefined when that fails. */
  open(terms: LeaseTerms, events: LeaseEvents): Promise<Connection | undefined>;
}

/** One connection of the pool, being opened or open. */
interface Slot {
  readonly group: Group;
  readonly canceller: Canceller;
  onEnd: (() => void) | undefined;
  ready: Promise<Connection | undefined>;
  connection: Connection | undefined;
  /** The call it is leased to, where it is leased to one at a time. */
  leasedTo: UpstreamCall | undefined;
  usedAt: number;
}

/** The connections for one key, and the calls that wait for one of them. */
interface Group {
  readonly terms: LeaseTerms;
  readonly slots: Set<Slot>;
  readonly waiting: Waiter[];
}

interface Waiter {
  readonly call: UpstreamCall;
  readonly resolve: (slot: Slot | undefined) => void;
}

/** How often idle connections are looked for, in milliseconds. */
const REAP_MS = 15_000;

/** The connections of one upstream beside its shared one: per session, per capabilities, or per call. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #groups = new Map<string, Group>();
  /** Connections that are being ended. */
  readonly #ending = new Set<Promise<void>>();
  readonly #tasks: TaskPlaces<Slot>;
  #size = 0;
  #opened = 0;
  #closed = false;
  #stopReaping: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#tasks = createTaskPlaces(options.now, (slot) => slot.group.terms.session);
  }

  /** How many connections there are. */
  get size(): number {
    return this.#size;
  }

  /** How many connections were ever opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Carries out a call on a connection of its key. */
  async request(call: UpstreamCall, terms: LeaseTerms): Promise<Outcome> {
    const { server } = this.#options;
    const slot = await this.#lease(call, terms);
    if (slot === undefined) return failure('HATAGO_OVERLOADED', { server, retryAfterMs: 1000 });
    const connection = slot.connection ?? (await slot.ready);
    if (connection === undefined || call.signal.cancelled) {
      this.#release(slot, call);
      return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server });
    }
    slot.usedAt = this.#options.now();
    const outcome = await connection.request(call);
    this.#tasks.answered(slot, call, outcome);
    // A call that asks its client keeps its connection until its end, which is reported apart.
    if (outcome.kind !== 'input_required') this.#release(slot, call);
    return outcome;
  }

  /** Asks about a task where it runs; undefined when that is on none of these connections. */
  requestOnTask(call: UpstreamCall): Promise<Outcome> | undefined {
    const slot = this.#tasks.of(call);
    const outcome = slot?.connection?.request(call);
    if (slot === undefined || outcome === undefined) return undefined;
    slot.usedAt = this.#options.now();
    return outcome.then((answer) => {
      this.#tasks.answered(slot, call, answer);
      return answer;
    });
  }

  async close(reason: string): Promise<void> {
    this.#closed = true;
    this.#stopReaping?.();
    await this.drain(reason);
  }

  /** Ends every connection, and the wait of every call; new calls open new ones. */
  async drain(reason: string): Promise<void> {
    for (const group of [...this.#groups.values()]) this.#empty(group, reason);
    await Promise.all(this.#ending);
  }

  /** Ends the connections of a session. */
  endSession(session: string): void {
    for (const group of [...this.#groups.values()]) {
      if (group.terms.session === session) this.#empty(group, 'the session has ended');
    }
  }

  #empty(group: Group, reason: string): void {
    for (const waiter of group.waiting.splice(0)) waiter.resolve(undefined);
    for (const slot of [...group.slots]) this.#drop(slot, reason);
  }

  #lease(call: UpstreamCall, terms: LeaseTerms): Promise<Slot | undefined> | Slot | undefined {
    if (this.#closed) return undefined;
    let group = this.#groups.get(terms.key);
    if (group === undefined) {
      group = { terms, slots: new Set(), waiting: [] };
      this.#groups.set(terms.key, group);
    }
    for (const slot of group.slots) {
      if (terms.exclusive && slot.leasedTo !== undefined) continue;
      if (terms.exclusive) slot.leasedTo = call;
      return slot;
    }
    if (group.slots.size >= terms.max) return this.#wait(call, group);
    if (this.#size >= this.#options.maxLeased && !this.#evict()) return undefined;
    const slot = this.#open(group);
    if (terms.exclusive) slot.leasedTo = call;
    return slot;
  }

  #wait(call: UpstreamCall, group: Group): Promise<Slot | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = { call, resolve };
      group.waiting.push(waiter);
      const giveUp = (): void => {
        const at = group.waiting.indexOf(waiter);
        if (at === -1) return;
        group.waiting.splice(at, 1);
        resolve(undefined);
      };
      call.signal.onCancel(giveUp);
      if (this.#options.waitMs > 0) this.#options.schedule(this.#options.waitMs, giveUp);
    });
  }

  #open(group: Group): Slot {
    const canceller = createCanceller();
    const slot: Slot = {
      group,
      canceller,
      onEnd: undefined,
      ready: NOTHING,
      connection: undefined,
      leasedTo: undefined,
      usedAt: this.#options.now(),
    };
    group.slots.add(slot);
    this.#size++;
    this.#opened++;
    const events: LeaseEvents = {
      ended: (pending) => {
        if (pending.call !== undefined) this.#release(slot, pending.call);
      },
      lost: () => this.#drop(slot, 'lost'),
      signal: canceller,
      onEnd: (call) => {
        slot.onEnd = call;
      },
    };
    slot.ready = this.#options.open(group.terms, events).then(async (connection) => {
      if (connection === undefined) this.#forget(slot);
      else if (group.slots.has(slot)) slot.connection = connection;
      else {
        slot.onEnd?.();
        await connection.close('not needed any more');
      }
      return slot.connection;
    });
    this.#stopReaping ??= this.#options.schedule(REAP_MS, this.#reap);
    return slot;
  }

  /** Ends a lease and passes the connection on to the call that waits longest. */
  #release(slot: Slot, call: UpstreamCall): void {
    slot.usedAt = this.#options.now();
    if (slot.leasedTo !== call) return;
    slot.leasedTo = undefined;
    const { group } = slot;
    if (!group.slots.has(slot)) return;
    if (slot.connection?.peer.closed !== undefined) {
      this.#drop(slot, 'lost');
      return;
    }
    // What a cancelled call may still ask would be taken for a question of the next one.
    if ((slot.connection?.peer.ghosts() ?? 0) > 0 && !this.#tasks.holds(slot)) {
      this.#drop(slot, 'a cancelled call may still run on it');
      return;
    }
    const next = group.waiting.shift();
    if (next === undefined) return;
    slot.leasedTo = next.call;
    next.resolve(slot);
  }

  #forget(slot: Slot): void {
    const { group } = slot;
    if (!group.slots.delete(slot)) return;
    this.#size--;
    this.#tasks.left(slot);
    if (group.slots.size === 0 && group.waiting.length === 0) this.#groups.delete(group.terms.key);
    const next = this.#closed ? undefined : group.waiting.shift();
    if (next === undefined) return;
    void Promise.resolve(this.#lease(next.call, group.terms)).then(next.resolve);
  }

  #drop(slot: Slot, reason: string): void {
    const { connection, group } = slot;
    if (!group.slots.has(slot)) return;
    this.#forget(slot);
    slot.canceller.cancel(reason);
    slot.onEnd?.();
    // One that is being opened closes itself when it is open.
    const ended = connection?.close(reason) ?? slot.ready.then(() => {});
    const ending = ended.finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #isIdle(slot: Slot): boolean {
    const { leasedTo, connection } = slot;
    if (leasedTo !== undefined || connection === undefined || connection.peer.callers > 0) return false;
    return !this.#tasks.holds(slot);
  }

  /** Closes the connection that was not used for the longest time, to make room; false when all are in use. */
  #evict(): boolean {
    let oldest: Slot | undefined;
    for (const group of this.#groups.values()) {
      for (const slot of group.slots) {
        if (this.#isIdle(slot) && (oldest === undefined || slot.usedAt < oldest.usedAt)) oldest = slot;
      }
    }
    if (oldest === undefined) return false;
    this.#drop(oldest, 'its place is needed');
    return true;
  }

  readonly #reap = (): void => {
    const now = this.#options.now();
    for (const group of [...this.#groups.values()]) {
      for (const slot of [...group.slots]) {
        if (this.#isIdle(slot) && now - slot.usedAt >= group.terms.idleMs) this.#drop(slot, 'idle');
      }
    }
    this.#stopReaping = this.#size > 0 ? this.#options.schedule(REAP_MS, this.#reap) : undefined;
  };
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);
