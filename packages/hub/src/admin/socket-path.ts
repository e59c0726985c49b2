import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longest path the systems take for a socket, in bytes: 104 with the final zero on macOS, 108 on Linux. */
const MAX_BYTES = 100;

/** Where a hub with this state directory listens. */
export interface SocketPath {
  readonly path: string;
  /** The directory that was made for it alone, and goes with it. */
  readonly folder: string | undefined;
}

/** Options of {@link chooseSocketPath}. */
export interface SocketPathOptions {
  /** @default the platform of the process */
  readonly platform?: NodeJS.Platform;
  /** Named after the process too, where another hub of the directory has the plain name. @default false */
  readonly isOwn?: boolean;
}

/**
 * The path of a hub's socket: in its state directory, or where that path is too long for a socket in a fresh directory of
 * the system's temporary one, which only its user can enter. On Windows it is a named pipe.
 */
export function chooseSocketPath(
  home: string,
  { platform = process.platform, isOwn = false }: SocketPathOptions = {},
): SocketPath {
  const own = isOwn ? `.${process.pid}` : '';
  if (platform === 'win32') return { path: `${pipeOf(home)}${own}`, folder: undefined };
  const path = join(home, 'run', `hub${own}.sock`);
  if (Buffer.byteLength(path) <= MAX_BYTES) return { path, folder: undefined };
  const folder = mkdtempSync(join(tmpdir(), 'hatago-'));
  return { path: join(folder, 'hub.sock'), folder };
}

const pipeOf = (home: string): string =>
  `\\\\.\\pipe\\hatago-${createHash('sha256').update(home).digest('hex').slice(0, 32)}`;
