import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRecord } from '@hatago/protocol';
import { temporaryOf } from './atomic-write.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Options of {@link withFileLock}. */
export interface FileLockOptions {
  /** How long another process is waited for, in milliseconds. @default 10000 */
  readonly waitMs?: number;
}

/** Who holds a lock; the nonce tells one holding from the next one of the same process. */
interface Holder extends ProcessIdentity {
  readonly nonce: string;
}

const POLL_MS = 10;
/** A lock without readable content is given up after this time, in milliseconds: its process died while it wrote it. */
const UNREADABLE_MS = 5000;
/** Where the system does not tell when a process started, a lock is held for so long at most, in milliseconds. */
const UNTOLD_MS = 60_000;

/**
 * Runs the work while no other process holds the lock, a file of its own beside what it protects; the lock of a process
 * that is gone is taken over.
 * @throws Error that names the holder when it does not let go in time
 */
export async function withFileLock<T>(
  lock: string,
  work: () => T | Promise<T>,
  { waitMs = 10_000 }: FileLockOptions = {},
): Promise<T> {
  const deadline = performance.now() + waitMs;
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  let nonce = take(lock);
  while (nonce === undefined) {
    if (!removeIfDead(lock) && performance.now() > deadline) throw heldError(lock);
    nonce = take(lock);
    if (nonce === undefined) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    if (read(lock)?.nonce === nonce) rmSync(lock, { force: true });
  }
}

/** The same as {@link withFileLock} for work that is done at once; the process stands still while it waits. */
export function withFileLockSync<T>(lock: string, work: () => T, { waitMs = 10_000 }: FileLockOptions = {}): T {
  const deadline = performance.now() + waitMs;
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  let nonce = take(lock);
  while (nonce === undefined) {
    if (!removeIfDead(lock) && performance.now() > deadline) throw heldError(lock);
    nonce = take(lock);
    if (nonce === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  try {
    return work();
  } finally {
    if (read(lock)?.nonce === nonce) rmSync(lock, { force: true });
  }
}

function heldError(lock: string): Error {
  const holder = read(lock);
  const whose = holder === undefined ? 'another process' : `process ${holder.pid}`;
  return new Error(`${lock} is held by ${whose}; try again when it has ended`);
}

/** Removes the lock of a process that is gone, and what taking over such locks left behind; says whether it is free. */
export function removeIfDead(lock: string): boolean {
  const holder = read(lock);
  if (holder === undefined && ageOf(lock) === undefined) {
    removeDeadMarks(lock);
    return true;
  }
  if (!isDead(lock, holder)) return false;
  // Whoever makes the mark of a dead lock, and nobody else, may remove it: so no lock of a living process is removed.
  const mark = `${lock}.${holder?.nonce ?? 'unreadable'}.mark`;
  if (!create(mark, randomUUID())) {
    removeDeadMarks(lock);
    return false;
  }
  try {
    if (read(lock)?.nonce === holder?.nonce) rmSync(lock, { force: true });
  } finally {
    rmSync(mark, { force: true });
  }
  return true;
}

function take(lock: string): string | undefined {
  const nonce = randomUUID();
  return create(lock, nonce) ? nonce : undefined;
}

/** Makes the file whole or not at all; false when it is there already. */
function create(path: string, nonce: string): boolean {
  const text = JSON.stringify({ ...ownIdentity(), nonce });
  const temporary = temporaryOf(`${path}.${nonce}`);
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A file system without hard links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return createInPlace(path, text);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function createInPlace(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isDead(path: string, holder: Holder | undefined): boolean {
  const ageMs = ageOf(path) ?? 0;
  if (holder === undefined) return ageMs > UNREADABLE_MS;
  return !isRunning(holder) || (holder.start === undefined && ageMs > UNTOLD_MS);
}

function removeDeadMarks(lock: string): void {
  const folder = dirname(lock);
  const marks = list(folder).filter((name) => name.startsWith(`${basename(lock)}.`) && name.endsWith('.mark'));
  for (const name of marks) {
    const mark = join(folder, name);
    const holder = read(mark);
    if (!isDead(mark, holder)) continue;
    const aside = temporaryOf(`${mark}.${randomUUID()}`);
    try {
      renameSync(mark, aside);
    } catch {
      // Another process was faster.
    }
    rmSync(aside, { force: true });
  }
}

function read(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isRecord(value)) return undefined;
    const { pid, start, nonce } = value;
    if (typeof pid !== 'number' || typeof nonce !== 'string') return undefined;
    return { pid, start: typeof start === 'string' ? start : undefined, nonce };
  } catch {
    return undefined;
  }
}

function ageOf(path: string): number | undefined {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
