import { type FSWatcher, lstatSync, readlinkSync, statSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Log } from '../core/log.ts';

/** Watches files for changes. */
export interface FileWatch {
  /** Watches these files from now on; what has changed of those that were watched already is still told. */
  update(files: readonly string[]): void;
  close(): void;
}

/** Options of {@link watchFiles}. */
export interface WatchOptions {
  /** Called when files have changed and have been left alone for a moment since. */
  onChange(): void;
  /**
   * Whether any change in the watched directories counts, at most twice a second: what is read now cannot be used, and
   * perhaps for want of a file that nobody knows of. @default it never does
   */
  isWanting?(): boolean;
  /** How long files must be left alone, in milliseconds. @default 40 */
  readonly settleMs?: number;
  /** Between two looks where the system cannot tell of changes, in milliseconds. @default 1000 */
  readonly pollMs?: number;
  readonly log: Log;
}

const MAX_LINKS = 16;
const WANTING_MS = 500;

/**
 * Watches the directories of files, not the files: editors replace a file by renaming another over it, and a watch on the
 * file would go on with the one that is gone. What changed is found out by looking at the files, so that nothing but a
 * real change is told. Links are followed, and the directory of every link on the way is watched as well.
 */
export function watchFiles(first: readonly string[], options: WatchOptions): FileWatch {
  const { onChange, settleMs = 40, pollMs = 1000, log } = options;
  const watched = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  let files = first;
  let told = statesOf(files);
  let seen = told;
  let timer: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  let polling: NodeJS.Timeout | undefined;
  let closed = false;
  /** Something happened in one of the directories. */
  let stirred = false;
  let wantedAt = Number.NEGATIVE_INFINITY;

  const look = (): void => {
    clearTimeout(patience);
    timer = undefined;
    patience = undefined;
    if (closed) return;
    arm();
    const now = statesOf(files);
    // Still being written, perhaps: it is told once two looks in a row see the same.
    const settled = isSame(now, seen, files);
    seen = now;
    if (isSame(now, told, files)) return stirred ? lookFurther() : undefined;
    if (!settled) return later();
    stirred = false;
    told = now;
    onChange();
  };
  /** None of the files has changed, but something beside them has. */
  const lookFurther = (): void => {
    const restMs = wantedAt + WANTING_MS - performance.now();
    const wanting = options.isWanting?.() === true;
    stirred = wanting && restMs > 0;
    if (stirred) patience = setTimeout(look, restMs).unref();
    else if (wanting) {
      wantedAt = performance.now();
      onChange();
    }
  };
  const stir = (): void => {
    stirred = true;
    later();
  };
  const later = (): void => {
    timer ??= setTimeout(look, settleMs).unref();
  };
  const poll = (reason: string): void => {
    if (polling !== undefined || closed) return;
    log({ level: 'warn', event: 'config.polled', message: `files cannot be watched, so they are polled: ${reason}` });
    polling = setInterval(later, pollMs).unref();
  };
  const drop = (folder: string): void => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  /** Watches what has to be watched now: a link may point elsewhere, a directory may be another one of the same name. */
  const arm = (): void => {
    const folders = new Set(files.flatMap(foldersOf));
    for (const [folder, { inode }] of watched) {
      if (!folders.has(folder) || inodeOf(folder) !== inode) drop(folder);
    }
    for (const folder of folders) {
      if (watched.has(folder)) continue;
      const inode = inodeOf(folder);
      if (inode === undefined) continue;
      try {
        const watcher = watch(folder, { persistent: false }, stir);
        watcher.on('error', (error) => {
          drop(folder);
          poll(error.message);
        });
        watched.set(folder, { watcher, inode });
      } catch (error) {
        poll((error as Error).message);
      }
    }
  };

  arm();
  return {
    update(next) {
      const fresh = statesOf(next);
      told = new Map(next.map((file) => [file, told.get(file) ?? (fresh.get(file) as string)]));
      files = next;
      arm();
      later();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(patience);
      clearInterval(polling);
      for (const folder of [...watched.keys()]) drop(folder);
    },
  };
}

/** What tells one state of each file from another; a file that is not there has a state as well. */
function statesOf(files: readonly string[]): ReadonlyMap<string, string> {
  return new Map(files.map((file) => [file, stateOf(file)]));
}

function stateOf(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return 'not there';
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>, files: readonly string[]): boolean {
  return files.every((file) => a.get(file) === b.get(file));
}

/** The directories in which a change of the file shows: its own, and those of every link on the way to it. */
function foldersOf(file: string): string[] {
  const folders: string[] = [];
  let path = resolve(file);
  for (let links = 0; links < MAX_LINKS; links++) {
    folders.push(nearest(dirname(path)));
    if (!isLink(path)) break;
    path = resolve(dirname(path), readlinkSync(path));
  }
  return folders;
}

/** The directory, or the nearest one above it that is there. */
function nearest(folder: string): string {
  for (let path = folder; ; path = dirname(path)) {
    if (inodeOf(path) !== undefined || dirname(path) === path) return path;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function inodeOf(folder: string): number | undefined {
  try {
    const stat = statSync(folder);
    return stat.isDirectory() ? stat.ino : undefined;
  } catch {
    return undefined;
  }
}
