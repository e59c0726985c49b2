import type { Upstream } from '../core/upstream.ts';
import type { ListCache } from '../storage/list-cache.ts';
import { fromCachedList, toCachedList } from './cached-list.ts';
import { LIST_KINDS, type ListKind } from './items.ts';
import type { ListReader } from './list-reader.ts';
import type { UpstreamList } from './read-list.ts';

/** What a server offers that sleeps most of the time, remembered from one start of the hub to the next. */
export interface RememberedLists {
  /** Takes over what is remembered, once; what was read already stands. */
  recall(): void;
  /** Remembers what is known now. */
  save(): void;
}

/** Remembers the lists of one server, if it is one that is started by its first use. */
export function createRememberedLists(
  upstream: Upstream,
  readers: Readonly<Record<ListKind, ListReader>>,
  cache: ListCache | undefined,
): RememberedLists {
  let recalled = false;
  return {
    recall() {
      const { digest, lazy } = upstream;
      // One that waits for its predecessor to end does not know yet what it is made from.
      if (recalled || digest === undefined) return;
      recalled = true;
      const known = lazy === true ? cache?.read(upstream.id, digest) : undefined;
      if (known === undefined) return;
      const lists = LIST_KINDS.map((kind) => fromCachedList(kind, known.lists[kind]));
      if (lists.some((list) => list === undefined)) return;
      for (const [at, kind] of LIST_KINDS.entries()) readers[kind].remember(lists[at] as UpstreamList);
    },
    save() {
      const { digest, lazy, status } = upstream;
      const { offers, state } = status;
      if (cache === undefined || digest === undefined || lazy !== true) return;
      if (offers === undefined || state !== 'ready' || !LIST_KINDS.every((kind) => readers[kind].read)) return;
      const lists = Object.fromEntries(LIST_KINDS.map((kind) => [kind, toCachedList(kind, readers[kind].list)]));
      cache.write(upstream.id, digest, { offers, lists });
    },
  };
}
