import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpEdge } from './http.ts';
import { NodeReply } from './node-reply.ts';
import { PlainConnection, type PlainHost } from './plain-connection.ts';
import { createRoster } from './roster.ts';

/** The connections of a listener that Node's own parser has not seen. */
export interface PlainListener {
  /** Takes no further request, and closes each connection when it has answered the last. */
  close(): void;
  /** Closes every connection as it is. */
  cut(): void;
}

/** The part of the listener's options that concerns such connections. */
export type PlainOptions = Pick<PlainHost, 'maxHeaderBytes' | 'headersTimeoutMs' | 'keepAliveTimeoutMs'>;

/** Takes the connections of a server, and gives back to it each one that sends more than plain requests. */
export function servePlain(server: Server, edge: HttpEdge, options: PlainOptions): PlainListener {
  const [standard] = server.listeners('connection') as [(socket: Socket) => void];
  server.removeListener('connection', standard);
  const roster = createRoster<PlainConnection>(() => performance.now());
  const commonHeaders = createCommonHeaders(options.keepAliveTimeoutMs);
  let closing = false;
  const host: PlainHost = {
    ...options,
    roster,
    get closing() {
      return closing;
    },
    commonHeaders: () => commonHeaders(closing),
    handle: (request, answer) => edge.handle(request, new NodeReply(answer, edge.keeper)),
    handOver(socket, bytes) {
      standard.call(server, socket);
      socket.emit('data', bytes);
    },
  };
  server.on('connection', (socket) => new PlainConnection(socket, host));
  return {
    close() {
      closing = true;
      for (const connection of roster.all()) connection.retire();
    },
    cut() {
      for (const { socket } of roster.all()) socket.destroy();
    },
  };
}

/** `Date` is made anew once a second. @see RFC 9110 section 6.6.1 */
function createCommonHeaders(keepAliveTimeoutMs: number): (closing: boolean) => string {
  const kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeoutMs / 1000)}\r\n`;
  let second = 0;
  let date = '';
  return (closing) => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      date = `Date: ${new Date(now * 1000).toUTCString()}\r\n`;
    }
    return date + (closing ? 'Connection: close\r\n' : kept);
  };
}
