import { HubError } from '../core/errors.ts';
import { createActivation, OVERTAKEN, type Wanted } from './activation.ts';
import type { Config } from './config.ts';
import type { ApplyResult, Controller, DesiredState, GenerationDiff, GenerationRecord } from './control-plane.ts';
import type { ControllerOptions } from './controller-options.ts';
import { openHistory } from './history.ts';
import { createLedger } from './ledger.ts';
import { createLoader } from './loader.ts';
import { isEmptyDiff, planChange } from './plan.ts';
import { createRejections } from './rejections.ts';
import { laterWarnings, toResult } from './results.ts';
import { serverControls } from './server-controls.ts';
import type { Written } from './source.ts';
import { type FileWatch, watchFiles } from './watch.ts';

/** A controller, with what only the hub itself needs of it. */
export interface HubController extends Controller {
  /** Requests under way on all generations. */
  running(): number;
}

type Origin = GenerationRecord['origin'];

/** What a file is told that still says what was rolled back. */
const ROLLED_BACK = 'this configuration was rolled back; `hatago reload` applies it all the same';

/**
 * Starts the first generation at once and keeps the hub's configuration from then on: whatever a source, a command or the
 * API asks for is parsed, built beside the active generation, made active by changing one pointer, and the old generation
 * drains. A configuration that cannot be read or built changes nothing.
 */
export function createController(options: ControllerOptions): HubController {
  const { source, folder, deps, events, log, home } = options;
  const max = (): number => (activation?.active.config ?? options.config).generation.max;
  const serial = createQueue();
  const rejections = createRejections(log, events);
  const history = openHistory({ home, max, log });
  const ledger = createLedger({
    history,
    events,
    maskKey: options.sealKeys[0] as Uint8Array,
    folder,
    max,
    now: deps.wallNow ?? Date.now,
  });
  let activation: ReturnType<typeof createActivation> | undefined;
  activation = createActivation({ ...options, ledger, rejections, serial, swapped: () => watching.configured() });
  const { retiring, change, overtake } = activation;
  const current = (): ReturnType<Controller['current']> => (activation as NonNullable<typeof activation>).active;
  const loader = createLoader(source);
  let newest = '';

  const nothing = (): GenerationDiff => planChange(current().config, current().config, folder);

  const enqueue = (wanted: Wanted): Promise<ApplyResult> => {
    const mine = ledger.hashOf(wanted.config);
    newest = mine;
    overtake(mine);
    return serial(async () => {
      // Of edits that came while another was under way only the last one counts.
      const isLast = wanted.origin !== 'file' || newest === mine;
      if (isLast) return change(wanted);
      return toResult('unchanged', current().id, nothing(), { warnings: [OVERTAKEN] });
    });
  };
  const take = (
    state: DesiredState,
    dryRun: boolean,
    origin: Origin,
    written?: Written,
  ): ApplyResult | Promise<ApplyResult> => {
    if (!state.ok) {
      if (!dryRun) rejections.refuse(state.errors, current().id);
      return toResult('failed', current().id, nothing(), { errors: state.errors });
    }
    const { config, warnings } = state;
    if (dryRun) {
      const diff = planChange(current().config, config, folder);
      const outcome = isEmptyDiff(diff) ? 'unchanged' : 'dry-run';
      return toResult(outcome, current().id, diff, { warnings: [...warnings, ...laterWarnings(diff)] });
    }
    if (origin === 'file' && ledger.hashOf(config) === activation?.rolledBack) {
      return toResult('unchanged', current().id, nothing(), { warnings: [ROLLED_BACK] });
    }
    rejections.clear();
    return enqueue({ config, warnings, origin, written });
  };
  const watching = createWatching(
    options,
    () => current().config,
    () => void controller.reload({ origin: 'file' }),
    () => rejections.current !== undefined,
  );

  const controller: HubController = {
    current,
    get config() {
      return current().config;
    },
    events,
    get rejected() {
      return rejections.current;
    },
    running: () => [current(), ...retiring.all()].reduce((sum, one) => sum + one.running(), 0),
    async reload({ dryRun = false, origin = 'reload' } = {}) {
      if (source === undefined) {
        const errors = ['this hub was started without a configuration file'];
        return toResult('failed', current().id, nothing(), { errors });
      }
      const state = await loader.load(origin === 'file');
      watching.read();
      return take(state, dryRun, origin, source.written?.());
    },
    apply: async (state, { dryRun = false, origin = 'api' } = {}) => take(state, dryRun, origin),
    generations: () => ledger.records(),
    diff: (from, to) => ledger.diff(from, to),
    async drain(id, { timeoutMs = current().config.rollover.drainTimeoutMs, force = false } = {}) {
      const known = ledger.record(id);
      if (known === undefined) throw notFound(`There is no generation ${id}.`);
      if (id === current().id) {
        const message = `Generation ${id} is the active one, so it cannot be drained.`;
        throw new HubError('HATAGO_GENERATION_ACTIVE', { message });
      }
      await retiring.hurry(id, force ? 0 : timeoutMs);
      return ledger.record(id) ?? known;
    },
    async rollback(id = ledger.lastGood(current().id)) {
      if (id === undefined) throw notFound('There is no generation before this one to go back to.');
      if (ledger.record(id) === undefined) throw notFound(`There is no generation ${id}.`);
      const config = ledger.configOf(id);
      const written = ledger.writtenOf(id);
      if (config !== undefined) return take({ ok: true, config, warnings: [] }, false, 'rollback', written);
      const state = written === undefined ? undefined : source?.revive?.(written);
      if (state !== undefined) return take(state, false, 'rollback', written);
      const why =
        'it is of an earlier run, and held secrets where it could hold references, or was not read from a file';
      throw notFound(`The configuration of generation ${id} was not kept: ${why}.`);
    },
    ...serverControls(current),
    async close(reason) {
      watching.close();
      await activation?.close(reason);
      await history.flush();
    },
  };
  watching.configured();
  return controller;
}

const notFound = (message: string): HubError => new HubError('HATAGO_NOT_FOUND', { message });

/** Carries out one task after the other, whatever becomes of each. */
function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const done = last.then(task);
    last = done.catch(() => {});
    return done;
  };
}

/** Watches the files of the source for as long as the configuration says so. */
function createWatching(
  { source, watch, log }: ControllerOptions,
  config: () => Config,
  onChange: () => void,
  isWanting: () => boolean,
): { configured(): void; read(): void; close(): void } {
  let watcher: FileWatch | undefined;
  let closed = false;
  return {
    configured() {
      if (source === undefined || closed) return;
      if (watch ?? config().generation.watch) watcher ??= watchFiles(source.files(), { onChange, isWanting, log });
      else {
        watcher?.close();
        watcher = undefined;
      }
    },
    read() {
      if (source !== undefined) watcher?.update(source.files());
    },
    close() {
      closed = true;
      watcher?.close();
    },
  };
}
