import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { joinPieces } from '@hatago/protocol';
import type { RawData, WebSocket, WebSocketServer } from 'ws';
import type { EdgeDeps } from './deps.ts';
import { createDuplex, type Duplex } from './duplex.ts';
import type { HttpEdge } from './http.ts';
import type { Upgrade } from './node.ts';
import type { Watched } from './roster.ts';

/** Where the WebSocket edge listens. */
export interface WsOptions {
  /** The path of the handshake. @default '/ws' */
  readonly path?: string;
  /** The route its clients get. @default '/mcp' */
  readonly route?: string;
}

/** A WebSocket edge; `upgrade` goes to `serveNode`. */
export interface WsEdge {
  readonly upgrade: Upgrade;
  readonly size: number;
  drain(): void;
  close(reason: string): void;
}

const SUBPROTOCOL = 'mcp';
const GOING_AWAY = 1001;

/**
 * Makes an edge for clients over WebSocket, one JSON-RPC message per text message. Host and Origin are judged before the
 * handshake. Not part of any MCP revision.
 */
export async function createWsEdge(deps: EdgeDeps, edge: HttpEdge, options: WsOptions = {}): Promise<WsEdge> {
  const { WebSocketServer: Server } = await import('ws');
  const server: WebSocketServer = new Server({
    noServer: true,
    maxPayload: deps.limits.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const path = options.path ?? '/ws';
  const open = new Map<WebSocket, Duplex>();
  let draining = false;

  function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { headers } = request;
    const remote = request.socket.remoteAddress;
    const verdict = edge.guard.check(headers.host, headers.origin, headers.cookie !== undefined);
    if (!verdict.ok) {
      const event = verdict.code === 'HATAGO_HOST_REJECTED' ? 'sec.host_rejected' : 'sec.origin_rejected';
      deps.log({ level: 'warn', event, reason: verdict.reason, remote });
      return turnAway(socket, '403 Forbidden');
    }
    if ((request.url as string).split('?')[0] !== path) return turnAway(socket, '404 Not Found');
    if (draining) return turnAway(socket, '503 Service Unavailable');
    const principal = edge.principalOf({
      remote,
      header: (name) => {
        const value = headers[name];
        return typeof value === 'object' ? value.join(', ') : value;
      },
    });
    if (principal === undefined) return turnAway(socket, '401 Unauthorized');
    const offered = headers['sec-websocket-protocol'];
    if (offered?.split(',').some((name) => name.trim() === SUBPROTOCOL) !== true) {
      return turnAway(socket, '400 Bad Request');
    }
    server.handleUpgrade(request, socket, head, (ws) => {
      const duplex = createDuplex(deps, {
        principal,
        route: options.route ?? '/mcp',
        write: (message) => ws.send(joinPieces(message), { binary: false }),
      });
      open.set(ws, duplex);
      const watched = watch(deps, ws);
      edge.keeper.add(watched);
      ws.on('message', (data: RawData, isBinary: boolean) => {
        if (isBinary) ws.close(1003, 'text messages only');
        else duplex.message(data as Buffer);
      });
      ws.on('error', () => ws.terminate());
      ws.on('close', () => {
        open.delete(ws);
        edge.keeper.remove(watched);
        duplex.close('the client closed the connection');
      });
    });
  }

  return {
    upgrade,
    get size() {
      return open.size;
    },
    drain() {
      draining = true;
      for (const duplex of open.values()) duplex.drain();
    },
    close(reason) {
      draining = true;
      for (const [ws, duplex] of open) {
        duplex.close(reason);
        ws.close(GOING_AWAY, reason);
      }
    },
  };
}

/** Keeps a quiet connection open and cuts one whose client takes nothing. */
function watch(deps: EdgeDeps, ws: WebSocket): Watched {
  const { stalledMs, maxBufferedBytes, keepAliveMs } = deps.limits;
  let stalledSinceMs: number | undefined;
  let lastBuffered = 0;
  let pingedMs = deps.now();
  let cut = false;
  return {
    check(nowMs) {
      if (cut) return;
      const buffered = ws.bufferedAmount;
      if (buffered > 0 && buffered >= lastBuffered) stalledSinceMs ??= nowMs;
      else stalledSinceMs = undefined;
      const stalled = stalledSinceMs !== undefined && nowMs - stalledSinceMs >= stalledMs;
      if (stalled || (buffered > maxBufferedBytes && lastBuffered > maxBufferedBytes && buffered >= lastBuffered)) {
        deps.log({ level: 'warn', event: 'edge.slow_reader', reason: 'nothing read' });
        cut = true;
        return ws.terminate();
      }
      lastBuffered = buffered;
      if (buffered > 0 || nowMs - pingedMs < keepAliveMs) return;
      pingedMs = nowMs;
      ws.ping();
    },
  };
}

function turnAway(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
