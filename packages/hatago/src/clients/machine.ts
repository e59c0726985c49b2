import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What decides where clients keep their files. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Home directory of the user. */
  readonly home: string;
  /** The project the command runs in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The machine this process runs on. */
export function thisMachine(): Machine {
  return { platform: process.platform, home: homedir(), cwd: process.cwd(), env: process.env };
}

/** Joins path segments the way the machine's system writes them. */
export function joinOn(machine: Machine, ...segments: readonly string[]): string {
  return (machine.platform === 'win32' ? win32 : posix).join(...segments);
}

/** Where programs keep settings by the XDG rules; on Windows and macOS too, for the tools that follow them there. */
export function xdgConfig(machine: Machine): string {
  return machine.env['XDG_CONFIG_HOME'] || joinOn(machine, machine.home, '.config');
}

/** Where desktop programs keep settings: `%APPDATA%`, `~/Library/Application Support`, or the XDG folder. */
export function appData(machine: Machine): string {
  if (machine.platform === 'win32')
    return machine.env['APPDATA'] || joinOn(machine, machine.home, 'AppData', 'Roaming');
  if (machine.platform === 'darwin') return joinOn(machine, machine.home, 'Library', 'Application Support');
  return xdgConfig(machine);
}
