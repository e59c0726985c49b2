/** Bounds of the delay before something is tried again, in milliseconds. */
export interface BackoffLimits {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The bounds used unless others are given. */
export const DEFAULT_BACKOFF: BackoffLimits = { minMs: 500, maxMs: 30_000 };

/** The longest delay a timer can hold; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long to wait before the attempt (0 = the first): doubled each time, of which the upper half is left to chance, and
 * never less than what the server asked for.
 */
export function backoffDelay(attempt: number, limits: BackoffLimits, random: number, atLeastMs = 0): number {
  const full = Math.min(limits.maxMs, limits.minMs * 2 ** attempt);
  return Math.min(MAX_TIMER_MS, Math.max(atLeastMs, full / 2 + (full / 2) * random));
}
