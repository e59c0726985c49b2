import type { Verdict, Verdicts } from './spec.ts';

/** Keeps verdicts for the life of the process. */
export function createMemoryVerdicts(): Verdicts {
  const verdicts = new Map<string, Verdict>();
  return { get: (id) => verdicts.get(id), put: (id, verdict) => void verdicts.set(id, verdict) };
}

/** Whether the era of a verdict is still to be trusted. */
export function isFresh(verdict: Verdict, wallNowMs: number): boolean {
  return verdict.era !== undefined && verdict.expiresAt !== undefined && verdict.expiresAt > wallNowMs;
}
