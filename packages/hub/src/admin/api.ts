import type { Piece } from '@hatago/protocol';
import * as z from 'zod/mini';
import { HubError } from '../core/errors.ts';
import type { StreamKeeper } from '../edge/event-stream.ts';
import { type HttpReply, type HttpRequest, JSON_HEADERS } from '../edge/reply.ts';
import { toApiError } from './api-error.ts';
import { createConfigEditor } from './config-editor.ts';
import type { AdminDeps } from './deps.ts';
import type { AdminContext, Endpoint, EndpointAnswer, EndpointInput } from './endpoint.ts';
import { ENDPOINTS, findEndpoint } from './endpoints.ts';
import { EVENTS_ENDPOINT, streamEvents } from './event-source.ts';
import { API_PREFIX, buildOpenApi } from './openapi.ts';

/** The admin API, whatever brings its requests. */
export interface AdminApi {
  /** Answers one request whose caller is known to be allowed everything; never throws. */
  handle(request: HttpRequest, reply: HttpReply, body: Uint8Array | 'too_large'): void;
}

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const NO_STORE: readonly string[] = [...JSON_HEADERS, 'Cache-Control', 'no-store'];

const DOCUMENT_ENDPOINT: Endpoint = {
  method: 'GET',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  summary: 'This description of the API',
  response: z.record(z.string(), z.unknown()),
  run: async ({ version }) => ({ body: buildOpenApi(ALL, version) }),
};

/** Every endpoint, as the document describes them. */
export const ALL: readonly Endpoint[] = [...ENDPOINTS, EVENTS_ENDPOINT, DOCUMENT_ENDPOINT];

/** Makes the API over one hub; `keeper` looks after its streams of events. */
export function createAdminApi(deps: AdminDeps, keeper: StreamKeeper): AdminApi {
  const context: AdminContext = {
    ...deps,
    editor: createConfigEditor({ file: deps.configFile, controller: deps.controller }),
  };

  async function answer(request: HttpRequest, reply: HttpReply, body: Uint8Array | 'too_large'): Promise<void> {
    const { method, path } = request;
    const found = path.startsWith(`${API_PREFIX}/`)
      ? findEndpoint(ALL, method, path.slice(API_PREFIX.length))
      : undefined;
    if (found === undefined) {
      throw new HubError('HATAGO_NO_ROUTE', {
        message: `There is nothing at ${path}; see ${API_PREFIX}/openapi.json.`,
      });
    }
    if ('allow' in found) {
      const allow = found.allow.join(', ');
      reply.extraHeaders = [...(reply.extraHeaders ?? []), 'Allow', allow];
      throw new HubError('HATAGO_METHOD_NOT_ALLOWED', { message: `${method} is not possible here, only ${allow}.` });
    }
    const { endpoint, params } = found;
    if (endpoint === EVENTS_ENDPOINT) return streamEvents({ events: deps.controller.events, keeper, request, reply });
    const input: EndpointInput<unknown, unknown> = {
      params,
      query: check(endpoint.query, Object.fromEntries(new URLSearchParams(request.query)), 'query'),
      body: endpoint.body === undefined ? undefined : check(endpoint.body, parseBody(request, body), 'body'),
      ifMatch: request.header('if-match'),
    };
    const answered = await endpoint.run(context, input as EndpointInput<never, never>);
    if (method !== 'GET') {
      deps.log({ level: 'info', event: `admin.${endpoint.operationId}`, message: `${method} ${path}` });
    }
    send(reply, endpoint.status ?? 200, answered);
  }

  return {
    handle(request, reply, body) {
      answer(request, reply, body).catch((error: unknown) => {
        const { status, body: refused } = toApiError(error, deps.log);
        reply.send(status, NO_STORE, [JSON.stringify(refused)]);
      });
    },
  };
}

function send(reply: HttpReply, status: number, { body, etag }: EndpointAnswer<unknown>): void {
  const headers = etag === undefined ? NO_STORE : [...NO_STORE, 'ETag', etag];
  const pieces: Piece[] = [JSON.stringify(body)];
  reply.send(status, headers, pieces);
}

/** The value as its schema makes it. @throws HubError with every fault */
function check(schema: z.ZodMiniType | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return undefined;
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`);
  throw new HubError('HATAGO_INVALID_PARAMS', {
    message: `The ${what} of the request is not valid.`,
    data: { details },
  });
}

/** What a request carries; nothing counts as an empty object. @throws HubError */
function parseBody(request: HttpRequest, body: Uint8Array | 'too_large'): unknown {
  if (body === 'too_large') throw new HubError('HATAGO_BODY_TOO_LARGE');
  if (body.length === 0) return {};
  if (!JSON_TYPE.test(request.header('content-type') ?? '')) throw new HubError('HATAGO_CONTENT_TYPE');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new HubError('HATAGO_PARSE', { message: 'The body of the request is not valid JSON.' });
  }
}
