import { availableParallelism } from 'node:os';
import type { CancelSignal } from '../core/cancel.ts';
import type { Log } from '../core/log.ts';
import { throwIfCancelled } from './deadline.ts';
import { circleThrough } from './depends.ts';
import { LinkError } from './link.ts';

/** A server as those that depend on it know it. */
export interface StartedServer {
  readonly id: string;
  readonly dependsOn: readonly string[];
  /** Starts it if it may be started; resolves when that has ended, well or not. */
  ready(): Promise<unknown>;
}

/** Decides which servers start when: a bounded number at a time, each after those it depends on. */
export interface Starts {
  /** Makes a server known; the returned function forgets it. */
  register(server: StartedServer): () => void;
  /** Resolves when the servers it depends on have been started, or could not be; at once when cancelled. */
  after(server: StartedServer, signal: CancelSignal, log: Log): Promise<void>;
  /** Waits for a place; the returned function gives it back. @throws LinkError when cancelled meanwhile */
  enter(signal: CancelSignal): Promise<() => void>;
}

/** Options of {@link createStarts}. */
export interface StartsOptions {
  /** How many start at a time: more only take the processors from each other. @default twice the number of processors */
  readonly max?: number;
  schedule(ms: number, call: () => void): () => void;
}

/** After this time a start no longer counts: it waits rather than works, and must not hold up others. */
const HELD_MS = 300;

/** Makes the order of one hub's starts. */
export function createStarts({ max = 2 * availableParallelism(), schedule }: StartsOptions): Starts {
  const servers = new Map<string, StartedServer[]>();
  const waiting: (() => void)[] = [];
  const reported = new Set<string>();
  let under = 0;

  const leave = (): void => {
    const next = waiting.shift();
    // The place goes from hand to hand, so that nobody who comes in between gets it.
    if (next === undefined) under--;
    else next();
  };
  const hold = (): (() => void) => {
    let held = true;
    const give = (): void => {
      if (!held) return;
      held = false;
      stop();
      leave();
    };
    const stop = schedule(HELD_MS, give);
    return give;
  };
  const edges = (id: string): readonly string[] => servers.get(id)?.at(-1)?.dependsOn ?? [];

  const waitFor = async (server: StartedServer, log: Log): Promise<void> => {
    // Those that are made in the same turn are to be known first.
    await undefined;
    const say = (event: string, message: string): void => {
      if (reported.has(message)) return;
      reported.add(message);
      log({ level: 'warn', event, server: server.id, message });
    };
    await Promise.all(
      server.dependsOn.map((id) => {
        const circle = circleThrough(server.id, id, edges);
        if (circle !== undefined) {
          return say('upstream.depends_circle', `dependsOn goes round in a circle: ${circle.join(' → ')}`);
        }
        const other = servers.get(id)?.at(-1);
        if (other === undefined) return say('upstream.depends_unknown', `dependsOn names no server: ${id}`);
        return other.ready();
      }),
    );
  };

  return {
    register(server) {
      const known = servers.get(server.id) ?? [];
      servers.set(server.id, known);
      known.push(server);
      return () => {
        const at = known.indexOf(server);
        if (at !== -1) known.splice(at, 1);
        if (known.length === 0 && servers.get(server.id) === known) servers.delete(server.id);
      };
    },
    async after(server, signal, log) {
      if (server.dependsOn.length === 0) return;
      let stop = (): void => {};
      const cancelled = new Promise<void>((resolve) => {
        stop = signal.onCancel(() => resolve());
      });
      await Promise.race([waitFor(server, log), cancelled]);
      stop();
    },
    async enter(signal) {
      if (under < max) {
        under++;
        return hold();
      }
      let stop = (): void => {};
      const granted = await new Promise<boolean>((resolve) => {
        const next = (): void => resolve(true);
        waiting.push(next);
        stop = signal.onCancel(() => {
          const at = waiting.indexOf(next);
          if (at === -1) return;
          waiting.splice(at, 1);
          resolve(false);
        });
      });
      stop();
      if (!granted) throw new LinkError({ kind: 'unsent', message: signal.reason ?? 'cancelled' });
      const give = hold();
      if (signal.cancelled) give();
      throwIfCancelled(signal);
      return give;
    },
  };
}
