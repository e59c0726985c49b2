import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { Lock } from '../lock/lock.ts';
import type { Greeting } from './link.ts';

/** The hub's end of one client, as `hub.serveStdio` makes it. */
export interface ClientEdge {
  readonly done: Promise<void>;
  readonly inFlight: number;
  close(reason: string): void;
}

/** How a hub takes the clients of bridges. */
export interface ClientsOptions {
  readonly lock: Lock;
  serve(streams: { readonly input: Readable; readonly output: Writable }): ClientEdge;
  /** Called whenever the last one has gone. */
  onEmpty(): void;
}

/** The clients that come over bridges. */
export interface Clients {
  /** Path of the socket, or name of the pipe. */
  readonly path: string;
  readonly count: number;
  /**
   * Takes no more of them, and tells those that are here that the hub goes: `isEnd` = for good, else another hub follows.
   * Resolves when everything they sent before has been answered, or the time is over.
   */
  farewell(options: { readonly isEnd: boolean; readonly graceMs: number }): Promise<void>;
  /** Ends all that are still here, once what was written to them has left. */
  close(reason: string): Promise<void>;
}

interface Client {
  readonly socket: Socket;
  readonly edge: ClientEdge;
  /** Resolves when nothing more comes from it. */
  readonly quiet: Promise<void>;
}

/** Linux takes 107 bytes, macOS 103. */
const MAX_PATH_BYTES = 100;
const WATCH_MS = 5;
const CLOSE_MS = 500;

/** Listens for bridges on a socket that nobody but its user can reach. */
export async function openClients(options: ClientsOptions): Promise<Clients> {
  const clients = new Set<Client>();
  const farewell = randomBytes(16).toString('hex');
  const greeting: Greeting = { hatago: 1, pid: process.pid, farewell };
  let isLeaving = false;

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (isLeaving) return void socket.destroy();
    socket.write(`${JSON.stringify(greeting)}\n`);
    const input = new PassThrough();
    const edge = options.serve({ input, output: socket });
    const quiet = new Promise<void>((resolve) => {
      socket.once('end', resolve);
      socket.once('close', () => resolve());
    });
    const client = { socket, edge, quiet };
    clients.add(client);
    socket.on('error', () => {});
    // While the hub goes, the end of what comes means that all has come that is for this hub.
    socket.pipe(input, { end: false });
    socket.once('end', () => isLeaving || input.end());
    socket.once('close', () => input.destroy());
    void edge.done.then(() => socket.end());
    socket.once('close', () => {
      clients.delete(client);
      if (clients.size === 0) options.onEmpty();
    });
  });
  const path = await listen(server, options.lock);
  const stopListening = (): void => {
    server.close();
    removeSocket(path, options.lock);
  };

  return {
    path,
    get count() {
      return clients.size;
    },
    async farewell({ isEnd, graceMs }) {
      isLeaving = true;
      stopListening();
      const until = performance.now() + graceMs;
      for (const { socket } of clients) socket.write(`{"hatago":"${farewell}","end":${isEnd}}\n`);
      await within(graceMs, Promise.all([...clients].map(({ quiet }) => quiet)));
      const busy = (): boolean => [...clients].some(({ edge }) => edge.inFlight > 0);
      while (busy() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    },
    async close(reason) {
      if (!isLeaving) stopListening();
      isLeaving = true;
      const gone = [...clients].map(({ socket, edge }) => {
        edge.close(reason);
        return new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())));
      });
      await within(CLOSE_MS, Promise.all(gone));
      for (const { socket } of clients) socket.destroy();
    },
  };
}

async function listen(server: Server, { folder, stem }: Lock): Promise<string> {
  if (process.platform === 'win32') return bind(server, `\\\\.\\pipe\\hatago-${stem}`);
  const path = join(folder, `${stem}.sock`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return bindElsewhere(server, stem);
  try {
    return await bind(server, path);
  } catch {
    // A file system without sockets.
    return bindElsewhere(server, stem);
  }
}

const bindElsewhere = (server: Server, stem: string): Promise<string> =>
  bind(server, join(mkdtempSync(join(tmpdir(), TEMPORARY)), `${stem}.sock`));
const TEMPORARY = 'hatago-';

function bind(server: Server, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Made under the mask, so that nobody can open it before its permissions are set.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve(path);
    });
    process.umask(mask);
  });
}

function removeSocket(path: string, { folder }: Lock): void {
  if (process.platform === 'win32') return;
  rmSync(path, { force: true });
  if (dirname(path) !== folder) rmSync(dirname(path), { recursive: true, force: true });
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
