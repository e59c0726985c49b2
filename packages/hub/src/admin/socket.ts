import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { StreamKeeper } from '../edge/event-stream.ts';
import { isOver, NodeRequest } from '../edge/node.ts';
import { NodeMessage } from '../edge/node-message.ts';
import { NodeReply } from '../edge/node-reply.ts';
import type { HttpReply, HttpRequest } from '../edge/reply.ts';
import { ResponseOutlet } from '../edge/response-outlet.ts';
import { chooseSocketPath, type SocketPath } from './socket-path.ts';

/** Options of {@link serveSocket}. */
export interface SocketOptions {
  /** State directory of the hub. */
  readonly home: string;
  readonly keeper: StreamKeeper;
  /** Answers one request; whoever can open the socket is the user the hub belongs to. */
  handle(request: HttpRequest, reply: HttpReply): void;
}

/** A bound local socket. */
export interface LocalSocket {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Binds the local socket of a hub, which only its user can open. What an ended hub left at its path is removed; where
 * another hub of the state directory answers there, the socket is one of a name of its own.
 */
export async function serveSocket({ home, keeper, handle }: SocketOptions): Promise<LocalSocket> {
  const options = { IncomingMessage: NodeMessage, keepAliveTimeout: 5_000, noDelay: true };
  const server = createServer(options, (request, response) => {
    if (!isOver(request)) handle(new NodeRequest(request), new NodeReply(new ResponseOutlet(response), keeper));
  });
  const { path, folder } = (await bind(server, chooseSocketPath(home))) ?? (await bindOwn(server, home));
  return {
    path,
    close: async () => {
      await closeServer(server);
      // The socket's file goes with its listener; a directory that was made for it does not.
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function bindOwn(server: Server, home: string): Promise<SocketPath> {
  const own = chooseSocketPath(home, { isOwn: true });
  const bound = await bind(server, own);
  if (bound === undefined) throw new Error(`something else answers on ${own.path}`);
  return bound;
}

/** Undefined where something answers there. */
async function bind(server: Server, at: SocketPath): Promise<SocketPath | undefined> {
  const { path } = at;
  const isPipe = path.startsWith('\\\\');
  if (!isPipe) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Nobody else gets as far as the socket, not even before its own permissions are set.
    chmodSync(dirname(path), 0o700);
    if (existsSync(path)) {
      if (await answers(path)) return undefined;
      rmSync(path, { force: true });
    }
  }
  try {
    await listen(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  if (!isPipe) chmodSync(path, 0o600);
  return at;
}

/** Whether anything listens on the path. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    // Only these say that nobody is there; a full queue, above all, is somebody.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
