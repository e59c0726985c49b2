import type { CancelSignal } from '../core/cancel.ts';
import type { LinkFailure } from './link.ts';
import { LinkError } from './link.ts';

/** Schedules a call; the returned function takes it back. */
export type Schedule = (ms: number, call: () => void) => () => void;

/** Schedules by the runtime's timers, which do not keep the process alive. */
export const systemSchedule: Schedule = (ms, call) => {
  const timer = setTimeout(call, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/** What a promise resolves to within the time, else `late`. */
export function within<T>(promise: Promise<T>, ms: number, schedule: Schedule): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const stop = schedule(ms, () => resolve('late'));
    promise.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}

/** Throws when the signal has fired. */
export function throwIfCancelled(signal: CancelSignal): void {
  if (!signal.cancelled) return;
  const why: LinkFailure = { kind: 'unsent', message: signal.reason ?? 'cancelled' };
  throw new LinkError(why);
}
