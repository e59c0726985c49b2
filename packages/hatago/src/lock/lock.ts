import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSameProcess, processStart } from './process-start.ts';

/** What the holder of a lock tells those who find it. */
export interface Holder {
  readonly pid: number;
  /** Where it takes clients: the path of a Unix socket, or the name of a pipe; undefined while it starts. */
  readonly socket?: string;
  /** Where it serves HTTP, if it does. */
  readonly url?: string;
}

/** The right to be the one hub of a configuration; it ends with the process at the latest. */
export interface Lock {
  /** Begins the names of all files of this holder: the key, its process id and when that began. */
  readonly stem: string;
  readonly folder: string;
  /** Tells where the hub is reached from now on. */
  publish(reached: Omit<Holder, 'pid'>): void;
  release(): void;
}

/** What came of one attempt to take a lock. */
export type Claim =
  | { readonly kind: 'held'; readonly lock: Lock }
  /** Another process has it. */
  | { readonly kind: 'busy'; readonly holder: Holder }
  /** Others try at the same time, or have it and do not say yet where they are reached: to be tried again. */
  | { readonly kind: 'contended' }
  /** Nothing can be written there. */
  | { readonly kind: 'unwritable' };

const FILE = /^([\da-f]{16})\.(\d+)\.(\d+)\.(lock|sock|tmp)$/;

/**
 * Tries once to take the lock of that key in a folder. Each process has a file of its own, named after its id and when it
 * began, and holds the lock if it sees no other live one after it wrote its own. So nobody ever removes a file that could
 * have become another's: what is swept belongs to a process that has ended, and the name cannot be anybody else's.
 */
export function claimLock(folder: string, key: string): Claim {
  const before = findHolder(folder, key);
  if (before !== undefined) return before;
  const lock = createLock(folder, key);
  if (lock === undefined) return { kind: 'unwritable' };
  const other = findHolder(folder, key);
  if (other === undefined) return { kind: 'held', lock };
  lock.release();
  return other;
}

/** Who holds the lock of that key; undefined when nobody does. Sweeps what ended processes left of it in the folder. */
export function findHolder(folder: string, key: string): Extract<Claim, { kind: 'busy' | 'contended' }> | undefined {
  let found: Extract<Claim, { kind: 'busy' | 'contended' }> | undefined;
  for (const name of list(folder)) {
    const [, itsKey, pid, start, kind] = FILE.exec(name) ?? [];
    // Of another key nothing is known: its processes may be those of another machine.
    if (itsKey !== key || pid === undefined || start === undefined) continue;
    const isOwn = Number(pid) === process.pid;
    if (!isOwn && !isSameProcess(Number(pid), start)) sweep(folder, name);
    else if (!isOwn && kind === 'lock' && found?.kind !== 'busy') {
      const holder = read(join(folder, name), Number(pid));
      found = holder?.socket === undefined ? { kind: 'contended' } : { kind: 'busy', holder };
    }
  }
  return found;
}

/** A lock that nobody else respects, for a hub that cannot reach the one that holds it. */
export function unsharedLock(folder: string, key: string): Lock {
  return { stem: stemOf(key), folder, publish() {}, release() {} };
}

const stemOf = (key: string): string => `${key}.${process.pid}.${processStart(process.pid) ?? '0'}`;

function createLock(folder: string, key: string): Lock | undefined {
  const stem = stemOf(key);
  const path = join(folder, `${stem}.lock`);
  const write = (holder: Omit<Holder, 'pid'>): void => {
    const temporary = join(folder, `${stem}.tmp`);
    writeFileSync(temporary, `${JSON.stringify({ pid: process.pid, ...holder })}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  };
  const release = (): void => {
    process.removeListener('exit', release);
    rmSync(path, { force: true });
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    write({});
  } catch {
    return undefined;
  }
  process.once('exit', release);
  return { stem, folder, publish: write, release };
}

function sweep(folder: string, name: string): void {
  const path = join(folder, name);
  // A socket whose path would have been too long lies in a directory of its own, under the name of its lock.
  const socket = name.endsWith('.lock') ? read(path, 0)?.socket : undefined;
  const isElsewhere = socket !== undefined && dirname(socket) !== folder;
  try {
    rmSync(path, { force: true });
    if (!isElsewhere || basename(socket) !== name.replace(/lock$/, 'sock')) return;
    rmSync(socket, { force: true });
    rmdirSync(dirname(socket));
  } catch {
    // What cannot be removed is in nobody's way: its name is taken by nobody else.
  }
}

function read(path: string, pid: number): Holder | undefined {
  try {
    const { socket, url } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<'socket' | 'url', unknown>>;
    return {
      pid,
      ...(typeof socket === 'string' ? { socket } : {}),
      ...(typeof url === 'string' ? { url } : {}),
    };
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
