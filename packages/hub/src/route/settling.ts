import type { Inventory } from './inventory.ts';

/** Waits for the servers of a route to come up, but never long. */
export interface Settling {
  /** Resolves when every server that starts by itself has settled, or when the time is over. */
  readonly settled: Promise<void>;
  /** Servers are still awaited. */
  readonly pending: boolean;
  /** What a list has to wait for; undefined when there is nothing. Starts servers that wait for their first use. */
  wait(): Promise<void> | undefined;
  close(): void;
}

/** Options of {@link createSettling}. */
export interface SettlingOptions {
  readonly inventories: readonly Inventory[];
  /** The longest wait, from when the route or a sleeping server was started, in milliseconds. */
  readonly settleMs: number;
  /** Called when the first wait is over, and when one for woken servers is. */
  done(first: boolean): void;
}

/** Begins to wait at once for the servers that start by themselves. */
export function createSettling(options: SettlingOptions): Settling {
  const { inventories, settleMs, done } = options;
  const releases = new Set<() => void>();
  const waking = new Set<Inventory>();
  let current: Promise<void> | undefined;
  let asleep = inventories.length > 0;

  const within = (all: readonly Promise<void>[], over: () => void): Promise<void> => {
    let release = (): void => {};
    const timeout = new Promise<void>((resolve) => {
      release = resolve;
    });
    const timer = setTimeout(release, settleMs);
    releases.add(release);
    const wait = Promise.race([Promise.all(all), timeout]).then(() => {
      clearTimeout(timer);
      releases.delete(release);
      if (current === wait) current = undefined;
      over();
    });
    current = wait;
    return wait;
  };

  const settled = within(
    inventories.map((inventory) => inventory.settled),
    () => done(true),
  );
  return {
    settled,
    get pending() {
      return current !== undefined;
    },
    wait() {
      if (!asleep) return current;
      const wakes: Promise<void>[] = [];
      asleep = false;
      for (const inventory of inventories) {
        if (inventory.known) continue;
        // Looked at again until it is known: one that could not be started may be asked for later.
        asleep = true;
        const { state, held } = inventory.upstream.status;
        if (state !== 'stopped' || held === true || waking.has(inventory)) continue;
        waking.add(inventory);
        wakes.push(inventory.wake().finally(() => waking.delete(inventory)));
      }
      if (wakes.length === 0) return current;
      return within(current === undefined ? wakes : [current, ...wakes], () => done(false));
    },
    close() {
      for (const release of releases) release();
    },
  };
}
