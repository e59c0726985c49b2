import type { Payload } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';

/** Remembers on which place of a pool each task runs: no other knows of it. */
export interface TaskPlaces<Place extends object> {
  /** The place to ask about the task that a `tasks/…` call names; undefined for any other call. */
  of(call: UpstreamCall): Place | undefined;
  /** Takes note of what a place answered to a call: a task begins, or is over. */
  answered(place: Place, call: UpstreamCall, outcome: Outcome): void;
  /** Whether tasks run there that are not known to be over, so that the place has to stay. */
  holds(place: Place): boolean;
  /** The place is gone, and its tasks with it. */
  left(place: Place): void;
}

interface Held<Place> {
  readonly place: Place;
  /** Until when the place stays for it; 0 = it need not stay. */
  until: number;
}

/** A task whose server names no end keeps its place for this long, in milliseconds. */
const MAX_HELD_MS = 24 * 60 * 60_000;
const MAX_TASKS = 4096;
const OVER: readonly unknown[] = ['completed', 'failed', 'cancelled'];

/** Makes {@link TaskPlaces}; `sessionOf` names the session that a place belongs to, whose tasks nobody else finds. */
export function createTaskPlaces<Place extends object>(
  now: () => number,
  sessionOf: (place: Place) => string | undefined,
): TaskPlaces<Place> {
  const tasks = new Map<string, Held<Place>>();
  const keyOf = (session: string | undefined, taskId: string): string => `${session ?? ''} ${taskId}`;
  const named = (call: UpstreamCall): string | undefined =>
    call.method.startsWith('tasks/') ? (call.target ?? call.params.text('taskId')) : undefined;
  const find = (call: UpstreamCall): Held<Place> | undefined => {
    const taskId = named(call);
    if (taskId === undefined) return undefined;
    return tasks.get(keyOf(call.session?.id, taskId)) ?? tasks.get(keyOf(undefined, taskId));
  };
  const hold = (place: Place, result: Payload): void => {
    const taskId = result.text('taskId');
    if (taskId === undefined) return;
    const ttlMs = result.member('ttlMs')?.value();
    const until = now() + (typeof ttlMs === 'number' ? Math.min(ttlMs, MAX_HELD_MS) : MAX_HELD_MS);
    tasks.set(keyOf(sessionOf(place), taskId), { place, until });
    if (tasks.size > MAX_TASKS) for (const oldest of tasks.keys()) if (tasks.delete(oldest)) break;
  };
  return {
    of: (call) => (tasks.size === 0 ? undefined : find(call)?.place),
    answered(place, call, outcome) {
      if (outcome.kind === 'task') return hold(place, outcome.result);
      if (outcome.kind !== 'complete' || tasks.size === 0) return;
      const held = find(call);
      if (held === undefined) return;
      if (call.method === 'tasks/cancel' || OVER.includes(outcome.result.text('status'))) held.until = 0;
    },
    holds(place) {
      const at = now();
      for (const held of tasks.values()) if (held.place === place && held.until > at) return true;
      return false;
    },
    left(place) {
      for (const [key, held] of tasks) if (held.place === place) tasks.delete(key);
    },
  };
}
