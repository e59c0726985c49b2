import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Check, Examined, Finding } from './check.ts';

const MIN_NODE = [20, 19] as const;
const MIN_FREE_BYTES = 50 * 1024 * 1024;
const MAX_SKEW_MS = 5 * 60_000;
/** No release is older than this. */
const EARLIEST = Date.UTC(2026, 0, 1);

/** Whether this Node runs the hub. */
export function checkNode(version: string = process.versions.node): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]);
  if (!isOld) return [{ subject: 'node', level: 'ok', message: `Node ${version}` }];
  return [
    {
      subject: 'node',
      level: 'error',
      message: `Node ${version} is too old`,
      fix: `install Node ${MIN_NODE.join('.')} or newer from https://nodejs.org`,
    },
  ];
}

/** Whether the state directory can be written, has room, and agrees with the clock. */
export const checkDisk: Check = ({ home }) => {
  const folder = nearest(home);
  let probe: string | undefined;
  try {
    accessSync(folder, constants.W_OK);
    probe = mkdtempSync(join(folder, '.hatago-doctor-'));
    const file = join(probe, 'probe');
    writeFileSync(file, 'x');
    const findings: Finding[] = [{ subject: 'disk', level: 'ok', message: `${folder} can be written` }];
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < MIN_FREE_BYTES) {
      const left = Math.floor((bavail * bsize) / 1024 / 1024);
      findings[0] = {
        subject: 'disk',
        level: 'warning',
        message: `only ${left} MiB are left on the disk of ${folder}`,
        cause: 'state and secrets cannot be written once it is full',
        fix: 'remove what is not needed',
      };
    }
    return [...findings, ...checkClock(Date.now(), statSync(file).mtimeMs)];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      {
        subject: 'disk',
        level: 'error',
        message: `${folder} cannot be written (${code ?? String(error)})`,
        fix: 'make it writable for you, or name another directory in HATAGO_HOME',
      },
    ];
  } finally {
    if (probe !== undefined) rmSync(probe, { recursive: true, force: true });
  }
};

/** Whether the time is one that certificates and expiries can be judged by. */
export function checkClock(now: number, written: number): readonly Finding[] {
  const fix = 'set the clock, best by a time service';
  if (now < EARLIEST) {
    return [
      {
        subject: 'clock',
        level: 'error',
        message: `the clock says ${new Date(now).toISOString()}, which is past`,
        fix,
      },
    ];
  }
  const skew = Math.abs(now - written);
  if (skew > MAX_SKEW_MS) {
    const message = `the clock and the disk are ${Math.round(skew / 60_000)} minutes apart`;
    return [{ subject: 'clock', level: 'warning', message, cause: 'changes of files may be missed', fix }];
  }
  return [{ subject: 'clock', level: 'ok', message: new Date(now).toISOString() }];
}

/** The folder itself, or the nearest one above it that is there. */
function nearest(folder: Examined['home']): string {
  let path = folder;
  while (!existsSync(path) && path !== dirname(path)) path = dirname(path);
  return path;
}
