import { type Piece, SSE_KEEPALIVE } from '@hatago/protocol';
import { createTicker } from '../session/ticker.ts';
import type { EdgeDeps } from './deps.ts';
import { type HttpReply, SSE_HEADERS } from './reply.ts';

/** Something that wants to be called about once a second while it is registered. */
export interface Watched {
  /** `nowMs` of the injected clock. */
  check(nowMs: number): void;
  /** Where the keeper holds it; the keeper's own. */
  slot?: number | undefined;
}

/** The one timer of an edge: it keeps streams alive and closes those nobody reads. */
export interface StreamKeeper {
  readonly deps: EdgeDeps;
  add(watched: Watched): void;
  remove(watched: Watched): void;
  /** Checks everything registered; runs by itself every second while there is anything. */
  sweep(): void;
  readonly size: number;
  close(): void;
}

const SWEEP_MS = 1_000;
/** How many times the bound a burst may exceed it between two sweeps. */
const BURST = 32;

/** Makes a keeper without anything to keep. */
export function createStreamKeeper(deps: EdgeDeps): StreamKeeper {
  // Not a Set: every long-polling call comes and goes here, and an outgrown table would keep it; see IdTable.
  const all: Watched[] = [];
  const ticker = createTicker(SWEEP_MS, () => keeper.sweep());
  const keeper: StreamKeeper = {
    deps,
    get size() {
      return all.length;
    },
    add(watched) {
      if (watched.slot !== undefined) return;
      if (all.length === 0) ticker.start();
      watched.slot = all.length;
      all.push(watched);
    },
    remove(watched) {
      const { slot } = watched;
      if (slot === undefined) return;
      watched.slot = undefined;
      const last = all.pop() as Watched;
      if (last === watched) return;
      all[slot] = last;
      last.slot = slot;
    },
    sweep() {
      // The timer is left running until a tick finds nothing, or short calls would start and stop it over and over.
      if (all.length === 0) ticker.stop();
      const nowMs = deps.now();
      for (const watched of all.slice()) if (watched.slot !== undefined) watched.check(nowMs);
    },
    close() {
      ticker.stop();
      for (const watched of all.splice(0)) watched.slot = undefined;
    },
  };
  return keeper;
}

/** One stream of server-sent events to one client. */
export class EventStream implements Watched {
  slot: number | undefined;
  readonly #keeper: StreamKeeper;
  readonly #reply: HttpReply;
  #silentSinceMs: number;
  #stalledSinceMs: number | undefined;
  #lastBuffered = 0;
  #ended = false;

  /** Opens the stream; `first` goes out with the headers. */
  constructor(keeper: StreamKeeper, reply: HttpReply, headers: readonly string[] = SSE_HEADERS) {
    this.#keeper = keeper;
    this.#reply = reply;
    this.#silentSinceMs = keeper.deps.now();
    reply.open(200, headers);
    reply.onClose(() => keeper.remove(this));
    keeper.add(this);
  }

  get closed(): boolean {
    return this.#ended || this.#reply.closed;
  }

  /** Sends one ready event; a client that left far too much unread is cut off instead. */
  send(event: readonly Piece[]): void {
    if (this.closed) return;
    const { maxBufferedBytes } = this.#keeper.deps.limits;
    if (this.#reply.bufferedBytes > maxBufferedBytes * BURST) return this.#cut('far too much unread');
    this.#silentSinceMs = this.#keeper.deps.now();
    this.#reply.write(event);
  }

  end(): void {
    if (this.closed) return;
    this.#ended = true;
    // Stays watched until the last bytes are taken.
    this.#reply.end();
  }

  check(nowMs: number): void {
    const { limits } = this.#keeper.deps;
    const buffered = this.#reply.bufferedBytes;
    if (buffered > 0 && buffered >= this.#lastBuffered) {
      // Twice in a row: what was written within one tick nobody has had the time to read.
      if (this.#lastBuffered > limits.maxBufferedBytes) return this.#cut('too much unread');
      this.#stalledSinceMs ??= nowMs;
      if (nowMs - this.#stalledSinceMs >= limits.stalledMs) return this.#cut('nothing read');
    } else this.#stalledSinceMs = undefined;
    this.#lastBuffered = buffered;
    if (this.#ended || buffered > 0 || nowMs - this.#silentSinceMs < limits.keepAliveMs) return;
    this.#silentSinceMs = nowMs;
    this.#reply.write([SSE_KEEPALIVE]);
  }

  #cut(reason: string): void {
    this.#ended = true;
    this.#keeper.remove(this);
    this.#keeper.deps.log({ level: 'warn', event: 'edge.slow_reader', reason });
    this.#reply.destroy();
  }
}
