import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '@hatago/protocol';
import type { Log } from '../core/log.ts';
import type { Offers } from '../core/upstream.ts';
import { sweepFolder, WRITE_DELAY_MS, writeAtomically } from './atomic-write.ts';

/** What a server offered when it last ran. */
export interface CachedLists {
  readonly offers: Offers;
  /** Each list as one result in JSON, by its kind. */
  readonly lists: Readonly<Record<string, string>>;
}

/** Remembers over restarts what servers offer that are started by their first use. */
export interface ListCache {
  /** What is remembered of the server, if it is still made from the same. */
  read(server: string, digest: string): CachedLists | undefined;
  /** Remembers it; the file follows within a moment. What is too large is not remembered. */
  write(server: string, digest: string, lists: CachedLists): void;
  /** Writes what is not written yet. */
  flush(): void;
}

/** Bounds of a {@link ListCache}. */
export interface ListCacheLimits {
  /** Largest file of one server, in bytes. @default 4194304 */
  readonly maxFileBytes?: number;
  /** Most bytes of all files together; the oldest give way. @default 67108864 */
  readonly maxBytes?: number;
}

const MIB = 1024 * 1024;

interface Entry extends CachedLists {
  readonly digest: string;
}

/** Opens the cache in a folder of its own: one file per server, readable by its user alone. */
export function openListCache(folder: string, log: Log, limits: ListCacheLimits = {}): ListCache {
  const { maxFileBytes = 4 * MIB, maxBytes = 64 * MIB } = limits;
  const waiting = new Map<string, Entry>();
  let timer: NodeJS.Timeout | undefined;
  sweepFolder(folder);

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const [server, entry] of waiting) save(server, entry);
    if (waiting.size > 0) prune(folder, maxBytes);
    waiting.clear();
  };
  const save = (server: string, entry: Entry): void => {
    const path = pathOf(folder, server);
    const text = JSON.stringify(entry);
    try {
      // Half of what a server offers would be taken for all of it.
      if (Buffer.byteLength(text) > maxFileBytes) rmSync(path, { force: true });
      else if (text !== textOf(path)) writeAtomically(path, text);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      log({ level: 'warn', event: 'state.unwritable', message: `${path} cannot be written`, code });
    }
  };
  return {
    read(server, digest) {
      const entry = waiting.get(server) ?? parseEntry(textOf(pathOf(folder, server)));
      return entry?.digest === digest ? entry : undefined;
    },
    write(server, digest, { offers, lists }) {
      waiting.set(server, { digest, offers, lists });
      timer ??= setTimeout(flush, WRITE_DELAY_MS).unref();
    },
    flush,
  };
}

/** Ids of imported servers may hold anything; the hash keeps those apart that look alike. */
function pathOf(folder: string, server: string): string {
  const hash = createHash('sha256').update(server).digest('hex').slice(0, 8);
  return join(folder, `${server.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 32)}-${hash}.json`);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** What cannot be read counts as forgotten: it can be learned again. */
function parseEntry(text: string | undefined): Entry | undefined {
  try {
    const entry: unknown = text === undefined ? undefined : JSON.parse(text);
    if (!isRecord(entry) || typeof entry.digest !== 'string' || !isOffers(entry.offers)) return undefined;
    const { lists } = entry;
    if (!isRecord(lists) || !Object.values(lists).every((list) => typeof list === 'string')) return undefined;
    return entry as unknown as Entry;
  } catch {
    return undefined;
  }
}

const ERAS: ReadonlySet<unknown> = new Set(['legacy', 'modern']);

function isOffers(value: unknown): value is Offers {
  if (!isRecord(value) || !isRecord(value.capabilities) || typeof value.protocolVersion !== 'string') return false;
  return ERAS.has(value.era);
}

function prune(folder: string, maxBytes: number): void {
  let files: { path: string; size: number; at: number }[] = [];
  try {
    files = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => {
        const path = join(folder, name);
        const { size, mtimeMs } = statSync(path);
        return { path, size, at: mtimeMs };
      });
  } catch {
    return;
  }
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files.sort((a, b) => a.at - b.at)) {
    if (total <= maxBytes) return;
    rmSync(path, { force: true });
    total -= size;
  }
}
