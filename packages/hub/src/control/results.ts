import type { ApplyResult, GenerationDiff } from './control-plane.ts';

/** Settings that are read once, when the hub starts. */
const AT_START: ReadonlySet<string> = new Set(['logLevel', 'http', 'session', 'admin']);

/** What of a difference has to wait. */
export function laterWarnings({ settings }: GenerationDiff): string[] {
  return settings
    .filter((key) => AT_START.has(key))
    .map((key) => `"${key}" takes effect when the hub is started again`);
}

/** The result of an attempt to change the configuration; `generation` is the one that is active now. */
export function toResult(
  outcome: ApplyResult['outcome'],
  generation: number,
  diff: GenerationDiff,
  more: Partial<Pick<ApplyResult, 'errors' | 'warnings'>> = {},
): ApplyResult {
  return { outcome, generation, diff, errors: more.errors ?? [], warnings: more.warnings ?? [] };
}
