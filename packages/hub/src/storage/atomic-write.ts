import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRunning, ownIdentity } from './process-identity.ts';

/** Options of {@link writeAtomically}. */
export interface AtomicWriteOptions {
  /** Permissions of the file. @default 0o600 */
  readonly mode?: number;
  /** A file that is there keeps its permissions. @default false */
  readonly keepMode?: boolean;
}

/**
 * How long what changes is gathered before it is written, where nobody waits for it, in milliseconds. Longer than a start
 * takes: to write a file then costs the servers the time that they need to come up.
 */
export const WRITE_DELAY_MS = 1000;

/** A temporary file this old belongs to no write under way, whoever has its process number now, in milliseconds. */
const ABANDONED_MS = 60_000;

/**
 * Replaces a file so that a reader, or a start after a crash at any moment, finds the old content or the new one and
 * nothing between: temporary file, fsync, rename, fsync of the directory. A symbolic link stays and its target is
 * replaced.
 */
export function writeAtomically(path: string, content: string | Uint8Array, options: AtomicWriteOptions = {}): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const target = targetOf(path);
  const kept = options.keepMode ? modeOf(target) : undefined;
  const temporary = temporaryOf(target);
  try {
    const file = openSync(temporary, 'w', kept ?? options.mode ?? 0o600);
    try {
      if (kept !== undefined) fchmodSync(file, kept);
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/** The name of a temporary file beside a file, which tells whose it is. */
export function temporaryOf(path: string): string {
  const { pid, start } = ownIdentity();
  return `${path}.${pid}.${start ?? '0'}.tmp`;
}

const TEMPORARY = /\.(\d+)(?:\.(\d+))?\.tmp$/;

/** Removes what writes of this file by ended processes left behind. */
export function sweepTemporaries(path: string): void {
  sweep(dirname(path), `${basename(path)}.`);
}

/** Removes what writes by ended processes left behind in a directory; gives the names of the files that were there. */
export function sweepFolder(folder: string): readonly string[] {
  return sweep(folder, '');
}

function sweep(folder: string, prefix: string): readonly string[] {
  const names = safeList(folder);
  for (const name of names) {
    const match = name.startsWith(prefix) && name.endsWith('.tmp') ? TEMPORARY.exec(name) : null;
    if (match !== null && isAbandoned(join(folder, name), match)) rmSync(join(folder, name), { force: true });
  }
  return names;
}

function isAbandoned(path: string, [, pid, start]: RegExpExecArray): boolean {
  if (!isRunning({ pid: Number(pid), start: start === '0' ? undefined : start })) return true;
  try {
    return Date.now() - statSync(path).mtimeMs > ABANDONED_MS;
  } catch {
    return false;
  }
}

function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
}

function safeList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function syncFolder(folder: string): void {
  // Windows cannot open a directory; there the rename itself is durable enough.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
