import { createHash } from 'node:crypto';
import type { Exchange, Handler, Outcome } from '../core/exchange.ts';
import { createTicker } from '../session/ticker.ts';
import { canonical } from './digest.ts';
import { codeOf } from './relay.ts';
import { SharedRun } from './shared-run.ts';

/** The request states that were used, so that each is used once. */
export interface UsedStates {
  /**
   * Sends the retry that brings a state for the first time. The same answers again join it while it runs, and get its
   * outcome for a while after; undefined = the state was used.
   */
  use(state: string, exchange: Exchange, send: Handler): Promise<Outcome> | undefined;
}

/** Options of {@link createUsedStates}. */
export interface UsedStatesOptions {
  /** Milliseconds of the epoch. */
  now(): number;
  /** For how long an outcome that was lost can be fetched again, in milliseconds. @default 60000 */
  readonly repeatMs?: number;
  /** How long a state is known to be used, in milliseconds; at least as long as it is valid. @default 86400000 */
  readonly keepMs?: number;
  /** Most states that are known to be used; the oldest are forgotten. @default 16384 */
  readonly max?: number;
  /** Most bytes of outcomes that can be fetched again; the oldest give way. @default 33554432 */
  readonly maxBytes?: number;
}

interface Use {
  /** Digest of the answers that came with the state. */
  readonly answers: string;
  readonly expiresAt: number;
  /** Set while it runs. */
  run: SharedRun | undefined;
  /** What it ends in; let go of when it cannot be fetched any more. */
  outcome: Promise<Outcome> | undefined;
  settledAt: number;
  bytes: number;
}

const MIB = 1024 * 1024;
const SWEEP_MS = 10_000;
/** Nothing was done for these: unavailable, overloaded, sign-in required. */
const NEVER_SENT: ReadonlySet<number | undefined> = new Set([-31001, -31007, -31011]);

/** Makes the memory of one process. @see docs/design/architecture.md section 2, rule 4 */
export function createUsedStates(options: UsedStatesOptions): UsedStates {
  const { now, repeatMs = 60_000, keepMs = 86_400_000, max = 16_384, maxBytes = 32 * MIB } = options;
  /** By the digest of their text, oldest first. */
  const uses = new Map<string, Use>();
  /** Those whose outcome can be fetched again, oldest first. */
  const kept = new Set<Use>();
  let bytes = 0;

  const letGo = (use: Use): void => {
    if (!kept.delete(use)) return;
    use.outcome = undefined;
    bytes -= use.bytes;
  };
  const sweep = (): void => {
    for (const use of kept) {
      if (bytes <= maxBytes && now() - use.settledAt <= repeatMs) break;
      letGo(use);
    }
    for (const [key, use] of uses) {
      if (uses.size <= max && now() < use.expiresAt) break;
      uses.delete(key);
      letGo(use);
    }
    if (kept.size === 0) ticker.stop();
  };
  const ticker = createTicker(SWEEP_MS, sweep);

  const settle = (key: string, use: Use, outcome: Outcome): void => {
    use.run?.end();
    use.run = undefined;
    if (uses.get(key) !== use) return;
    if (NEVER_SENT.has(codeOf(outcome))) {
      uses.delete(key);
      return;
    }
    use.settledAt = now();
    use.bytes = sizeOf(outcome);
    bytes += use.bytes;
    if (kept.size === 0) ticker.start();
    kept.add(use);
    sweep();
  };
  const begin = (key: string, answers: string, exchange: Exchange, send: Handler): Promise<Outcome> => {
    const run = new SharedRun(exchange);
    const use: Use = { answers, expiresAt: now() + keepMs, run, outcome: undefined, settledAt: 0, bytes: 0 };
    uses.set(key, use);
    use.outcome = send(run).then(
      (outcome) => {
        settle(key, use, outcome);
        return outcome;
      },
      (error) => {
        // Nobody knows how far it came, so the state stays used.
        run.end();
        use.run = undefined;
        use.outcome = undefined;
        throw error;
      },
    );
    return use.outcome;
  };
  return {
    use(state, exchange, send) {
      sweep();
      const key = digestOf(state);
      const given = exchange.params.member('inputResponses');
      const answers = given === undefined ? '' : digestOf(canonical(given.value()));
      const known = uses.get(key);
      if (known === undefined) return begin(key, answers, exchange, send);
      if (known.answers !== answers) return undefined;
      known.run?.join(exchange);
      return known.outcome;
    },
  };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

function sizeOf(outcome: Outcome): number {
  const payload = outcome.kind === 'error' ? outcome.error : outcome.result;
  return payload.pieces().reduce((sum, piece) => sum + piece.length, 0);
}
