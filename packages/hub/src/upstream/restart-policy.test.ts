import { describe, expect, it } from 'vitest';
import { DEFAULT_RESTART, type RestartPolicy, restartDelay } from './restart-policy.ts';

describe('restartDelay', () => {
  const delays = (policy: Partial<RestartPolicy>, random: number): number[] =>
    Array.from({ length: 6 }, (_, attempt) =>
      restartDelay(attempt, { ...DEFAULT_RESTART, delayMs: 100, maxDelayMs: 1000, ...policy }, random),
    );

  it.each([
    ['exponential', 1, [100, 200, 400, 800, 1000, 1000]],
    ['exponential', 0, [50, 100, 200, 400, 500, 500]],
    ['linear', 1, [100, 200, 300, 400, 500, 600]],
    ['linear', 0, [80, 160, 240, 320, 400, 480]],
    ['fixed', 1, [100, 100, 100, 100, 100, 100]],
    ['fixed', 0.5, [90, 90, 90, 90, 90, 90]],
  ] as const)('grows as %s asks for (chance: %d)', (backoff, random, expected) => {
    expect(delays({ backoff }, random)).toEqual(expected);
  });

  it('never goes over what a timer can hold', () => {
    const policy = { ...DEFAULT_RESTART, maxDelayMs: Number.POSITIVE_INFINITY };
    expect(restartDelay(500, policy, 1)).toBe(2 ** 31 - 1);
  });
});
