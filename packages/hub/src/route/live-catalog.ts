import type { Log } from '../core/log.ts';
import { type Catalog, changedLists } from './catalog.ts';
import type { Changeable } from './listen.ts';
import type { Rename } from './name-table.ts';

/** The catalog of a route as it is now, and the news of its changes. */
export interface LiveCatalog {
  /** The catalog, built when something of it has changed since the last time. */
  current(): Catalog;
  /** Something may have changed: what was built is dropped at once, and the news follow shortly. */
  changed(): void;
  /** Takes what is there now as what everybody has seen. */
  rebase(): void;
  /** Tells now of what is not as everybody has seen it. */
  announce(): void;
  /** The catalog as everybody has seen it. */
  seen(): Catalog;
  /** Takes another catalog as what everybody has seen; what differs is told shortly. */
  follow(seen: Catalog): void;
  close(): void;
}

/** Options of {@link createLiveCatalog}. */
export interface LiveCatalogOptions {
  build(): Catalog;
  /** Whether there is anybody to tell now. */
  heard(): boolean;
  /** Told of the lists that changed, possibly of none, after they can be read. */
  tell(lists: readonly Changeable[]): void;
  /** Told of the renames in each catalog that is built. */
  renamed(rename: Rename): void;
  /** How long changes are gathered, in milliseconds. */
  readonly coalesceMs: number;
}

/** Builds catalogs on demand and compares them byte by byte, so that only what shows is told. */
export function createLiveCatalog(options: LiveCatalogOptions): LiveCatalog {
  const { build, heard, tell, renamed, coalesceMs } = options;
  let current: Catalog | undefined;
  let announced: Catalog | undefined;
  let timer: NodeJS.Timeout | undefined;

  const now = (): Catalog => {
    if (current !== undefined) return current;
    current = build();
    for (const rename of current.renames) renamed(rename);
    return current;
  };
  const announce = (): void => {
    timer = undefined;
    if (!heard()) return;
    const before = announced ?? now();
    announced = now();
    tell(changedLists(before, announced));
  };
  return {
    current: now,
    changed() {
      current = undefined;
      timer ??= setTimeout(announce, coalesceMs).unref();
    },
    rebase() {
      announced = now();
    },
    announce,
    seen: () => announced ?? now(),
    follow(seen) {
      announced = seen;
      timer ??= setTimeout(announce, coalesceMs).unref();
    },
    close: () => clearTimeout(timer),
  };
}

/** Writes a rename to the log; those the configuration asks for are no news. */
export function logRename(log: Log, route: string, rename: Rename): void {
  const { server, kind, own, public: seen, reason } = rename;
  if (reason === 'override') return;
  if (seen === undefined) log({ level: 'warn', event: 'route.left_out', server, route, kind, own, reason });
  else log({ level: 'info', event: 'route.renamed', server, route, kind, own, public: seen, reason });
}
