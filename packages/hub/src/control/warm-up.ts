import type { Member } from '../route/settings.ts';
import type { BuiltGeneration } from './build.ts';
import type { GenerationDiff } from './control-plane.ts';

/** Options of {@link warmUp}. */
export interface WarmUpOptions {
  readonly next: BuiltGeneration;
  readonly active: BuiltGeneration;
  readonly diff: GenerationDiff;
  /** Resolves when a newer configuration waits. */
  readonly overtaken: Promise<void>;
  /** Resolves when the hub is going away. */
  readonly aborted: Promise<void>;
}

/** How long a server without a bound on its connecting is waited for, in milliseconds. */
const ENDLESS_MS = 60_000;

/**
 * Waits until a generation can take over: until every changed server is ready, or its first attempt is over, for the old
 * one serves meanwhile; and for added ones as long as the configuration says. False when it was overtaken by a newer
 * configuration; so that a flood of them does not keep every one from taking over, it is not for a first while.
 */
export async function warmUp({ next, active, diff, overtaken, aborted }: WarmUpOptions): Promise<boolean> {
  const { config, members } = next;
  const { limits, rollover } = config;
  const waits: Promise<void>[] = [];
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timers.push(setTimeout(resolve, ms).unref());
    });
  const changed = new Set(diff.changed.map(({ server }) => server));
  for (const member of members) {
    const { id } = member.upstream;
    const server = config.mcpServers[id];
    // One that replaces another begins when that has ended, which is after the swap.
    if (server === undefined || server.rollover === 'replace') continue;
    if (changed.has(id)) {
      const { connectMs } = server.timeouts;
      const bound = (connectMs === 0 ? ENDLESS_MS : connectMs) + limits.settleMs;
      waits.push(Promise.race([ready(member, active), after(bound)]));
    } else if (diff.added.includes(id) && rollover.warmupMs > 0) {
      waits.push(Promise.race([member.inventory.settled, after(rollover.warmupMs)]));
    }
  }
  if (waits.length === 0) return true;
  const passed = Promise.all([overtaken, after(limits.settleMs)]).then(() => false);
  const inTime = await Promise.race([Promise.all(waits).then(() => true), passed, aborted.then(() => false)]);
  for (const timer of timers) clearTimeout(timer);
  return inTime;
}

/** A lazy server is started where the one it takes over from was running. */
function ready({ upstream, inventory }: Member, active: BuiltGeneration): Promise<void> {
  const old = active.upstreams.find(({ id }) => id === upstream.id);
  const isAsleep = upstream.status.state === 'stopped' && upstream.status.held !== true;
  return isAsleep && old?.status.state === 'ready' ? inventory.wake() : inventory.settled;
}

/** One generation after the other that warms up. */
export interface Warming {
  /** Whether the generation may take over; its configuration has this hash. */
  run(hash: string, options: Omit<WarmUpOptions, 'overtaken' | 'aborted'>): Promise<boolean>;
  /** A configuration of this hash waits for its turn: another one that is warming up gives way. */
  overtake(hash: string): void;
  /** The hub is going away. */
  abort(): void;
}

/** Makes the place where generations warm up. */
export function createWarming(): Warming {
  let under: { readonly hash: string; overtake(): void } | undefined;
  let abort = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
  });
  return {
    async run(hash, options) {
      const overtaken = new Promise<void>((resolve) => {
        under = { hash, overtake: resolve };
      });
      const ready = await warmUp({ ...options, overtaken, aborted });
      under = undefined;
      return ready;
    },
    overtake(hash) {
      if (under !== undefined && under.hash !== hash) under.overtake();
    },
    abort: () => abort(),
  };
}
