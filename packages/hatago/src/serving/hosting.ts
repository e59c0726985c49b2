import type { Log } from '@hatago/hub/core/log.ts';
import type { Hub } from '@hatago/hub/hub.ts';
import { type Clients, openClients } from '../bridge/clients.ts';
import type { Seat } from '../bridge/seat.ts';

/** What ends a hub, and how. */
export interface Ending {
  readonly reason: string;
  /** It ends for good: its bridges end with it, where otherwise one of them takes over. */
  readonly isEnd?: boolean;
}

/** A hub in its place: it takes the clients of bridges, and ends when it is told or nobody is left. */
export interface Hosting {
  /** The process's own client, if it has one, is gone. */
  leave(): void;
  /** Tells others where the hub is reached, bridges first. */
  publish(url?: string): Promise<void>;
  /** Ends it in an orderly way; what is under way comes to its end first. */
  end(ending: Ending): Promise<void>;
}

/** What is hosted. */
export interface HostingOptions {
  readonly hub: Hub;
  readonly seat: Seat;
  readonly log: Log;
  /** It goes on while nobody is connected. */
  readonly stays: boolean;
  /** Announces the hub and opens its control; returns what takes the announcement back. */
  publish(url: string | undefined): Promise<() => void>;
  /** Called once, when the hub has ended and its place is free. */
  ended(): void;
}

/** How long the bridges' clients have for what is under way: who ends a server it has started waits two seconds. */
const HANDOVER_MS = 1_500;
/** What is left of that for the own client. */
const REST_MS = 250;

/** Makes it; bridges are taken from `publish` on. */
export function createHosting(options: HostingOptions): Hosting {
  const { hub, seat, log } = options;
  let clients: Clients | undefined;
  let withdraw: (() => void) | undefined;
  let hasOwn = seat.takeover === undefined;
  let ending: Promise<void> | undefined;

  const endIfAlone = (): void => {
    if (options.stays || hasOwn || (clients?.count ?? 0) > 0) return;
    void hosting.end({ reason: 'the last client closed its end' });
  };

  async function open(): Promise<Clients | undefined> {
    try {
      return await openClients({
        lock: seat.lock,
        serve: (streams) => hub.serveStdio(streams),
        onEmpty: endIfAlone,
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      log({ level: 'warn', event: 'hub.unshared', message: 'other clients cannot join this hub', code });
      // Without a socket it must not stand in the way of one that has one.
      seat.lock.release();
      return undefined;
    }
  }

  async function join(url: string | undefined): Promise<void> {
    if (!seat.isShared) {
      log({ level: 'warn', event: 'hub.unshared', message: 'other clients do not join this hub' });
      if (seat.takeover === undefined) return;
    }
    clients = await open();
    if (clients === undefined) return seat.takeover?.failed();
    seat.lock.publish({ socket: clients.path, ...(url === undefined ? {} : { url }) });
    seat.takeover?.ready(clients.path);
  }

  async function end({ reason, isEnd = false }: Ending): Promise<void> {
    seat.takeover?.ending();
    withdraw?.();
    const isHurried = !options.stays && (clients?.count ?? 0) > 0;
    await clients?.farewell({ isEnd, graceMs: HANDOVER_MS });
    await hub.stop(reason, isHurried ? { graceMs: REST_MS } : {});
    await clients?.close(reason);
    seat.lock.release();
    options.ended();
  }

  const hosting: Hosting = {
    leave() {
      hasOwn = false;
      endIfAlone();
    },
    async publish(url) {
      await join(url);
      // Where it ended meanwhile, there is nothing to be announced.
      if (ending === undefined) withdraw = await options.publish(url);
      if (ending !== undefined) withdraw?.();
    },
    end(how) {
      ending ??= end(how);
      return ending;
    },
  };
  return hosting;
}
