import type { BuiltGeneration } from './build.ts';

/** Lets generations that are no longer active come to their end. */
export interface Retiring {
  /** Begins to drain a generation; resolves when it is closed. */
  add(generation: BuiltGeneration): Promise<void>;
  /** Shortens the time it has left, in milliseconds; 0 = it is ended now. Undefined when it is not draining. */
  hurry(id: number, timeoutMs: number): Promise<void> | undefined;
  /** What drains now, oldest first. */
  all(): readonly BuiltGeneration[];
  /** Ends all of them now. */
  close(reason: string): Promise<void>;
}

/** Options of {@link createRetiring}. */
export interface RetiringOptions {
  active(): BuiltGeneration;
  /** How long sessions and calls may go on, in milliseconds. */
  drainTimeoutMs(): number;
  /** How long the servers that only it has go on after its last use, in milliseconds. */
  gracePeriodMs(): number;
  /** Most generations that run at a time, the active one among them. */
  max(): number;
  /** Told of each one that is closed. */
  closed(generation: BuiltGeneration): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

interface Drained {
  readonly generation: BuiltGeneration;
  deadline: number;
  /** Its servers are not kept for a while once nobody uses it. */
  hurried: boolean;
  /** Since when nobody uses it; undefined while somebody does. */
  idleSince: number | undefined;
  readonly done: Promise<void>;
  finish(): void;
  closing: boolean;
}

const LOOK_MS = 25;

/** Makes the place where old generations drain; while there is none, nothing runs. */
export function createRetiring(options: RetiringOptions): Retiring {
  const { active, now } = options;
  const draining = new Map<number, Drained>();
  let timer: NodeJS.Timeout | undefined;

  const close = async (one: Drained, reason: string): Promise<void> => {
    if (one.closing) return one.done;
    one.closing = true;
    one.generation.end();
    await one.generation.close(reason);
    draining.delete(one.generation.id);
    if (draining.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    options.closed(one.generation);
    one.finish();
  };
  const look = (): void => {
    const at = now();
    // The oldest has to make room: its sessions move on, and what is under way in it keeps its time.
    for (const one of [...draining.values()].slice(0, Math.max(0, draining.size + 1 - options.max()))) {
      one.generation.end();
      one.hurried = true;
    }
    for (const one of draining.values()) {
      const { generation } = one;
      const kept = active().upstreams;
      const own = generation.upstreams.filter((upstream) => !kept.includes(upstream));
      if (isUsed(generation, own)) one.idleSince = undefined;
      else one.idleSince ??= at;
      const graceMs = one.hurried || own.length === 0 ? 0 : options.gracePeriodMs();
      if (one.idleSince !== undefined && at - one.idleSince >= graceMs) void close(one, 'it has drained');
      else if (at >= one.deadline) void close(one, 'its time to drain is over');
    }
  };

  return {
    add(generation) {
      let finish = (): void => {};
      const done = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const deadline = now() + options.drainTimeoutMs();
      const one = { generation, deadline, hurried: false, idleSince: undefined, done, finish, closing: false };
      draining.set(generation.id, one);
      timer ??= setInterval(look, LOOK_MS).unref();
      look();
      return done;
    },
    hurry(id, timeoutMs) {
      const one = draining.get(id);
      if (one === undefined) return undefined;
      one.hurried = true;
      one.deadline = Math.min(one.deadline, now() + timeoutMs);
      look();
      return one.done;
    },
    all: () => [...draining.values()].map(({ generation }) => generation),
    async close(reason) {
      await Promise.all([...draining.values()].map((one) => close(one, reason)));
    },
  };
}

/** Whether anything is under way on it, or may go on: a session that has moved on no longer holds it. */
function isUsed(generation: BuiltGeneration, own: BuiltGeneration['upstreams']): boolean {
  const { holds, over } = generation;
  if (generation.running() + holds.waiting > 0 || (!over && holds.sessions > 0)) return true;
  return own.some((upstream) => (upstream.parked ?? 0) > 0);
}
