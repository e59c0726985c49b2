import { type Piece, SSE_KEEPALIVE } from '@hatago/protocol';
import type { EdgeDeps } from './deps.ts';
import { type HttpReply, SSE_HEADERS } from './reply.ts';
import { createRoster, type Roster, type Watched } from './roster.ts';

/** The roster of an edge: it keeps streams alive and closes those nobody reads. */
export interface StreamKeeper extends Roster {
  readonly deps: EdgeDeps;
}

/** How many times the bound a burst may exceed it between two sweeps. */
const BURST = 32;

/** Makes a keeper without anything to keep. */
export const createStreamKeeper = (deps: EdgeDeps): StreamKeeper =>
  Object.assign(
    createRoster(() => deps.now()),
    { deps },
  );

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
