import { accessSync, appendFileSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessCaps } from './spec.ts';

/** Where a hub may make groups of processes that the kernel holds to bounds. */
export interface ControlGroup {
  /** Puts a process, and all it starts from now on, under its bounds; the returned function takes the group away. */
  add(pid: number, caps: ProcessCaps): () => void;
}

/** What {@link openControlGroup} looks at. */
export interface ControlGroupOptions {
  /** @default '/sys/fs/cgroup' */
  readonly root?: string;
  /** @default '/proc/self/cgroup' */
  readonly self?: string;
  /** @default that of this process */
  readonly pid?: number;
  /** The parent of a process; undefined when it has ended. @default as `/proc` tells it */
  parentOf?(pid: number): number | undefined;
}

const PERIOD_US = 100_000;
const MIB = 1024 * 1024;

/** How often the processes of the group are moved: some may start others meanwhile. */
const MOVES = 3;

/**
 * The group this process is in, where it was given to it alone (a service with delegation, a container of its own);
 * undefined everywhere else. A group that holds processes cannot have bounded groups below it, so the hub moves itself and
 * what it started into one of their own first.
 * @see Linux cgroup v2, delegation and the "no internal process" rule
 */
export function openControlGroup(options: ControlGroupOptions = {}): ControlGroup | undefined {
  const { root = '/sys/fs/cgroup', self = '/proc/self/cgroup', pid = process.pid, parentOf = parentByProc } = options;
  try {
    const path = /^0::(\/.*)$/m.exec(readFileSync(self, 'utf8'))?.[1];
    if (path === undefined) return undefined;
    const folder = join(root, path);
    const offered = words(join(folder, 'cgroup.controllers'));
    if (!offered.includes('memory') || !offered.includes('cpu')) return undefined;
    accessSync(join(folder, 'cgroup.subtree_control'), constants.W_OK);
    const members = (): number[] => words(join(folder, 'cgroup.procs')).map(Number);
    // Whoever else is in the group would be moved, or would stand in the way.
    if (!members().every((member) => isWithin(member, pid, parentOf))) return undefined;
    const own = join(folder, `hatago-${pid}`);
    mkdirSync(own, { recursive: true });
    for (let i = 0; i < MOVES; i++) for (const member of members()) move(member, own);
    writeFileSync(join(folder, 'cgroup.subtree_control'), '+memory +cpu');
    return { add: (child, caps) => addTo(join(folder, `hatago-${pid}-${child}`), child, caps) };
  } catch {
    return undefined;
  }
}

function addTo(group: string, pid: number, { memoryMb, cpu }: ProcessCaps): () => void {
  mkdirSync(group, { recursive: true });
  if (memoryMb !== undefined) {
    writeFileSync(join(group, 'memory.max'), String(Math.round(memoryMb * MIB)));
    // Half a server would be of no use to anybody.
    writeFileSync(join(group, 'memory.oom.group'), '1');
  }
  if (cpu !== undefined) writeFileSync(join(group, 'cpu.max'), `${Math.round(cpu * PERIOD_US)} ${PERIOD_US}`);
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
  return () => {
    try {
      rmdirSync(group);
    } catch {
      // Something of it still ends; an empty group costs nothing.
    }
  };
}

/** Whether a process is another one or was started by it, over however many others. */
function isWithin(pid: number, ancestor: number, parentOf: (pid: number) => number | undefined): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf(at))
    if (at === ancestor) return true;
  // One that has ended meanwhile stands in nobody's way.
  return parentOf(pid) === undefined;
}

/** @see proc(5), /proc/pid/stat field 4 */
function parentByProc(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ', 2)[1]);
  } catch {
    return undefined;
  }
}

function move(pid: number, group: string): void {
  try {
    // One number per write, as the kernel wants it.
    appendFileSync(join(group, 'cgroup.procs'), `${pid}\n`);
  } catch {
    // It has ended meanwhile.
  }
}

function words(file: string): string[] {
  return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
}
