import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRunning, ownIdentity } from '@hatago/hub/storage/process-identity.ts';

/** What a serving hub tells the other commands of itself. */
export interface RunFile {
  readonly pid: number;
  /** When that process began, in the system's own unit, so that no later one of the same id is taken for it. */
  readonly start?: string;
  /** The endpoint of all servers over HTTP; left out where the hub does not listen. */
  readonly url?: string;
  /** Path of the socket, or name of the pipe, on which the hub is controlled. */
  readonly socket?: string;
  /** What the admin API wants over HTTP. */
  readonly token?: string;
  readonly version: string;
  /** The configuration served; absent for the demo. */
  readonly config?: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

const pathOf = (home: string): string => join(home, 'run', 'hub.json');

/** Announces the hub in this process; readable by its user alone. Returns the function that takes the announcement back. */
export function announce(home: string, run: RunFile): () => void {
  const path = pathOf(home);
  const before = readRun(home);
  if (before !== undefined && !isRunning(identityOf(before))) sweepSocket(home, before);
  mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  const { start } = ownIdentity();
  const told = start === undefined ? run : { ...run, start };
  writeFileSync(temporary, `${JSON.stringify(told, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  return () => {
    if (readRun(home)?.pid === run.pid) rmSync(path, { force: true });
  };
}

/** The announcement of the hub that runs for this state directory; undefined when none is there or its process is gone. */
export function findRunningHub(home: string): RunFile | undefined {
  const run = readRun(home);
  return run !== undefined && isRunning(identityOf(run)) ? run : undefined;
}

const identityOf = ({ pid, start }: RunFile): { pid: number; start: string | undefined } => ({ pid, start });

function readRun(home: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(pathOf(home), 'utf8')) as RunFile;
    return typeof run.pid === 'number' ? run : undefined;
  } catch {
    return undefined;
  }
}

/** A socket whose path would have been too long lay in a directory of its own, which nobody else removes. */
function sweepSocket(home: string, { socket }: RunFile): void {
  if (socket === undefined || socket.startsWith('\\\\')) return;
  const folder = dirname(socket);
  if (folder === join(home, 'run')) return;
  if (dirname(folder) === tmpdir() && /[\\/]hatago-[^\\/]+$/.test(folder))
    rmSync(folder, { recursive: true, force: true });
}
