import type { Envelope } from '@hatago/protocol';
import { createCanceller } from '../core/cancel.ts';
import type { Log } from '../core/log.ts';
import type { Upstream } from '../core/upstream.ts';
import { LIST_KINDS, LISTS, type ListKind } from './items.ts';
import { NO_LIST, readList, type UpstreamList } from './read-list.ts';
import { sameBytes } from './same-bytes.ts';

/** What one server offers, as last known, kept up to date. */
export interface Inventory {
  readonly upstream: Upstream;
  /** Its lists; those of a server that is down are the last ones known. */
  readonly lists: Readonly<Record<ListKind, UpstreamList>>;
  /** All its lists were read at least once. */
  readonly known: boolean;
  /** The list was read at least once. */
  isRead(kind: ListKind): boolean;
  /** Its items belong into the lists of its routes: it is there, or was a moment ago. */
  readonly listed: boolean;
  /** Why a list could not be read the last time. */
  readonly error: string | undefined;
  /** Resolves when the first attempt to reach the server and read its lists has ended; never rejects. */
  readonly settled: Promise<void>;
  /** Starts a server that waits for its first use and reads its lists; at once when there is nothing to do. */
  wake(): Promise<void>;
  /** Reads one list again, now; resolves when that has ended, well or not. */
  refresh(kind: ListKind): Promise<void>;
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
  /** How long the items of a server that failed stay listed, so that a short loss goes unnoticed. @default 3000 */
  readonly graceMs?: number;
  /** First delay before a list that could not be read is asked for again; doubled each time. @default 1000 */
  readonly retryMs?: number;
}

/** Most times in a row that a list is asked for again. */
const MAX_RETRIES = 6;

interface Slot {
  list: UpstreamList;
  read: boolean;
  running: Promise<void> | undefined;
  again: boolean;
  retries: number;
  retryTimer: NodeJS.Timeout | undefined;
}

const NO_SLOT = (): Slot => ({
  list: NO_LIST,
  read: false,
  running: undefined,
  again: false,
  retries: 0,
  retryTimer: undefined,
});

