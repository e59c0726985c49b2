import { execFile } from 'node:child_process';
import type { Log } from '../core/log.ts';
import { type ControlGroup, openControlGroup } from './control-group.ts';
import type { ProcessCaps } from './spec.ts';

/** What {@link createProcessCaps} works with. */
export interface ProcessCapsOptions {
  readonly server: string;
  readonly caps: ProcessCaps;
  readonly log: Log;
  /** As `process.platform`. @default that of this process */
  readonly platform?: string;
  /** @default that of this process, looked for once */
  readonly group?: () => ControlGroup | undefined;
}

const MIB = 1024 * 1024;

let found: { readonly group: ControlGroup | undefined } | undefined;
const ownGroup = (): ControlGroup | undefined => {
  found ??= { group: openControlGroup() };
  return found.group;
};

/**
 * Holds the processes of one server to what they may use, by what the system has for it: a control group where one was
 * given to the hub; else the size of the data segment for memory (the size of the address space would end every program
 * that merely reserves memory, Node among them) and nothing for processors. What cannot be held is warned of once. The
 * returned function is called with each new process and gives the one that lets go of it.
 */
export function createProcessCaps(options: ProcessCapsOptions): (pid: number) => () => void {
  const { server, caps, log, platform = process.platform, group = ownGroup } = options;
  const { memoryMb, cpu } = caps;
  const nothing = (): void => {};
  let warned = false;
  const warn = (what: string): void => {
    if (warned) return;
    warned = true;
    log({
      level: 'warn',
      event: 'upstream.caps',
      server,
      message: `this system has no means to hold it to ${what}; it runs without that bound`,
    });
  };
  if (memoryMb === undefined && cpu === undefined) return () => nothing;
  const bounds = [
    ...(memoryMb === undefined ? [] : [`limits.memoryMb (${memoryMb})`]),
    ...(cpu === undefined ? [] : [`limits.cpu (${cpu})`]),
  ];
  return (pid) => {
    const own = platform === 'linux' ? group() : undefined;
    if (own !== undefined) {
      try {
        return own.add(pid, caps);
      } catch {
        // The group was taken away again; what follows still holds for memory.
      }
    }
    if (platform !== 'linux') warn(bounds.join(' and '));
    else {
      if (cpu !== undefined) warn(`limits.cpu (${cpu})`);
      if (memoryMb !== undefined) {
        const bytes = String(Math.round(memoryMb * MIB));
        execFile('prlimit', [`--pid=${pid}`, `--data=${bytes}`], (error) => {
          // A process that has ended meanwhile needs no bound.
          if (error !== null && isThere(pid)) warn(`limits.memoryMb (${memoryMb})`);
        });
      }
    }
    return nothing;
  };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
