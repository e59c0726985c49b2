import { identityOf } from '@hatago/hub/storage/process-identity.ts';

/** `ps` tells whole seconds, and Node learns of its own start a moment after the system. */
const TOLERANCE_S = 2;
const PS_LIMIT_MS = 2000;

/**
 * When a process began, as digits that a later process of the same id does not have: clock ticks since the system came up
 * on Linux, seconds of the epoch elsewhere, `0` where the system does not tell; undefined when it does not run.
 */
export function processStart(pid: number): string | undefined {
  const identity = identityOf(pid);
  if (identity === undefined || identity.start !== undefined) return identity?.start;
  if (pid === process.pid) return String(Math.round(performance.timeOrigin / 1000));
  return process.platform === 'win32' ? '0' : fromPs(pid);
}

/** Whether the process that began then still runs; one that took over its id does not count. */
export function isSameProcess(pid: number, start: string): boolean {
  const now = processStart(pid);
  if (now === undefined) return false;
  if (now === start || now === '0' || start === '0') return true;
  return process.platform !== 'linux' && Math.abs(Number(now) - Number(start)) <= TOLERANCE_S;
}

function fromPs(pid: number): string {
  // Loaded only where it is needed: a bridge has to stay small.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: PS_LIMIT_MS,
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const began = Date.parse(text.trim());
    return Number.isNaN(began) ? '0' : String(began / 1000);
  } catch {
    return '0';
  }
}
