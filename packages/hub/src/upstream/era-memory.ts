import type { Verdict, Verdicts } from './spec.ts';
import { isFresh } from './verdicts.ts';

/** What an attempt to connect finds out. */
export type Found = Pick<Verdict, 'era' | 'sse' | 'steady'>;

/** What is remembered of one server: the era it speaks, and whether it asks during calls. */
export interface EraMemory {
  readonly interactive: boolean;
  /** What was found out and has not expired. */
  fresh(): Verdict | undefined;
  remember(found: Found): void;
  /** The era has to be found out again. */
  forget(): void;
  /** Takes note that it asks during calls; false when that was known. */
  becameInteractive(): boolean;
}

/** What {@link createEraMemory} works with. */
export interface EraMemoryOptions {
  readonly id: string;
  readonly verdicts: Verdicts;
  /** How long a learned era is trusted, in milliseconds. */
  readonly verdictMs: number;
  /** Milliseconds of the epoch. */
  wallNow(): number;
}

/** Keeps what was learned of a server where it outlives the process. */
export function createEraMemory({ id, verdicts, verdictMs, wallNow }: EraMemoryOptions): EraMemory {
  let interactive = verdicts.get(id)?.interactive === true;
  const mark = (): Verdict => (interactive ? { interactive: true } : {});
  return {
    get interactive() {
      return interactive;
    },
    fresh() {
      const known = verdicts.get(id);
      return known !== undefined && isFresh(known, wallNow()) ? known : undefined;
    },
    remember({ era, sse, steady }) {
      const old = verdicts.get(id);
      const isSame = old?.era === era && old?.sse === sse && old?.steady === steady;
      // A verdict that still holds keeps its expiry: else one that is used every day would never be checked.
      if (isSame && isFresh(old ?? {}, wallNow())) return;
      verdicts.put(id, { era, sse, steady, expiresAt: wallNow() + verdictMs, ...mark() });
    },
    forget: () => verdicts.put(id, mark()),
    becameInteractive() {
      if (interactive) return false;
      interactive = true;
      verdicts.put(id, { ...verdicts.get(id), interactive: true });
      return true;
    },
  };
}
