import type { Envelope } from '@hatago/protocol';
import type { CancelSignal } from '../core/cancel.ts';
import type { Log } from '../core/log.ts';
import type { Upstream } from '../core/upstream.ts';
import { LISTS, type ListKind } from './items.ts';
import { NO_LIST, readList, type UpstreamList } from './read-list.ts';
import { isSameList } from './same-bytes.ts';

/** Keeps one list of one server. */
export interface ListReader {
  /** The list as last read. */
  readonly list: UpstreamList;
  /** It was read at least once. */
  readonly read: boolean;
  /** Why it could not be read the last time. */
  readonly error: string | undefined;
  /** Takes what is remembered of it, so that it need not be read before it is used. */
  remember(list: UpstreamList): void;
  /** Reads it again, now; resolves when that has ended, well or not. */
  refresh(): Promise<void>;
  close(): void;
}

/** Options of {@link createListReader}. */
export interface ListReaderOptions {
  readonly upstream: Upstream;
  readonly kind: ListKind;
  readonly envelope: Envelope;
  readonly log: Log;
  /** First delay before a list that could not be read is asked for again; doubled each time, in milliseconds. */
  readonly retryMs: number;
  /** Ends what is being read. */
  readonly signal: CancelSignal;
  /** Called when the list has become another, byte for byte. */
  changed(): void;
}

/** Most times in a row that a list is asked for again. */
const MAX_RETRIES = 6;

/** Reads a list when asked to, at most once at a time; what comes up meanwhile makes one more read. */
export function createListReader(options: ListReaderOptions): ListReader {
  const { upstream, kind, envelope, log, retryMs, signal, changed } = options;
  const { method, capability } = LISTS[kind];
  const server = upstream.id;
  let list = NO_LIST;
  let read = false;
  let error: string | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let retries = 0;
  let timer: NodeJS.Timeout | undefined;

  const replace = (next: UpstreamList): void => {
    const same = read && isSameList(list, next);
    error = undefined;
    retries = 0;
    read = true;
    if (same) return;
    list = next;
    for (const { key, reason } of next.rejected) {
      log({ level: 'warn', event: 'route.item_rejected', server, list: kind, item: key, reason });
    }
    if (next.cut)
      log({ level: 'warn', event: 'route.list_cut', server, list: kind, message: 'The list does not end.' });
    changed();
  };
  const failed = (message: string): void => {
    error = `Its ${method} failed: ${message}.`;
    log({ level: 'warn', event: 'route.list_failed', server, list: kind, message: error });
    if (upstream.status.state !== 'ready' || retries >= MAX_RETRIES) return;
    timer = setTimeout(() => void reader.refresh(), retryMs * 2 ** retries++).unref();
  };
  const readOnce = async (): Promise<void> => {
    const { offers, state } = upstream.status;
    // A server that has not been started yet has not said what it offers either: it is asked in order to start it.
    if (offers !== undefined && state !== 'stopped' && offers.capabilities[capability] === undefined) {
      return replace(NO_LIST);
    }
    const result = await readList(upstream, kind, envelope, signal).catch((cause: unknown) => {
      log({ level: 'error', event: 'route.list_failed', server, list: kind, reason: String(cause) });
      return { ok: false, error: { absent: false, message: 'the hub failed to read it' } } as const;
    });
    if (signal.cancelled) return;
    if (result.ok) replace(result.value);
    else if (result.error.absent) replace(NO_LIST);
    else failed(result.error.message);
  };
  const reader: ListReader = {
    get list() {
      return list;
    },
    get read() {
      return read;
    },
    get error() {
      return error;
    },
    remember(known) {
      if (read) return;
      list = known;
      read = true;
    },
    refresh() {
      clearTimeout(timer);
      again = running !== undefined;
      running ??= (async () => {
        do {
          again = false;
          await readOnce();
        } while (again && !signal.cancelled);
        running = undefined;
      })();
      return running;
    },
    close: () => clearTimeout(timer),
  };
  return reader;
}
