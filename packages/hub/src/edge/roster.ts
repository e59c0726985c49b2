import { createTicker } from '../session/ticker.ts';

/** Something that wants to be called about once a second while it is registered. */
export interface Watched {
  /** `nowMs` of the roster's clock. */
  check(nowMs: number): void;
  /** Where the roster holds it; the roster's own. */
  slot?: number | undefined;
}

/** Everything of one kind that is looked at from time to time, with one timer for all of it. */
export interface Roster<T extends Watched = Watched> {
  add(watched: T): void;
  remove(watched: T): void;
  /** Checks everything registered; runs by itself every second while there is anything. */
  sweep(): void;
  readonly size: number;
  /** Everything that is registered now. */
  all(): readonly T[];
  close(): void;
}

const SWEEP_MS = 1_000;

/** Makes an empty roster. */
export function createRoster<T extends Watched = Watched>(now: () => number): Roster<T> {
  // Not a Set: every long-polling call comes and goes here, and an outgrown table would keep it; see IdTable.
  const all: T[] = [];
  const ticker = createTicker(SWEEP_MS, () => roster.sweep());
  const roster: Roster<T> = {
    get size() {
      return all.length;
    },
    all: () => all.slice(),
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
      const last = all.pop() as T;
      if (last === watched) return;
      all[slot] = last;
      last.slot = slot;
    },
    sweep() {
      // The timer is left running until a tick finds nothing, or short calls would start and stop it over and over.
      if (all.length === 0) ticker.stop();
      const nowMs = now();
      for (const watched of all.slice()) if (watched.slot !== undefined) watched.check(nowMs);
    },
    close() {
      ticker.stop();
      for (const watched of all.splice(0)) watched.slot = undefined;
    },
  };
  return roster;
}
