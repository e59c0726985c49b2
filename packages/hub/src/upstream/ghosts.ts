import { methodInfo } from '@hatago/protocol';
import type { Pending } from './pending.ts';

/** For how long a cancelled request may still be what a server asks about, in milliseconds. */
const GHOST_MS = 10_000;

/** Cancelled requests whose answer never came: the server may not have heard of the end of them yet. */
export class Ghosts {
  readonly #cancelledAt = new Map<number, number>();

  add(id: number, now: number): void {
    this.#cancelledAt.set(id, now);
  }

  /** The answer came after all. */
  delete(id: number): void {
    this.#cancelledAt.delete(id);
  }

  /** How many there are that may still ask something. */
  count(now: number): number {
    for (const [id, at] of this.#cancelledAt) {
      if (now - at < GHOST_MS) break;
      this.#cancelledAt.delete(id);
    }
    return this.#cancelledAt.size;
  }
}

/** Whether the server may ask the client something in the course of this request. */
export function mayAsk(pending: Pending): boolean {
  return pending.call !== undefined && methodInfo(pending.method)?.mrtr === true;
}
