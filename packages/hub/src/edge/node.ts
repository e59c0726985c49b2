import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HttpEdge } from './http.ts';
import { NodeMessage, type TakeBody } from './node-message.ts';
import { NodeReply } from './node-reply.ts';
import { type PlainListener, servePlain } from './plain-host.ts';
import { type HttpRequest, splitTarget } from './reply.ts';
import { ResponseOutlet } from './response-outlet.ts';

/** Where and how a listener listens. */
export interface ListenOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 = any free port. @default 3535 */
  readonly port?: number;
  /** Most open connections; further ones are closed at once. @default 20000 */
  readonly maxConnections?: number;
  /** Largest header block in bytes. @default 16384 */
  readonly maxHeaderBytes?: number;
  /** Time for the whole header block, in milliseconds. @default 10000 */
  readonly headersTimeoutMs?: number;
  /** Time for the whole request, in milliseconds. @default 30000 */
  readonly requestTimeoutMs?: number;
  /**
   * Time after which an unused connection is closed, in milliseconds. Longer than clients and proxies keep one, for a
   * request that meets the end of its connection is lost. @default 65000
   */
  readonly keepAliveTimeoutMs?: number;
}

/** Takes over a connection whose client asks for another protocol; the request was judged by nobody yet. */
export type Upgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** A bound listener. */
export interface NodeListener {
  /** Without a trailing slash, e.g. `http://127.0.0.1:3535`. */
  readonly url: string;
  readonly port: number;
  /** Stops listening, lets what is being answered finish for `graceMs` and then cuts it. */
  close(graceMs?: number): Promise<void>;
}

const CHECK_EVERY_MS = 1_000;

/**
 * Binds the edge to a TCP port.
 * @throws the system's error (`EADDRINUSE`, `EACCES`) when the port cannot be bound
 */
export async function serveNode(edge: HttpEdge, options: ListenOptions = {}, upgrade?: Upgrade): Promise<NodeListener> {
  const host = options.host ?? '127.0.0.1';
  const maxHeaderBytes = options.maxHeaderBytes ?? 16 * 1024;
  const headersTimeoutMs = options.headersTimeoutMs ?? 10_000;
  const keepAliveTimeoutMs = options.keepAliveTimeoutMs ?? 65_000;
  const server = createServer(
    {
      IncomingMessage: NodeMessage,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      noDelay: true,
    },
    (request, response) => {
      if (isOver(request)) return;
      if (hasOneHost(request))
        edge.handle(new NodeRequest(request), new NodeReply(new ResponseOutlet(response), edge.keeper));
      else response.writeHead(400, { Connection: 'close' }).end();
    },
  );
  server.maxConnections = options.maxConnections ?? 20_000;
  if (upgrade !== undefined) {
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (hasOneHost(request)) upgrade(request, socket, head);
      else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
  }
  const plain = servePlain(server, edge, { maxHeaderBytes, headersTimeoutMs, keepAliveTimeoutMs });
  await listen(server, host, options.port ?? 3535);
  const { port } = server.address() as AddressInfo;
  edge.guard.allowBound(host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: (graceMs = 0) => close(server, plain, graceMs),
  };
}

/**
 * Whether the connection is being closed behind an earlier answer. Nothing is carried out there: Node takes the answer for the
 * next one although it still owes others, and ends the process on an assertion when the connection goes meanwhile.
 */
export const isOver = ({ socket }: IncomingMessage): boolean => !socket.writable;

/** Node keeps the first of several, where a proxy before it may have judged another. @see RFC 9112 section 3.2 */
function hasOneHost({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts <= 1;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function close(server: Server, plain: PlainListener, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
      plain.cut();
    }, graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    plain.close();
  });
}

/** A request that `node:http` read. */
export class NodeRequest implements HttpRequest {
  readonly path: string;
  readonly query: string;
  readonly #request: NodeMessage;

  constructor(request: NodeMessage) {
    [this.path, this.query] = splitTarget(request.url as string);
    this.#request = request;
  }

  get method(): string {
    return this.#request.method as string;
  }

  get remote(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  header(lowerCaseName: string): string | undefined {
    const value = this.#request.headers[lowerCaseName];
    return typeof value === 'object' ? value.join(', ') : value;
  }

  readBody(maxBytes: number, done: TakeBody): void {
    this.#request.readBody(maxBytes, done);
  }
}
