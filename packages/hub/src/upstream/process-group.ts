import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** How long a group has between being asked to end and being killed, in milliseconds. */
export const KILL_AFTER_MS = 2000;
/** How long to wait for a killed group to be gone, in milliseconds. */
const GONE_AFTER_MS = 1000;
const POLL_MS = 20;

/**
 * Ends a process group: TERM, and KILL for what is left after two seconds, also when its leader has gone and others
 * stayed. Resolves when no member is left; never rejects. On Windows, which has no groups, the process tree is ended at
 * once with `taskkill`.
 */
export async function endProcessGroup(pgid: number, killAfterMs: number = KILL_AFTER_MS): Promise<void> {
  if (process.platform === 'win32') return endTree(pgid);
  if (!signalGroup(pgid, 'SIGTERM')) return;
  if (await isGone(pgid, killAfterMs)) return;
  signalGroup(pgid, 'SIGKILL');
  await isGone(pgid, GONE_AFTER_MS);
}

/** Sends a signal to every member of a group; false when there is none. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    // Not permitted to signal means that something is there, which we cannot end.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a group has a member that runs; one that has ended and waits for its parent to notice does not count. */
export function isGroupAlive(pgid: number): boolean {
  if (!signalGroup(pgid, 0)) return false;
  return process.platform !== 'linux' || hasRunningMember(pgid);
}

function isGone(pgid: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let waited = 0;
    const look = (): void => {
      if (!isGroupAlive(pgid)) resolve(true);
      else if (waited >= withinMs) resolve(false);
      else {
        waited += POLL_MS;
        setTimeout(look, POLL_MS);
      }
    };
    look();
  });
}

function hasRunningMember(pgid: number): boolean {
  try {
    const leader = stateOf(String(pgid));
    if (leader?.group === pgid && leader.state !== 'Z') return true;
    for (const pid of readdirSync('/proc')) {
      const state = pid >= '1' && pid < ':' ? stateOf(pid) : undefined;
      if (state?.group === pgid && state.state !== 'Z' && state.state !== 'X') return true;
    }
    return false;
  } catch {
    return true;
  }
}

/** State and group of a process. @see proc(5), /proc/pid/stat */
function stateOf(pid: string): { state: string; group: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 3);
    return { state: fields[0] as string, group: Number(fields[2]) };
  } catch {
    return undefined;
  }
}

function endTree(pid: number): Promise<void> {
  return new Promise((resolve) => {
    execFile('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true }, () => resolve());
  });
}
