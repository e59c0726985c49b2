import type { Lock } from '../lock/lock.ts';

/** The place of the hub of one configuration, taken before the hub is loaded. */
export interface Seat {
  readonly lock: Lock;
  /** Whether others find this hub; false where one that has the lock answers nobody. */
  readonly isShared: boolean;
  /** Set where a bridge takes over: its client is served as one of many. */
  readonly takeover?: {
    /** The hub takes clients there now. */
    ready(socket: string): void;
    /** There will be no hub in this process. */
    failed(): void;
    /** This process is about to end. */
    ending(): void;
  };
}

let seat: Seat | undefined;

/** Leaves the seat to the command that is about to run in this process. */
export function leaveSeat(taken: Seat): void {
  seat = taken;
}

/** The seat that was left to this command; undefined when it has to look for one itself. */
export function takeSeat(): Seat | undefined {
  const taken = seat;
  seat = undefined;
  return taken;
}
