import { type ClassifiedRequest, classify, type HubCode, type Rejection, scan } from '@hatago/protocol';
import type { ErrorDetail } from '../core/errors.ts';
import { LOCAL, type Principal } from '../core/exchange.ts';
import { acceptsStream } from './accept.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import type { EdgeDeps } from './deps.ts';
import { createStreamKeeper, type StreamKeeper } from './event-stream.ts';
import { createGuard, type Guard } from './guard.ts';
import { createLegacyHttp, type LegacyHttp } from './legacy-http.ts';
import { ModernCall, type ModernContext, type ModernRequest, retryHeaders } from './modern.ts';
import { type HttpReply, type HttpRequest, JSON_HEADERS, NO_HEADERS } from './reply.ts';
import { logInternal } from './run.ts';
import { scanErrorCode } from './scan-error-code.ts';
import { idText, refusal } from './wire.ts';

/** A page or second transport under a path of its own; it is called behind the guard. */
export type HttpPage = (request: HttpRequest, reply: HttpReply, principal: Principal) => void;

/** Options of one HTTP edge. */
export interface HttpEdgeOptions {
  /** Pages by exact path, looked up before the routes. */
  readonly pages?: ReadonlyMap<string, HttpPage>;
  /** Answers every path under `/api/`. @default nothing is there */
  readonly api?: HttpPage;
}

/** The HTTP edge: every request of every listener goes through `handle`. */
export interface HttpEdge {
  readonly guard: Guard;
  readonly keeper: StreamKeeper;
  /** Who sends the request; undefined when nobody known does. */
  principalOf(request: Pick<HttpRequest, 'header' | 'remote'>): Principal | undefined;
  /** Answers one request; it never throws. */
  handle(request: HttpRequest, reply: HttpReply): void;
  /** Refuses new requests from now on. */
  drain(): void;
  /** Ends every stream in an orderly way and every session. */
  close(): void;
}

/** What the parts of the edge share. */
export interface HttpContext {
  readonly deps: EdgeDeps;
  readonly keeper: StreamKeeper;
  /** Refuses with an error of the table. */
  refuse(reply: HttpReply, code: HubCode, id?: Uint8Array, detail?: ErrorDetail): void;
}