/** Follows one server: reads its lists when it gets ready and when it says that they changed. */
export function createInventory(options: InventoryOptions): Inventory {
  const { upstream, envelope, log, graceMs = 3000, retryMs = 1000 } = options;
  const slots: Record<ListKind, Slot> = {
    tools: NO_SLOT(),
    prompts: NO_SLOT(),
    resources: NO_SLOT(),
    templates: NO_SLOT(),
  };
  const watchers = new Set<() => void>();
  const ending = createCanceller();
  let listed = false;
  let error: string | undefined;
  let wasReady = false;
  let graceTimer: NodeJS.Timeout | undefined;

  const isKnown = (): boolean => LIST_KINDS.every((kind) => slots[kind].read);
  const tell = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  const setListed = (next: boolean): void => {
    if (listed === next) return;
    listed = next;
    tell();
  };

  /** At most one read of a list at a time; what comes up meanwhile makes one more. */
  const refresh = (kind: ListKind): Promise<void> => {
    const slot = slots[kind];
    clearTimeout(slot.retryTimer);
    if (slot.running !== undefined) {
      slot.again = true;
      return slot.running;
    }
    slot.running = (async () => {
      do {
        slot.again = false;
        await read(kind, slot);
      } while (slot.again && !ending.cancelled);
      slot.running = undefined;
    })();
    return slot.running;
  };

  const read = async (kind: ListKind, slot: Slot): Promise<void> => {
    const { offers, state } = upstream.status;
    // A server that has not been started yet has not said what it offers either: it is asked in order to start it.
    if (offers !== undefined && state !== 'stopped' && offers.capabilities[LISTS[kind].capability] === undefined) {
      return replace(kind, slot, NO_LIST);
    }
    const result = await readList(upstream, kind, envelope, ending).catch((cause: unknown) => {
      log({ level: 'error', event: 'route.list_failed', server: upstream.id, list: kind, reason: String(cause) });
      return { ok: false, error: { absent: false, message: 'the hub failed to read it' } } as const;
    });
    if (ending.cancelled) return;
    if (result.ok) {
      error = undefined;
      return replace(kind, slot, result.value);
    }
    if (result.error.absent) return replace(kind, slot, NO_LIST);
    error = `Its ${LISTS[kind].method} failed: ${result.error.message}.`;
    log({ level: 'warn', event: 'route.list_failed', server: upstream.id, list: kind, message: error });
    if (upstream.status.state === 'ready' && slot.retries < MAX_RETRIES) {
      slot.retryTimer = setTimeout(() => void refresh(kind), retryMs * 2 ** slot.retries++);
      slot.retryTimer.unref();
    }
  };

  const replace = (kind: ListKind, slot: Slot, next: UpstreamList): void => {
    const list = admitted(upstream, kind, next, log);
    const same = slot.read && isSame(slot.list, list);
    slot.retries = 0;
    slot.read = true;
    if (same) return;
    slot.list = list;
    tell();
  };

  const refreshAll = async (): Promise<void> => {
    await Promise.all(LIST_KINDS.map(refresh));
  };

  /** Brings `listed` in line with the server's state. */
  const follow = (): void => {
    const { state } = upstream.status;
    if (state !== 'failed') {
      clearTimeout(graceTimer);
      graceTimer = undefined;
    }
    if (state === 'ready') setListed(true);
    else if (state === 'stopped') setListed(isKnown());
    else if (state === 'failed' && listed && graceTimer === undefined) {
      graceTimer = setTimeout(() => setListed(false), graceMs);
      graceTimer.unref();
    }
  };

  let reading: Promise<void> | undefined;
  const readAll = (): Promise<void> => {
    reading = refreshAll();
    return reading;
  };
  const onState = (): void => {
    const ready = upstream.status.state === 'ready';
    if (ready && !wasReady) void readAll();
    wasReady = ready;
    follow();
  };
  const unwatch = upstream.watch((event) => {
    if (event.type === 'state') onState();
    else if (event.type === 'changed' && upstream.status.state === 'ready') {
      void refresh(event.list);
      if (event.list === 'resources') void refresh('templates');
    }
  });
  onState();

  return {
    upstream,
    lists: {
      get tools() {
        return slots.tools.list;
      },
      get prompts() {
        return slots.prompts.list;
      },
      get resources() {
        return slots.resources.list;
      },
      get templates() {
        return slots.templates.list;
      },
    },
    get known() {
      return isKnown();
    },
    isRead: (kind) => slots[kind].read,
    get listed() {
      return listed;
    },
    get error() {
      return error;
    },
    settled: upstream.settled.then(async () => {
      onState();
      await reading;
    }),
    async wake() {
      if (isKnown() || upstream.status.state !== 'stopped') return;
      await refresh('tools');
      onState();
      await reading;
    },
    refresh,
    watch(on) {
      watchers.add(on);
      return () => watchers.delete(on);
    },
    close() {
      ending.cancel('closed');
      unwatch();
      watchers.clear();
      clearTimeout(graceTimer);
      for (const slot of Object.values(slots)) clearTimeout(slot.retryTimer);
    },
  };
}

/**
 * The list without the tools that an HTTP client must not take: servers reached without headers may keep theirs, for there
 * the declarations mean nothing.
 * @see MCP 2026-07-28 basic/transports/streamable-http, x-mcp-header
 */
function admitted(upstream: Upstream, kind: ListKind, list: UpstreamList, log: Log): UpstreamList {
  const server = upstream.id;
  for (const { key, reason } of list.rejected) {
    log({ level: 'warn', event: 'route.item_rejected', server, list: kind, item: key, reason });
  }
  if (list.cut) log({ level: 'warn', event: 'route.list_cut', server, list: kind, message: 'The list does not end.' });
  const readsHeaders = upstream.status.offers?.era === 'modern' && !HEADERLESS.has(upstream.about.type);
  if (!readsHeaders || list.items.every(({ headerFault }) => headerFault === undefined)) return list;
  const items = list.items.filter(({ key, headerFault }) => {
    if (headerFault !== undefined)
      log({ level: 'warn', event: 'sec.tool_rejected', server, tool: key, reason: headerFault });
    return headerFault === undefined;
  });
  return { ...list, items };
}

const HEADERLESS = new Set(['stdio', 'ws']);

function isSame(a: UpstreamList, b: UpstreamList): boolean {
  return (
    a.ttlMs === b.ttlMs &&
    a.shared === b.shared &&
    sameBytes(a.items, b.items) &&
    a.extras.length === b.extras.length &&
    a.extras.every(
      ([name, value], i) => name === b.extras[i]?.[0] && sameBytes([{ payload: value }], [{ payload: b.extras[i][1] }]),
    )
  );
}
