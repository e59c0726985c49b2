import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import type { Connection } from './connection.ts';
import type { Schedule } from './deadline.ts';
import type { Pending } from './pending.ts';

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
}

/** What becomes of a connection of the pool. */
export interface LeaseEvents {
  ended(pending: Pending): void;
  lost(): void;
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
  #size = 0;
  #closed = false;
  #stopReaping: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** How many connections there are. */
  get size(): number {
    return this.#size;
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
    // A call that asks its client keeps its connection until its end, which is reported apart.
    if (outcome.kind !== 'input_required') this.#release(slot, call);
    return outcome;
  }

  async close(reason: string): Promise<void> {
    this.#closed = true;
    this.#stopReaping?.();
    const closing: Promise<void>[] = [];
    for (const group of [...this.#groups.values()]) {
      for (const waiter of group.waiting.splice(0)) waiter.resolve(undefined);
      for (const slot of [...group.slots]) closing.push(this.#drop(slot, reason));
    }
    await Promise.all(closing);
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
    const slot: Slot = {
      group,
      ready: NOTHING,
      connection: undefined,
      leasedTo: undefined,
      usedAt: this.#options.now(),
    };
    group.slots.add(slot);
    this.#size++;
    const events: LeaseEvents = {
      ended: (pending) => {
        if (pending.call !== undefined) this.#release(slot, pending.call);
      },
      lost: () => this.#forget(slot),
    };
    slot.ready = this.#options.open(group.terms, events).then((connection) => {
      if (connection === undefined) this.#forget(slot);
      else if (!group.slots.has(slot)) void connection.close('not needed any more');
      else slot.connection = connection;
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
      this.#forget(slot);
      return;
    }
    // What a cancelled call may still ask would be taken for a question of the next one.
    if ((slot.connection?.peer.ghosts() ?? 0) > 0) {
      void this.#drop(slot, 'a cancelled call may still run on it');
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
    if (group.slots.size === 0 && group.waiting.length === 0) this.#groups.delete(group.terms.key);
    const next = this.#closed ? undefined : group.waiting.shift();
    if (next === undefined) return;
    void Promise.resolve(this.#lease(next.call, group.terms)).then(next.resolve);
  }

  async #drop(slot: Slot, reason: string): Promise<void> {
    const { connection } = slot;
    this.#forget(slot);
    await connection?.close(reason);
  }

  #isIdle(slot: Slot): boolean {
    return slot.leasedTo === undefined && slot.connection !== undefined && slot.connection.peer.callers === 0;
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
    void this.#drop(oldest, 'its place is needed');
    return true;
  }

  readonly #reap = (): void => {
    const now = this.#options.now();
    for (const group of [...this.#groups.values()]) {
      for (const slot of [...group.slots]) {
        if (this.#isIdle(slot) && now - slot.usedAt >= group.terms.idleMs) void this.#drop(slot, 'idle');
      }
    }
    this.#stopReaping = this.#size > 0 ? this.#options.schedule(REAP_MS, this.#reap) : undefined;
  };
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);
