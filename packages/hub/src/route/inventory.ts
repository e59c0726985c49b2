import type { Envelope } from '@hatago/protocol';
import { createCanceller } from '../core/cancel.ts';
import type { Log } from '../core/log.ts';
import type { Upstream } from '../core/upstream.ts';
import type { ListCache } from '../storage/list-cache.ts';
import { LIST_KINDS, type ListKind } from './items.ts';
import { createListReader, type ListReader } from './list-reader.ts';
import type { UpstreamList } from './read-list.ts';
import { createRememberedLists } from './remembered-lists.ts';

/** What one server offers, as last known, kept up to date. */
export interface Inventory {
  readonly upstream: Upstream;
  /** A list as last read; of a server that is down, the last one known. */
  list(kind: ListKind): UpstreamList;
  /** The list was read at least once. */
  isRead(kind: ListKind): boolean;
  /** All lists were read at least once. */
  readonly known: boolean;
  /** Its items belong into the lists of its routes: it is there, or was a moment ago. */
  readonly listed: boolean;
  /** Why a list could not be read the last time. */
  readonly error: string | undefined;
  /** Resolves when the first attempt to reach the server and read its lists has ended; never rejects. */
  readonly settled: Promise<void>;
  /** Starts a server that waits for its first use and reads its lists; at once when there is nothing to do. */
  wake(): Promise<void>;
  /** Calls back when a list, or whether they are listed, has changed. */
  watch(on: () => void): () => void;
  close(): void;
}

/** Options of {@link createInventory}. */
export interface InventoryOptions {
  readonly upstream: Upstream;
  /** What the hub says of itself when it asks for lists. */
  readonly envelope: Envelope;
  readonly log: Log;
  /** How long the items of a server that was lost stay listed, so that a short loss goes unnoticed. @default 3000 */
  readonly graceMs?: number;
  /** First delay before a list that could not be read is asked for again; doubled each time. @default 1000 */
  readonly retryMs?: number;
  /** Where the lists of servers that are started by their first use are remembered. @default nowhere */
  readonly cache?: ListCache;
}

/** Follows one server: reads its lists when it gets ready and when it says that they changed. */
export function createInventory(options: InventoryOptions): Inventory {
  const { upstream, envelope, log, graceMs = 3000, retryMs = 1000, cache } = options;
  const watchers = new Set<() => void>();
  const ending = createCanceller();
  let listed = false;
  let wasReady = false;
  let reading: Promise<unknown> | undefined;
  let graceTimer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  const readers = Object.fromEntries(
    LIST_KINDS.map((kind) => [
      kind,
      createListReader({ upstream, kind, envelope, log, retryMs, signal: ending, changed: tell }),
    ]),
  ) as Record<ListKind, ListReader>;
  const isKnown = (): boolean => LIST_KINDS.every((kind) => readers[kind].read);
  const setListed = (next: boolean): void => {
    if (listed === next) return;
    listed = next;
    tell();
  };
  const remembered = createRememberedLists(upstream, readers, cache);
  const readAll = async (): Promise<void> => {
    await Promise.all(LIST_KINDS.map((kind) => readers[kind].refresh()));
    if (!ending.cancelled) remembered.save();
  };
  const onState = (): void => {
    const { state, held } = upstream.status;
    remembered.recall();
    if (state === 'ready' && !wasReady) reading = readAll();
    wasReady = state === 'ready';
    if (state === 'ready' || state === 'stopped') {
      clearTimeout(graceTimer);
      graceTimer = undefined;
      // One that sleeps is there for whoever asks; one that was stopped by hand is not.
      setListed(state === 'ready' || (held !== true && isKnown()));
    } else if (listed) {
      graceTimer ??= setTimeout(() => setListed(false), graceMs).unref();
    }
  };
  const unwatch = upstream.watch((event) => {
    if (event.type === 'state') onState();
    else if (event.type === 'changed' && upstream.status.state === 'ready') {
      const kinds: readonly ListKind[] = event.list === 'resources' ? ['resources', 'templates'] : [event.list];
      void Promise.all(kinds.map((kind) => readers[kind].refresh())).then(remembered.save);
    }
  });
  onState();

  return {
    upstream,
    list: (kind) => readers[kind].list,
    isRead: (kind) => readers[kind].read,
    get known() {
      return isKnown();
    },
    get listed() {
      return listed;
    },
    get error() {
      return LIST_KINDS.map((kind) => readers[kind].error).find((error) => error !== undefined);
    },
    settled: upstream.settled.then(async () => {
      onState();
      await reading;
    }),
    async wake() {
      const { state, held } = upstream.status;
      if (isKnown() || state !== 'stopped' || held === true) return;
      await readers.tools.refresh();
      onState();
      await reading;
    },
    watch(on) {
      watchers.add(on);
      return () => watchers.delete(on);
    },
    close() {
      ending.cancel('closed');
      unwatch();
      watchers.clear();
      clearTimeout(graceTimer);
      for (const kind of LIST_KINDS) readers[kind].close();
    },
  };
}