const NULL_ID = idText(null);
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Makes the HTTP edge: both eras of Streamable HTTP on every route. */
export function createHttpEdge(deps: EdgeDeps, options: HttpEdgeOptions = {}): HttpEdge {
  const guard = createGuard(deps);
  const keeper = createStreamKeeper(deps);
  const listens = new Set<ModernCall>();
  const context: HttpContext = { deps, keeper, refuse };
  const legacy: LegacyHttp = createLegacyHttp(context);
  let draining = false;

  const principalOf: HttpEdge['principalOf'] = (request) =>
    deps.principalOf === undefined ? LOCAL : deps.principalOf((name) => request.header(name), request.remote);

  function handle(request: HttpRequest, reply: HttpReply): void {
    const verdict = guard.check(
      request.header('host'),
      request.header('origin'),
      request.header('cookie') !== undefined,
    );
    if (!verdict.ok) {
      const event = verdict.code === 'HATAGO_HOST_REJECTED' ? 'sec.host_rejected' : 'sec.origin_rejected';
      deps.log({ level: 'warn', event, reason: verdict.reason, remote: request.remote });
      return refuse(reply, verdict.code);
    }
    if (verdict.origin !== undefined) {
      reply.extraHeaders = corsHeaders(verdict.origin);
      if (request.method === 'OPTIONS') {
        return reply.send(204, preflightHeaders(request.header('access-control-request-headers')));
      }
    }
    const page = options.pages?.get(request.path) ?? (request.path.startsWith('/api/') ? options.api : undefined);
    // The route of a session may be one that only its own generation has.
    const known = page !== undefined || deps.current().match(request.path) !== undefined;
    if (!known && request.header('mcp-session-id') === undefined) return refuse(reply, 'HATAGO_NO_ROUTE');
    const principal = principalOf(request);
    if (principal === undefined) return reply.send(401, ['WWW-Authenticate', 'Bearer']);
    if (page !== undefined) return page(request, reply, principal);
    switch (request.method) {
      case 'POST':
        return post(request, reply, principal);
      case 'GET':
        return draining ? refuse(reply, 'HATAGO_DRAINING') : legacy.get(request, reply, principal);
      case 'DELETE':
        return legacy.end(request, reply, principal);
      default:
        return refuse(reply, 'HATAGO_METHOD_NOT_ALLOWED');
    }
  }

  function post(request: HttpRequest, reply: HttpReply, principal: Principal): void {
    const encoding = request.header('content-encoding');
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
      return refuse(reply, 'HATAGO_CONTENT_ENCODING');
    }
    const type = request.header('content-type');
    if (type !== 'application/json' && (type === undefined || !JSON_TYPE.test(type)))
      return refuse(reply, 'HATAGO_CONTENT_TYPE');
    if (!acceptsAnswer(request.header('accept'))) return refuse(reply, 'HATAGO_NOT_ACCEPTABLE');
    const { maxBodyBytes } = deps.limits;
    if (Number(request.header('content-length') ?? 0) > maxBodyBytes) return refuse(reply, 'HATAGO_BODY_TOO_LARGE');
    request.readBody(maxBodyBytes, (body) => {
      if (body === 'too_large') return refuse(reply, 'HATAGO_BODY_TOO_LARGE');
      message(request, reply, principal, body);
    });
  }

  function message(request: HttpRequest, reply: HttpReply, principal: Principal, body: Uint8Array): void {
    const scanned = scan(body, 0, body.length, deps.limits.scan);
    if (!scanned.ok) return refuse(reply, scanErrorCode(scanned.error));
    const header = (name: string): string | undefined => request.header(name);
    const found = classify(header, scanned.value, 'http');
    if (!found.ok) return reject(reply, found.error);
    const classified = found.value;
    if (draining && (classified.kind === 'request' || classified.kind === 'batch')) {
      return refuse(reply, 'HATAGO_DRAINING', classified.kind === 'request' ? classified.idBytes : NULL_ID);
    }
    if (classified.era === 'legacy') return legacy.post(request, reply, principal, classified);
    // The modern wire knows one notification of the client's, and over HTTP it has nothing to cancel.
    if (classified.kind !== 'request') return reply.send(202, NO_HEADERS);
    if (classified.method === 'subscriptions/listen' && !acceptsStream(header('accept'))) {
      return refuse(reply, 'HATAGO_NOT_ACCEPTABLE', classified.idBytes);
    }
    const call: ModernContext = { keeper, route: request.path, principal, header, listens };
    new ModernCall(call, classified as ClassifiedRequest & ModernRequest, reply).start();
  }

  return {
    guard,
    keeper,
    principalOf,
    handle(request, reply) {
      try {
        handle(request, reply);
      } catch (error) {
        logInternal(deps, request.method, error);
        refuse(reply, 'HATAGO_INTERNAL');
      }
    },
    drain() {
      draining = true;
    },
    close() {
      draining = true;
      for (const listen of [...listens]) listen.endListen();
      deps.sessions.close('the hub is shutting down');
      keeper.close();
    },
  };
}

function refuse(reply: HttpReply, code: HubCode, id: Uint8Array = NULL_ID, detail: ErrorDetail = {}): void {
  if (reply.closed) return;
  const { message, http, retryAfterMs } = refusal(code, id, detail);
  if (code === 'HATAGO_METHOD_NOT_ALLOWED') reply.send(http, [...JSON_HEADERS, 'Allow', 'GET, POST, DELETE'], message);
  else reply.send(http, retryAfterMs === undefined ? JSON_HEADERS : retryHeaders(retryAfterMs), message);
}

function reject(reply: HttpReply, rejection: Rejection): void {
  refuse(reply, rejection.code, rejection.idBytes, rejection.detail);
}

/** Whether an `Accept` header allows any form the answer to a POST may take. */
export function acceptsAnswer(accept: string | undefined): boolean {
  if (accept === undefined || accept.includes('application/json')) return true;
  return /(?:\*\/\*|application\/\*|text\/\*|text\/event-stream|application\/json)/i.test(accept);
}
