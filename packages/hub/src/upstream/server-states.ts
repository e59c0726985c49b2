import type { ServerState } from '../core/supervised.ts';

/** Which state may follow which; nothing else ever happens. */
export const TRANSITIONS: Readonly<Record<ServerState, readonly ServerState[]>> = {
  STOPPED: ['STARTING'],
  STARTING: ['RUNNING', 'CRASHED', 'STOPPING'],
  RUNNING: ['STOPPING', 'CRASHED'],
  STOPPING: ['STOPPED'],
  CRASHED: ['STARTING', 'STOPPING'],
};

/** Throws when a state may not follow another: that is always a mistake of the hub's own. */
export function assertTransition(from: ServerState, to: ServerState): void {
  if (!TRANSITIONS[from].includes(to)) throw new Error(`a server cannot go from ${from} to ${to}`);
}
