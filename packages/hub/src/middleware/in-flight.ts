import { failure } from '../core/errors.ts';
import type { Middleware, Outcome } from '../core/exchange.ts';

const RETRY_AFTER_MS = 1000;

/** The bound on what is under way, and how much is. */
export interface InFlight {
  readonly middleware: Middleware;
  /** Requests under way now. */
  running(): number;
}

/**
 * Bounds the requests under way in all: one more is answered with `overloaded`. Streams of changes do not count, for
 * they stay open by nature, and neither does a call that waits for its client's answer.
 */
export function createInFlight(max: number): InFlight {
  if (!Number.isInteger(max) || max < 1)
    throw new RangeError(`createInFlight: max must be a positive integer, got ${max}`);
  let running = 0;
  const leave = (outcome: Outcome): Outcome => {
    running--;
    return outcome;
  };
  const fail = (error: unknown): never => {
    running--;
    throw error;
  };
  const middleware: Middleware = (exchange, next) => {
    if (exchange.method === 'subscriptions/listen') return next(exchange);
    if (running >= max) return Promise.resolve(failure('HATAGO_OVERLOADED', { retryAfterMs: RETRY_AFTER_MS }));
    running++;
    try {
      return next(exchange).then(leave, fail);
    } catch (error) {
      return fail(error);
    }
  };
  return { middleware, running: () => running };
}
