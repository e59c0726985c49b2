import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Options of {@link writeAtomically}. */
export interface AtomicWriteOptions {
  /** Permissions of the file. @default 0o600 */
  readonly mode?: number;
}

/**
 * Replaces a file so that a reader, or a start after a crash at any moment, finds the old content or the new one and
 * nothing between: temporary file, fsync, rename, fsync of the directory.
 */
export function writeAtomically(path: string, content: string, { mode = 0o600 }: AtomicWriteOptions = {}): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w', mode);
    try {
      writeSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Removes what writes of ended processes left behind. */
export function sweepTemporaries(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of safeList(dirname(path))) {
    if (name.startsWith(prefix) && name.endsWith('.tmp')) rmSync(join(dirname(path), name), { force: true });
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
