import type { ParkedCall } from './parked-call.ts';

/** Who has how many calls that wait for answers; one for all servers of a hub, whatever became of its configuration. */
export interface ParkedPlaces {
  /** Counts a call of the owner; the one that waits for longest when they are now more than `max`, else undefined. */
  enter(owner: string, call: ParkedCall, max: number): ParkedCall | undefined;
  /** The call no longer waits. */
  leave(owner: string, call: ParkedCall): void;
}

/** Makes {@link ParkedPlaces} that are all free. */
export function createParkedPlaces(): ParkedPlaces {
  const waiting = new Map<string, Set<ParkedCall>>();
  return {
    enter(owner, call, max) {
      const mine = waiting.get(owner) ?? new Set<ParkedCall>();
      waiting.set(owner, mine);
      mine.add(call);
      if (mine.size <= max) return undefined;
      for (const oldest of mine) return oldest;
      return undefined;
    },
    leave(owner, call) {
      const mine = waiting.get(owner);
      if (mine?.delete(call) === true && mine.size === 0) waiting.delete(owner);
    },
  };
}
