import {
  type Classified,
  type ClassifiedBatch,
  type ClassifiedRequest,
  classify,
  type HeaderGet,
  LEGACY_VERSIONS,
  type Scanned,
} from '@hatago/protocol';
import type { Principal } from '../core/exchange.ts';
import { acceptsStream } from './accept.ts';
import type { HttpContext } from './http.ts';
import { initialize } from './initialize.ts';
import { LegacyPost } from './legacy-post.ts';
import type { LegacyRequest, LegacySession } from './legacy-session.ts';
import { LegacyStreams } from './legacy-streams.ts';
import { type HttpReply, type HttpRequest, JSON_HEADERS, NO_HEADERS } from './reply.ts';
import { errorMessage, refusal, resultMessage } from './wire.ts';

const SESSION = 'mcp-session-id';
/** Batches exist in this version alone. */
const BATCH_VERSION = '2025-03-26';

/** The part of the HTTP edge that speaks with sessions. */
export interface LegacyHttp {
  /** Handles a message that `classify` found to be legacy. */
  post(request: HttpRequest, reply: HttpReply, principal: Principal, classified: Classified): void;
  /** Opens or resumes a stream. */
  get(request: HttpRequest, reply: HttpReply, principal: Principal): void;
  /** Ends a session. */
  end(request: HttpRequest, reply: HttpReply, principal: Principal): void;
}

/** Makes the legacy half of the HTTP edge. @see MCP 2025-11-25 basic/transports, session management */
export function createLegacyHttp(context: HttpContext): LegacyHttp {
  const { deps, keeper, refuse } = context;

  /** The session named by the request, if it is this principal's and belongs to this path. */
  function sessionOf(request: HttpRequest, principal: Principal): LegacySession | undefined {
    const session = deps.sessions.find(request.header(SESSION) ?? '', principal.id);
    return session?.route === trimmed(request.path) ? session : undefined;
  }

  /** Refuses a request of a version that sessions do not have; without the header it is of any. */
  function refuseVersion(request: HttpRequest, reply: HttpReply, id?: Uint8Array): boolean {
    const requested = request.header('mcp-protocol-version');
    if (requested === undefined || LEGACY_VERSIONS.includes(requested.trim())) return false;
    refuse(reply, 'HATAGO_VERSION_UNSUPPORTED', id, { data: { supported: LEGACY_VERSIONS, requested } });
    return true;
  }

  function open(request: HttpRequest, reply: HttpReply, principal: Principal, classified: LegacyRequest): void {
    initialize(deps, classified, { principal, route: trimmed(request.path) }, (initialized) => {
      if (reply.closed) return;
      if (!initialized.ok) {
        return reply.send(200, JSON_HEADERS, errorMessage(classified.idBytes, initialized.error.pieces()));
      }
      const { session, result } = initialized;
      if (!deps.sessions.add(session)) return refuse(reply, 'HATAGO_OVERLOADED', classified.idBytes);
      session.begin();
      reply.send(200, [...JSON_HEADERS, 'Mcp-Session-Id', session.id], resultMessage(classified.idBytes, result));
    });
  }

  return {
    post(request, reply, principal, classified) {
      const id = classified.kind === 'request' ? classified.idBytes : undefined;
      if (refuseVersion(request, reply, id)) return;
      if (classified.kind === 'request' && classified.method === 'initialize') {
        return open(request, reply, principal, classified as ClassifiedRequest & LegacyRequest);
      }
      if (request.header(SESSION) === undefined) return refuse(reply, 'HATAGO_SESSION_REQUIRED', id);
      const session = sessionOf(request, principal);
      if (session === undefined) return refuse(reply, 'HATAGO_SESSION_UNKNOWN', id);
      const streams = acceptsStream(request.header('accept'));
      switch (classified.kind) {
        case 'request':
          return session.request(classified as LegacyRequest, new LegacyPost(keeper, session, reply, { streams }));
        case 'batch':
          return batch(context, session, (name) => request.header(name), reply, { classified, streams });
        case 'notification':
          session.notification(classified);
          break;
        case 'response':
          session.response(classified);
      }
      reply.send(202, NO_HEADERS);
    },

    get(request, reply, principal) {
      // Without a session there is nothing a GET could mean in either era.
      if (request.header(SESSION) === undefined) return refuse(reply, 'HATAGO_METHOD_NOT_ALLOWED');
      if (refuseVersion(request, reply)) return;
      const session = sessionOf(request, principal);
      if (session === undefined) return refuse(reply, 'HATAGO_SESSION_UNKNOWN');
      if (!acceptsStream(request.header('accept'))) return refuse(reply, 'HATAGO_NOT_ACCEPTABLE');
      const resumed = request.header('last-event-id');
      session.streams ??= new LegacyStreams(session, keeper);
      if (resumed !== undefined && resumed !== '') {
        if (session.streams.resume(resumed, reply)) return;
        return refuse(reply, 'HATAGO_INVALID_REQUEST', undefined, {
          message: 'The events of this stream are no longer kept: send the request again.',
        });
      }
      if (session.streams.standing?.attached === true) return refuse(reply, 'HATAGO_STREAM_TAKEN');
      session.streams.stand(reply, undefined);
    },

    end(request, reply, principal) {
      if (request.header(SESSION) === undefined) return refuse(reply, 'HATAGO_METHOD_NOT_ALLOWED');
      if (refuseVersion(request, reply)) return;
      const session = sessionOf(request, principal);
      if (session === undefined) return refuse(reply, 'HATAGO_SESSION_UNKNOWN');
      deps.sessions.end(session, 'the client ended the session');
      reply.send(204, NO_HEADERS);
    },
  };
}

function batch(
  context: HttpContext,
  session: LegacySession,
  header: HeaderGet,
  reply: HttpReply,
  { classified, streams }: { classified: ClassifiedBatch; streams: boolean },
): void {
  const { deps, keeper, refuse } = context;
  const { elements } = classified;
  if (session.version !== BATCH_VERSION || elements.length === 0 || elements.length > deps.limits.maxBatch) {
    return refuse(reply, 'HATAGO_INVALID_REQUEST', undefined, {
      message:
        session.version === BATCH_VERSION ? 'The batch is empty or too long.' : 'Batches are not part of this version.',
    });
  }
  const found = elements.map((element: Scanned) => classify(header, element, 'http'));
  const due = found.filter((one) => !one.ok || one.value.kind === 'request' || one.value.kind === 'batch').length;
  const sink = new LegacyPost(keeper, session, reply, { requests: due, batch: true, streams });
  if (due === 0) reply.send(202, NO_HEADERS);
  for (const one of found) {
    if (!one.ok) sink.answer(refusal(one.error.code, one.error.idBytes, one.error.detail).message);
    else if (one.value.kind === 'request') session.request(one.value as LegacyRequest, sink);
    else if (one.value.kind === 'notification') session.notification(one.value);
    else if (one.value.kind === 'response') session.response(one.value);
    else sink.answer(refusal('HATAGO_INVALID_REQUEST', NULL).message);
  }
}
const NULL = new TextEncoder().encode('null');

const trimmed = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
