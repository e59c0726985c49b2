import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning, ownIdentity } from '@hatago/hub/storage/process-identity.ts';
import { realPath } from './real-path.ts';

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

/** Where a hub is looked for. */
export interface HubHome {
  /** The state directory. */
  readonly home: string;
  /** The configuration file that is to be served; undefined where none is found, which leaves it open. */
  readonly file: string | undefined;
}

const NAME = /^hub(\.\d+)?\.json$/;

/**
 * Announces the hub in this process as `run/hub.json`, or under a name with its process id where another hub that runs has
 * that; readable by its user alone. Returns the function that takes the announcement back.
 */
export function announce(home: string, run: RunFile): () => void {
  const folder = join(home, 'run');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { path, run: before } of announced(home)) if (!isRunning(identityOf(before))) sweep(home, path, before);
  const temporary = join(folder, `hub.json.${process.pid}`);
  const { start } = ownIdentity();
  const told = start === undefined ? run : { ...run, start };
  writeFileSync(temporary, `${JSON.stringify(told, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  const path = place(temporary, join(folder, 'hub.json'));
  return () => {
    if (readRun(path)?.pid === run.pid) rmSync(path, { force: true });
  };
}

/** The file is linked first: of two hubs that start at the same moment only one has the name. */
function place(temporary: string, path: string): string {
  try {
    linkSync(temporary, path);
    rmSync(temporary);
    return path;
  } catch {
    // The name is taken, or the file system has no links.
    const before = readRun(path);
    const isTaken = before !== undefined && before.pid !== process.pid && isRunning(identityOf(before));
    const free = isTaken ? join(dirname(path), `hub.${process.pid}.json`) : path;
    renameSync(temporary, free);
    return free;
  }
}

/**
 * The announcement of the hub that runs for a configuration file, else of one that runs without any; undefined where there
 * is none. Where no file is known, that of whichever hub runs in the state directory.
 */
export function findRunningHub({ home, file }: HubHome): RunFile | undefined {
  const runs = findRunningHubs(home);
  if (file === undefined) return runs[0];
  const own = realPath(file);
  return (
    runs.find(({ config }) => config !== undefined && realPath(config) === own) ??
    runs.find(({ config }) => config === undefined)
  );
}

/** The announcements of all hubs that run in a state directory, that of `run/hub.json` first. */
export function findRunningHubs(home: string): readonly RunFile[] {
  return announced(home).flatMap(({ run }) => (isRunning(identityOf(run)) ? [run] : []));
}

const identityOf = ({ pid, start }: RunFile): { pid: number; start: string | undefined } => ({ pid, start });

function announced(home: string): { readonly path: string; readonly run: RunFile }[] {
  const folder = join(home, 'run');
  const names = list(folder)
    .filter((name) => NAME.test(name))
    .sort((a, b) => a.length - b.length);
  return names.flatMap((name) => {
    const path = join(folder, name);
    const run = readRun(path);
    return run === undefined ? [] : [{ path, run }];
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readRun(path: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(path, 'utf8')) as RunFile;
    return typeof run.pid === 'number' ? run : undefined;
  } catch {
    return undefined;
  }
}

/** What a hub left that ended without taking it back. The file and the socket that others may have meanwhile stay. */
function sweep(home: string, path: string, run: RunFile): void {
  const { socket } = run;
  sweepSocket(home, run);
  if (basename(path) === 'hub.json') return;
  rmSync(path, { force: true });
  if (socket !== undefined && socket === join(home, 'run', `hub.${run.pid}.sock`)) rmSync(socket, { force: true });
}

/** A socket whose path would have been too long lay in a directory of its own, which nobody else removes. */
function sweepSocket(home: string, { socket }: RunFile): void {
  if (socket === undefined || socket.startsWith('\\\\')) return;
  const folder = dirname(socket);
  if (folder === join(home, 'run')) return;
  if (dirname(folder) === tmpdir() && /[\\/]hatago-[^\\/]+$/.test(folder))
    rmSync(folder, { recursive: true, force: true });
}
