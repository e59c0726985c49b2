/** When a server is started again by itself. */
export interface RestartPolicy {
  /** How the delay grows from one start to the next: doubled, by the first delay, or not at all. */
  readonly backoff: 'exponential' | 'linear' | 'fixed';
  /** Before the first start, in milliseconds. */
  readonly delayMs: number;
  /** Longest delay, in milliseconds. */
  readonly maxDelayMs: number;
  /** Starts in a row, none of which lasted, after which a process is left alone; connections never are. */
  readonly max: number;
}

/** The policy used where a configuration says nothing. */
export const DEFAULT_RESTART: RestartPolicy = {
  backoff: 'exponential',
  delayMs: 500,
  maxDelayMs: 30_000,
  max: Number.POSITIVE_INFINITY,
};

/** The longest delay a timer can hold; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Part of the delay that is left to chance, so that servers which fell together do not rise together. */
const CHANCE = { exponential: 0.5, linear: 0.2, fixed: 0.2 } as const;

/** How long to wait before a start, counted from 0 for the first one in a row; `random` is from 0 to 1. */
export function restartDelay(attempt: number, policy: RestartPolicy, random: number): number {
  const { backoff, delayMs, maxDelayMs } = policy;
  const grown =
    backoff === 'exponential' ? delayMs * 2 ** attempt : backoff === 'linear' ? delayMs * (attempt + 1) : delayMs;
  const full = Math.min(grown, maxDelayMs, MAX_TIMER_MS);
  return Math.round(full * (1 - CHANCE[backoff] * (1 - random)));
}
