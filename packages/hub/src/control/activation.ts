import type { BuiltGeneration } from './build.ts';
import { type Builder, createBuilder } from './builder.ts';
import type { Config } from './config.ts';
import type { ApplyResult, GenerationDiff, GenerationRecord } from './control-plane.ts';
import type { ControllerOptions } from './controller-options.ts';
import type { Ledger, Made } from './ledger.ts';
import { watchOver } from './observation.ts';
import { describeDiff, isEmptyDiff, planChange } from './plan.ts';
import type { Rejections } from './rejections.ts';
import { laterWarnings, toResult } from './results.ts';
import { createRetiring, type Retiring } from './retiring.ts';
import type { Written } from './source.ts';
import { createWarming } from './warm-up.ts';

/** The active generation, and how another one takes its place. */
export interface Activation {
  readonly active: BuiltGeneration;
  readonly retiring: Retiring;
  /** Hash of the configuration that was rolled back: it is not taken again just because its file was touched. */
  readonly rolledBack: string | undefined;
  /** Builds the next generation and makes it the active one; never two at a time. */
  change(wanted: Wanted): Promise<ApplyResult>;
  /** A configuration of this hash waits for its turn: another one that is warming up gives way. */
  overtake(hash: string): void;
  close(reason: string): Promise<void>;
}

/** A configuration that is to become the active one. */
export interface Wanted {
  readonly config: Config;
  readonly warnings: readonly string[];
  readonly origin: GenerationRecord['origin'];
  /** What it was read from. */
  readonly written: Written | undefined;
}

/** Options of {@link createActivation}. */
export interface ActivationOptions extends ControllerOptions {
  readonly ledger: Ledger;
  readonly rejections: Rejections;
  /** Carries out one task after the other. */
  serial<T>(task: () => Promise<T>): Promise<T>;
  /** Another generation is active. */
  swapped(): void;
}

/** What a configuration that another one overtook is told. */
export const OVERTAKEN = 'a newer configuration took its place before it was active';

/** Builds the first generation and makes it active at once. */
export function createActivation(options: ActivationOptions): Activation {
  const { ledger, rejections, folder, log, serial } = options;
  const builder = createBuilder({ ...options, find: (id) => retiring.all().find((one) => one.id === id) });
  const firstDiff = planChange(undefined, options.config, folder);
  let active = numbered(builder, ledger, options.config, {
    origin: 'start',
    diff: firstDiff,
    written: options.source?.written?.(),
  });
  ledger.set(active.id, 'active');
  const retiring = createRetiring({
    active: () => active,
    drainTimeoutMs: () => active.config.rollover.drainTimeoutMs,
    gracePeriodMs: () => active.config.generation.gracePeriodMs,
    max: () => active.config.generation.max,
    closed: ({ id }) => ledger.set(id, 'retired'),
    now: options.deps.now,
  });
  let rolledBack: string | undefined;
  const warming = createWarming();
  /** What was overtaken; its servers are kept until the next one has taken its own. */
  let overtaken: BuiltGeneration | undefined;
  let stopObserving = (): void => {};
  let closed: Promise<void> | undefined;

  /** Whether the generation may become the active one. */
  const warm = async (next: BuiltGeneration, diff: GenerationDiff): Promise<boolean> => {
    if ((await warming.run(ledger.hashOf(next.config), { next, active, diff })) && closed === undefined) return true;
    void overtaken?.close(OVERTAKEN);
    overtaken = next;
    ledger.set(next.id, 'retired', OVERTAKEN);
    return false;
  };

  const swap = (next: BuiltGeneration, diff: GenerationDiff): void => {
    const before = active;
    stopObserving();
    active = next;
    next.adopt(before);
    builder.swapped(next);
    ledger.set(before.id, 'draining');
    ledger.set(next.id, 'active');
    const message = `generation ${next.id} is active: ${describeDiff(diff)}`;
    log({ level: 'info', event: 'generation.active', generation: next.id, message });
    void retiring.add(before);
    options.swapped();
  };

  const rollBack = async (failed: BuiltGeneration, before: BuiltGeneration, why: string): Promise<void> => {
    if (active !== failed || closed !== undefined) return;
    const message = `generation ${failed.id} was rolled back: ${why}`;
    log({ level: 'error', event: 'generation.rolled_back', generation: failed.id, message });
    const diff = planChange(failed.config, before.config, folder);
    const written = ledger.writtenOf(before.id);
    const next = numbered(builder, ledger, before.config, { origin: 'rollback', diff, written });
    if (!(await warm(next, diff))) return;
    rolledBack = ledger.hashOf(failed.config);
    rejections.withdraw(message);
    ledger.set(failed.id, 'failed', message);
    swap(next, diff);
  };

  const change: Activation['change'] = async ({ config, warnings, origin, written }) => {
    const before = active;
    const diff = planChange(before.config, config, folder);
    const all = [...warnings, ...laterWarnings(diff)];
    if (closed !== undefined) return toResult('failed', active.id, diff, { errors: ['the hub is shutting down'] });
    if (isEmptyDiff(diff)) return toResult('unchanged', active.id, diff, { warnings: all });
    let next: BuiltGeneration;
    try {
      next = numbered(builder, ledger, config, { origin, diff, written });
    } catch (error) {
      const errors = [(error as Error).message];
      rejections.refuse(errors, active.id);
      return toResult('failed', active.id, diff, { errors });
    }
    if (!(await warm(next, diff))) return toResult('unchanged', active.id, diff, { warnings: [...all, OVERTAKEN] });
    rolledBack = origin === 'rollback' ? ledger.hashOf(before.config) : undefined;
    swap(next, diff);
    stopObserving = watchOver(next, diff, (why) => {
      serial(() => rollBack(next, before, why)).catch((error: unknown) => {
        const message = `generation ${next.id} could not be rolled back: ${(error as Error).message}`;
        log({ level: 'error', event: 'generation.stuck', generation: next.id, message });
      });
    });
    return toResult('applied', active.id, diff, { warnings: all });
  };

  const close = async (reason: string): Promise<void> => {
    stopObserving();
    warming.abort();
    await Promise.all([retiring.close(reason), active.close(reason), overtaken?.close(reason)]);
    // What was on its way when this began has been left behind now.
    await serial(async () => overtaken?.close(reason));
  };

  return {
    get active() {
      return active;
    },
    get rolledBack() {
      return rolledBack;
    },
    retiring,
    async change(wanted) {
      const left = overtaken;
      overtaken = undefined;
      try {
        return await change(wanted);
      } finally {
        await left?.close(OVERTAKEN);
      }
    },
    overtake: warming.overtake,
    close(reason) {
      closed ??= close(reason);
      return closed;
    },
  };
}

/** Gives a configuration its number and builds it. @throws Error that says which could not be built, and why */
function numbered(builder: Builder, ledger: Ledger, config: Config, made: Made): BuiltGeneration {
  const id = ledger.add(config, made);
  try {
    const generation = builder.build(id, config);
    ledger.built(id, generation);
    return generation;
  } catch (error) {
    const { message } = error as Error;
    ledger.set(id, 'failed', message);
    throw new Error(`generation ${id} could not be built: ${message}`, { cause: error });
  }
}
