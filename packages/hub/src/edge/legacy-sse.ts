import { randomBytes } from 'node:crypto';
import { sseEvent } from '@hatago/protocol';
import type { Principal } from '../core/exchange.ts';
import type { EdgeDeps } from './deps.ts';
import { createDuplex, type Duplex } from './duplex.ts';
import { EventStream, type StreamKeeper } from './event-stream.ts';
import type { HttpPage } from './http.ts';
import { type HttpReply, type HttpRequest, JSON_HEADERS, NO_HEADERS } from './reply.ts';
import { refusal } from './wire.ts';

/** Where the transport of 2024-11-05 is served. */
export interface LegacySseOptions {
  /** @default '/sse' */
  readonly streamPath?: string;
  /** @default '/messages' */
  readonly messagePath?: string;
  /** The route its clients get. @default '/mcp' */
  readonly route?: string;
}

/** The pages of the HTTP+SSE transport; they go into the HTTP edge. */
export interface LegacySse {
  readonly pages: ReadonlyMap<string, HttpPage>;
  readonly size: number;
  drain(): void;
  close(reason: string): void;
}

interface Connection {
  readonly owner: string;
  readonly duplex: Duplex;
  readonly stream: EventStream;
}

const NULL = new TextEncoder().encode('null');

/** Makes the two pages of HTTP+SSE: a stream that names where to post, and that place. @see MCP 2024-11-05 transports */
export function createLegacySse(deps: EdgeDeps, keeper: () => StreamKeeper, options: LegacySseOptions = {}): LegacySse {
  const streamPath = options.streamPath ?? '/sse';
  const messagePath = options.messagePath ?? '/messages';
  const open = new Map<string, Connection>();
  let draining = false;

  const refuse = (reply: HttpReply, code: Parameters<typeof refusal>[0]): void => {
    const { message, http } = refusal(code, NULL);
    reply.send(http, JSON_HEADERS, message);
  };

  function stream(request: HttpRequest, reply: HttpReply, principal: Principal): void {
    if (request.method !== 'GET') return refuse(reply, 'HATAGO_METHOD_NOT_ALLOWED');
    if (draining) return refuse(reply, 'HATAGO_DRAINING');
    const id = randomBytes(18).toString('base64url');
    const events = new EventStream(keeper(), reply);
    const duplex = createDuplex(deps, {
      principal,
      route: options.route ?? '/mcp',
      write: (message) => events.send(sseEvent(message)),
    });
    open.set(id, { owner: principal.id, duplex, stream: events });
    reply.onClose(() => {
      open.delete(id);
      duplex.close('the client closed the connection');
    });
    events.send([`event: endpoint\ndata: ${messagePath}?sessionId=${id}\n\n`]);
  }

  function message(request: HttpRequest, reply: HttpReply, principal: Principal): void {
    if (request.method !== 'POST') return refuse(reply, 'HATAGO_METHOD_NOT_ALLOWED');
    const id = new URLSearchParams(request.query).get('sessionId');
    if (id === null) return refuse(reply, 'HATAGO_SESSION_REQUIRED');
    const connection = open.get(id);
    if (connection === undefined || connection.owner !== principal.id) return refuse(reply, 'HATAGO_SESSION_UNKNOWN');
    if (request.header('content-encoding') !== undefined) return refuse(reply, 'HATAGO_CONTENT_ENCODING');
    if (request.header('content-type')?.toLowerCase().startsWith('application/json') !== true) {
      return refuse(reply, 'HATAGO_CONTENT_TYPE');
    }
    request.readBody(deps.limits.maxBodyBytes, (body) => {
      if (body === 'too_large') return refuse(reply, 'HATAGO_BODY_TOO_LARGE');
      reply.send(202, NO_HEADERS);
      connection.duplex.message(body);
    });
  }

  return {
    pages: new Map([
      [streamPath, stream],
      [messagePath, message],
    ]),
    get size() {
      return open.size;
    },
    drain() {
      draining = true;
      for (const { duplex } of open.values()) duplex.drain();
    },
    close(reason) {
      draining = true;
      for (const { duplex, stream: events } of open.values()) {
        duplex.close(reason);
        events.end();
      }
    },
  };
}
