import { readFileSync } from 'node:fs';

/** Tells one process from every other that has or will have its number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own unit; undefined where the system does not tell. */
  readonly start: string | undefined;
}

let own: ProcessIdentity | undefined;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, start: stateOf(process.pid)?.start };
  return own;
}

/** The identity of a process that runs now; undefined when none of that number does. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!exists(pid)) return undefined;
  const state = stateOf(pid);
  return state?.ended === true ? undefined : { pid, start: state?.start };
}

/** Whether that very process still runs; one that has ended and waits for its parent to notice does not. */
export function isRunning({ pid, start }: ProcessIdentity): boolean {
  const now = identityOf(pid);
  return now !== undefined && (start === undefined || now.start === undefined || now.start === start);
}

function exists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** State and start of a process. @see proc(5), /proc/pid/stat, fields 3 and 22 */
function stateOf(pid: number): { ended: boolean; start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may itself hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const start = fields[19];
    return start === undefined ? undefined : { ended: fields[0] === 'Z' || fields[0] === 'X', start };
  } catch {
    return undefined;
  }
}
