import type { HubEvents } from '../core/hub-event.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Inventories } from '../route/inventories.ts';
import type { Inventory } from '../route/inventory.ts';
import type { ServerConfig } from './config.ts';
import { aboutOf } from './server-spec.ts';
import { createSolo, type Solo } from './solo.ts';
import { toServerView } from './views.ts';

/** A server that runs, or is about to; shared by the generations that have it. */
export interface PooledServer {
  readonly id: string;
  readonly upstream: Upstream;
  readonly inventory: Inventory;
}

/** What a server is made from. */
export interface PoolRequest {
  readonly id: string;
  /** Hash of everything its process or connection depends on; asked for only where there are several of one id. */
  digest(): string;
  /** Undefined for a server that was registered by the embedding program. */
  readonly config: ServerConfig | undefined;
  make(): Upstream;
}

/** The servers of all generations: one that two generations have in the same form is one server. */
export interface ServerPool {
  /** The server, made where nobody holds it; to be given back with {@link ServerPool.release}. */
  acquire(request: PoolRequest): PooledServer;
  /** Ends the server when nobody else holds it; resolves when nothing of it is left. */
  release(server: PooledServer, reason: string): Promise<void>;
  /** Lets servers that must not run twice give way to those of the same ids that were acquired last. */
  replace(servers: readonly PooledServer[], timeoutMs: number): void;
}

interface Entry extends PooledServer {
  readonly digest: () => string;
  readonly solo: Solo | undefined;
  /** It gave way to its successor, so nobody can have it any more. */
  gone: boolean;
  holders: number;
  /** Resolves when nothing of it is left. */
  end(reason: string): Promise<void>;
}

/** Makes an empty pool; `inventories` are shared with the routes. */
export function createServerPool(inventories: Inventories, events: HubEvents): ServerPool {
  const entries = new Set<Entry>();

  const open = ({ id, digest, config, make }: PoolRequest): Entry => {
    // One that must not run twice waits for whatever still runs under its id.
    const waits = [...entries].some((entry) => entry.id === id);
    const solo = config?.rollover === 'replace' ? createSolo({ id, about: aboutOf(config), waits, make }) : undefined;
    const upstream = solo ?? make();
    const inventory = inventories.acquire(upstream);
    const unwatch = report({ id, upstream, inventory }, config, events);
    let ended: Promise<void> | undefined;
    const entry: Entry = {
      id,
      digest,
      upstream,
      inventory,
      solo,
      gone: false,
      holders: 0,
      end(reason) {
        entry.gone = true;
        ended ??= upstream.close(reason).then(() => unwatch());
        return ended;
      },
    };
    entries.add(entry);
    return entry;
  };

  return {
    acquire(request) {
      const entry =
        [...entries].find(({ id, digest, gone }) => !gone && id === request.id && digest() === request.digest()) ??
        open(request);
      entry.holders++;
      return entry;
    },
    async release(server, reason) {
      const entry = server as Entry;
      if (--entry.holders > 0) return;
      inventories.release(entry.inventory);
      await entry.end(reason);
      entries.delete(entry);
    },
    replace(servers, timeoutMs) {
      for (const { id, solo } of servers as readonly Entry[]) {
        if (solo === undefined || solo.begun) continue;
        const before = [...entries].filter((entry) => entry.id === id && entry.solo !== solo);
        for (const entry of before) entry.gone = true;
        const gone = before.map(async (entry) => {
          await entry.solo?.yieldTo(solo, timeoutMs);
          await entry.end('it is replaced');
        });
        void Promise.allSettled(gone).then(() => solo.begin());
      }
    },
  };
}

/** Tells of every change of a server's state and lists. */
function report(
  { id, upstream, inventory }: PooledServer,
  config: ServerConfig | undefined,
  events: HubEvents,
): () => void {
  let lists = '';
  const stops = [
    upstream.watch((event) => {
      if (event.type !== 'state') return;
      const { readiness, supervision } = toServerView({ id, server: config, upstream, inventory });
      events.emit({ type: 'server.state', server: id, readiness, supervision: supervision ?? undefined });
    }),
    inventory.watch(() => {
      const [tools, resources, prompts] = (['tools', 'resources', 'prompts'] as const).map(
        (kind) => inventory.list(kind).items.length,
      ) as [number, number, number];
      const now = `${tools} ${resources} ${prompts}`;
      if (now === lists) return;
      lists = now;
      events.emit({ type: 'server.lists', server: id, tools, resources, prompts });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
