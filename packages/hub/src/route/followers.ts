import type { Exchange, Notification } from '../core/exchange.ts';

/** What a listener may follow besides the lists. */
export interface Followed {
  readonly kind: 'resource' | 'task';
  readonly serverId: string;
  /** The server's own URI or task id. */
  readonly own: string;
  /** What the listener calls it. */
  readonly public: string;
  /** Has the server tell of it until the returned function is called. */
  subscribe(): () => void;
}

/** One open exchange; there can be thousands, so it holds no more than it must. */
export interface Listener {
  readonly exchange: Exchange;
  readonly lists: number;
  followed: Following[] | undefined;
  /** Takes it out of the listeners it is among. */
  leave: (listener: Listener) => void;
  end(): void;
}

/** One thing an exchange follows, among the listeners of the route that found it. */
export interface Following {
  readonly listener: Listener;
  readonly key: string;
  readonly kind: Followed['kind'];
  readonly public: string;
  stop(): void;
}

/** Who follows what on a route. */
export interface Followers {
  /** Has the server tell of it until it is stopped. */
  add(listener: Listener, found: Followed): Following;
  has(key: string): boolean;
  /** Tells everybody who follows it. */
  emit(key: string, make: (publicText: string, listener: Listener) => Notification): void;
  /** Stops all of them. */
  close(): void;
}

/** Under what a resource or task of a server is followed. */
export const keyOf = (kind: Followed['kind'], serverId: string, own: string): string => `${kind}\n${serverId}\n${own}`;

/** Makes the followers of a route. */
export function createFollowers(): Followers {
  const byKey = new Map<string, Set<Following>>();
  return {
    add(listener, found) {
      const key = keyOf(found.kind, found.serverId, found.own);
      const unsubscribe = found.subscribe();
      const one: Following = {
        listener,
        key,
        kind: found.kind,
        public: found.public,
        stop() {
          const set = byKey.get(key);
          if (set?.delete(one) !== true) return;
          if (set.size === 0) byKey.delete(key);
          unsubscribe();
        },
      };
      byKey.set(key, (byKey.get(key) ?? new Set()).add(one));
      return one;
    },
    has: (key) => byKey.has(key),
    emit(key, make) {
      for (const one of [...(byKey.get(key) ?? [])]) one.listener.exchange.emit(make(one.public, one.listener));
    },
    close() {
      for (const set of [...byKey.values()]) for (const one of [...set]) one.stop();
    },
  };
}
