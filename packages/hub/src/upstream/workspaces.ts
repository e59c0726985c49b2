// `node:fs/promises` is not imported: to load it takes time at every start, and hardly any needs it.
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, promises, readdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../core/log.ts';
import { isRunning, ownIdentity } from '../storage/process-identity.ts';

/** An empty folder that a server runs in. */
export interface Workspace {
  readonly path: string;
  /** Removes it with all that is in it; never rejects. */
  remove(): Promise<void>;
}

/** Makes the folders that servers run in, and removes them. */
export interface Workspaces {
  /**
   * A new folder for a server, readable by its user alone; below another folder where that is named.
   * @throws the system's error when none can be made
   */
  make(server: string, below?: string): Workspace;
  /** Removes the folders of hubs that ended without doing so; those of hubs that run are left alone. */
  sweep(): Promise<void>;
  /** Removes those that are left. */
  close(): Promise<void>;
}

/** Where the workspaces of npx lie: it looks upwards for what to fetch and run, and must find nothing of a project there. */
export function npxWorkspaces(): string {
  return join(homedir(), '.hatago', 'workspaces');
}

/** `<server>-<pid>.<start of that process>-<six characters>`: whose it is can be told without a file inside. */
const NAME = /^.*-(\d+)\.(\d*)-[A-Za-z0-9]{6}$/;

/** Makes the workspaces of one hub, below the folder or below the system's temporary one. */
export function createWorkspaces(folder: string | undefined, log: Log): Workspaces {
  const mine = new Set<string>();
  const { pid, start = '' } = ownIdentity();
  let root: string | undefined;

  const open = (): string => {
    if (root === undefined) {
      root = folder ?? sharedFolder();
      mkdirSync(root, { recursive: true, mode: 0o700 });
      if (folder === undefined) assertOwn(root);
    }
    return root;
  };
  const remove = async (path: string): Promise<void> => {
    try {
      await promises.rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
      mine.delete(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      log({ level: 'warn', event: 'workspace.left', message: `${path} could not be removed`, code });
    }
  };
  return {
    make(server, below) {
      if (below !== undefined) mkdirSync(below, { recursive: true, mode: 0o700 });
      const path = mkdtempSync(join(below ?? open(), `${plainName(server)}-${pid}.${start}-`));
      mine.add(path);
      return { path, remove: () => remove(path) };
    },
    async sweep() {
      const places = [...new Set([folder ?? sharedFolder(), npxWorkspaces()])];
      await Promise.all(places.flatMap(leftIn).map(remove));
    },
    async close() {
      await Promise.all([...mine].map(remove));
    },
  };
}

/** Folders whose hub is gone. */
function leftIn(place: string): string[] {
  const left = namesIn(place).filter((name) => {
    const [, owner, started] = NAME.exec(name) ?? [];
    return owner !== undefined && !isRunning({ pid: Number(owner), start: started || undefined });
  });
  return left.map((name) => join(place, name));
}

/** A name that is safe in a path, whatever the id. */
function plainName(server: string): string {
  return server.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 32);
}

/** One folder per user: what is made below it is safe from others only if nobody else owns it. */
function sharedFolder(): string {
  return join(tmpdir(), `hatago-workspaces-${process.getuid?.() ?? userInfo().username}`);
}

function assertOwn(path: string): void {
  const stat = lstatSync(path);
  const uid = process.getuid?.();
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) {
    throw new Error(`${path} belongs to somebody else`);
  }
  if (uid !== undefined && (stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
