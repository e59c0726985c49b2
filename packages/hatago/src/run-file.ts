import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a serving hub tells the other commands of itself. */
export interface RunFile {
  readonly pid: number;
  readonly url: string;
  readonly version: string;
  /** The configuration served; absent for the demo. */
  readonly config?: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

const pathOf = (home: string): string => join(home, 'run', 'hub.json');

/** Announces a hub; readable by its user alone. Returns the function that takes the announcement back. */
export function announce(home: string, run: RunFile): () => void {
  const path = pathOf(home);
  mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  return () => {
    if (readRun(home)?.pid === run.pid) rmSync(path, { force: true });
  };
}

/** The announcement of the hub that runs for this state directory; undefined when none is there or its process is gone. */
export function findRunningHub(home: string): RunFile | undefined {
  const run = readRun(home);
  return run !== undefined && isAlive(run.pid) ? run : undefined;
}

function readRun(home: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(pathOf(home), 'utf8')) as RunFile;
    return typeof run.pid === 'number' && typeof run.url === 'string' ? run : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
