import type { CancelSignal } from '../core/cancel.ts';
import type { LinkFailure } from './link.ts';
import { LinkError } from './link.ts';
import type { Pending } from './pending.ts';
import type { UpstreamTimeouts } from './spec.ts';

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

/** Whether a request is past its deadline; while its clock stands, whether that has stood for too long. */
export function isLate(pending: Pending, now: number, timeouts: UpstreamTimeouts): boolean {
  const { pausedAt, pauseLimitMs, limitMs, startedAt, touchedAt } = pending;
  if (pausedAt !== -1) return pauseLimitMs > 0 && now - pausedAt >= pauseLimitMs;
  if (limitMs !== undefined) return limitMs > 0 && now - startedAt >= limitMs;
  const { requestMs, totalMs } = timeouts;
  return (requestMs > 0 && now - touchedAt >= requestMs) || (totalMs > 0 && now - startedAt >= totalMs);
}
