import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createSseParser, META, MODERN_VERSION, Payload, type SseEvent } from '@hatago/protocol';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { Generation, RouteEntry } from '../core/generation.ts';
import type { LogEvent } from '../core/log.ts';
import type { Upstream } from '../core/upstream.ts';
import { createSessions } from '../session/sessions.ts';
import { DEFAULT_EDGE_LIMITS, type EdgeDeps, type EdgeLimits } from './deps.ts';
import { createHttpEdge, type HttpEdge, type HttpEdgeOptions } from './http.ts';
import { type ListenOptions, type NodeListener, serveNode, type Upgrade } from './node.ts';

/** What a test's servers do with a request. */
export type Script = (exchange: Exchange) => Outcome | Promise<Outcome>;

/** Options of a {@link Kit}. */
export interface KitOptions extends Partial<Omit<EdgeDeps, 'limits'>> {
  readonly limits?: Partial<EdgeLimits>;
  readonly script?: Script;
  readonly discover?: Record<string, unknown>;
  readonly settled?: Promise<void>;
  /** The servers of the routes, as far as an edge looks at them. */
  readonly upstreams?: readonly Pick<Upstream, 'status'>[];
}

/** Everything an edge stands on, scripted and with a clock that stands still. */
export interface Kit {
  readonly deps: EdgeDeps;
  readonly clock: { nowMs: number };
  readonly logs: LogEvent[];
  /** Every exchange that came down, in order. */
  readonly exchanges: Exchange[];
  /** The listens that are open. */
  readonly listens: Exchange[];
}

const DISCOVER = {
  resultType: 'complete',
  supportedVersions: [MODERN_VERSION],
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
  instructions: 'Be kind.',
  _meta: { [META.serverInfo]: { name: 'hatago', version: '0.1.0' } },
};

/** A complete outcome with the value as its result. */
export const complete = (value: unknown): Outcome => ({ kind: 'complete', result: Payload.ofValue(value) });

/** Makes the ground for an edge: routes `/mcp` and `/mcp/one`, both served by the script. */
export function createKit(options: KitOptions = {}): Kit {
  const { limits, script, discover, settled, upstreams: scripted = [], ...given } = options;
  const upstreams = scripted as readonly Upstream[];
  const clock = { nowMs: 1_000_000 };
  const logs: LogEvent[] = [];
  const exchanges: Exchange[] = [];
  const listens: Exchange[] = [];
  const found = complete(discover ?? DISCOVER);
  const handler = async (exchange: Exchange): Promise<Outcome> => {
    exchanges.push(exchange);
    if (exchange.method === 'server/discover') return found;
    if (exchange.method === 'subscriptions/listen') return listen(exchange, listens);
    return (script ?? (() => complete({ content: [] })))(exchange);
  };
  const entry = (path: string): RouteEntry => ({ path, upstreams, handler, settled: settled ?? Promise.resolve() });
  const routes = new Map([
    ['/mcp', entry('/mcp')],
    ['/mcp/one', entry('/mcp/one')],
  ]);
  const generation: Generation = {
    id: 1,
    routes,
    upstreams: [],
    holds: { sessions: 0, waiting: 0 },
    over: false,
    match: (path) => routes.get(path.endsWith('/') ? path.slice(0, -1) : path),
    close: async () => {},
  };
  const now = (): number => clock.nowMs;
  const deps: EdgeDeps = {
    current: () => generation,
    hubInfo: { name: 'hatago', version: '0.1.0' },
    limits: { ...DEFAULT_EDGE_LIMITS, ...limits },
    sessions: createSessions({ now }),
    log: (event) => logs.push(event),
    now,
    ...given,
  };
  return { deps, clock, logs, exchanges, listens };
}

/** Acknowledges a listen and keeps it open until it is cancelled, as a router does. */
function listen(exchange: Exchange, listens: Exchange[]): Promise<Outcome> {
  const filter = exchange.params.member('notifications')?.value();
  const stamp = { [META.subscriptionId]: exchange.listenId };
  exchange.emit({
    method: 'notifications/subscriptions/acknowledged',
    params: Payload.ofValue({ notifications: filter, _meta: stamp }),
  });
  listens.push(exchange);
  return new Promise((resolve) => {
    exchange.signal.onCancel(() => {
      listens.splice(listens.indexOf(exchange), 1);
      resolve(complete({ _meta: stamp }));
    });
  });
}

/** A kit with an HTTP edge on a free port. */
export interface HttpKit extends Kit {
  readonly edge: HttpEdge;
  readonly listener: NodeListener;
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of an {@link HttpKit}. */
export interface HttpKitOptions extends KitOptions {
  readonly listen?: ListenOptions;
  readonly edge?: (kit: Kit) => HttpEdgeOptions;
  readonly upgrade?: (kit: Kit, edge: HttpEdge) => Upgrade | Promise<Upgrade>;
}

/** Serves a kit over HTTP. */
export async function serveKit(options: HttpKitOptions = {}): Promise<HttpKit> {
  const { listen: where, edge: make, upgrade, ...rest } = options;
  const kit = createKit(rest);
  const edge = createHttpEdge(kit.deps, make?.(kit));
  const listener = await serveNode(edge, { port: 0, ...where }, await upgrade?.(kit, edge));
  return {
    ...kit,
    edge,
    listener,
    url: listener.url,
    async [Symbol.asyncDispose]() {
      edge.close();
      await listener.close();
    },
  };
}

/** An answer on its way in, stream or not. */
export interface Incoming {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The whole body. */
  text(): Promise<string>;
  /** The whole body as JSON. */
  json(): Promise<Record<string, unknown>>;
  /** The next event of a stream, undefined when it is over. */
  event(): Promise<SseEvent | undefined>;
  /** The message in the next event that has one, undefined when the stream is over. */
  message(): Promise<Record<string, unknown> | undefined>;
  /** Cuts the connection. */
  cut(): void;
  /** Everything read so far, comments included. */
  readonly raw: string;
}

const decoder = new TextDecoder();

/** Sends one request, on a connection that could take more, and resolves when its headers are answered. */
export function send(
  url: string,
  method: string,
  headers: Record<string, string | number> = {},
  body?: string | Uint8Array,
): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const all = { connection: 'keep-alive', ...headers };
    const request = httpRequest(url, { method, headers: all, agent: false }, (response) => resolve(incoming(response)));
    request.on('error', reject);
    request.end(body);
  });
}

function incoming(response: IncomingMessage): Incoming {
  const events: SseEvent[] = [];
  let raw = '';
  let over = false;
  let wake: () => void = () => {};
  let changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const change = (): void => {
    wake();
    changed = new Promise((resolve) => {
      wake = resolve;
    });
  };
  const parser = createSseParser({ maxEventBytes: 1e9, onEvent: (event) => events.push(event) });
  response.on('data', (chunk: Buffer) => {
    raw += chunk.toString('latin1');
    parser.push(new Uint8Array(chunk));
    change();
  });
  response.on('close', () => {
    over = true;
    change();
  });
  response.on('error', () => {});
  const self: Incoming = {
    status: response.statusCode as number,
    headers: response.headers,
    get raw() {
      return raw;
    },
    async text() {
      while (!over) await changed;
      return Buffer.from(raw, 'latin1').toString();
    },
    json: async () => JSON.parse(await self.text()),
    async event() {
      for (;;) {
        const event = events.shift();
        if (event !== undefined || over) return event;
        await changed;
      }
    },
    async message() {
      for (;;) {
        const event = await self.event();
        if (event === undefined) return undefined;
        if (event.data.length > 0) return JSON.parse(decoder.decode(event.data));
      }
    },
    cut: () => response.destroy(),
  };
  return self;
}

/** POSTs one JSON message. */
export function post(url: string, message: unknown, headers: Record<string, string> = {}): Promise<Incoming> {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
  return send(url, 'POST', { ...all, 'content-length': Buffer.byteLength(body) }, body);
}

/** A modern request with its envelope. */
export function modernRequest(
  id: unknown,
  method: string,
  params: Record<string, unknown> = {},
): Record<string, unknown> {
  const envelope = {
    [META.protocolVersion]: MODERN_VERSION,
    [META.clientCapabilities]: {},
    ...(params._meta as object),
  };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta: envelope } };
}

/** The headers a modern request has to repeat. */
export function modernHeaders(method: string, name?: string): Record<string, string> {
  return {
    'mcp-protocol-version': MODERN_VERSION,
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': name }),
  };
}

/** Calls a tool the modern way. */
export function callModern(
  url: string,
  id: unknown,
  name: string,
  more: Record<string, unknown> = {},
): Promise<Incoming> {
  return post(url, modernRequest(id, 'tools/call', { name, ...more }), modernHeaders('tools/call', name));
}

/** A legacy session as a client sees it. */
export interface LegacyClient {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly result: Record<string, unknown>;
  /** POSTs a message of the session's. */
  post(message: unknown, headers?: Record<string, string>): Promise<Incoming>;
  /** Sends a request and resolves with its answer's headers. */
  request(id: unknown, method: string, params?: unknown): Promise<Incoming>;
  /** Opens the standing stream, or resumes one. */
  stream(lastEventId?: string): Promise<Incoming>;
}

/** Opens a legacy session. */
export async function openSession(
  url: string,
  options: { version?: string; capabilities?: Record<string, unknown>; headers?: Record<string, string> } = {},
): Promise<LegacyClient> {
  const version = options.version ?? '2025-11-25';
  const params = {
    protocolVersion: version,
    capabilities: options.capabilities ?? {},
    clientInfo: { name: 'test', version: '1' },
  };
  const answer = await post(url, { jsonrpc: '2.0', id: 'init', method: 'initialize', params }, options.headers);
  const id = String(answer.headers['mcp-session-id']);
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': version, ...options.headers };
  const client: LegacyClient = {
    id,
    headers,
    result: (await answer.json()).result as Record<string, unknown>,
    post: (message, more) => post(url, message, { ...headers, ...more }),
    request: (rid, method, given) =>
      client.post({ jsonrpc: '2.0', id: rid, method, ...(given === undefined ? {} : { params: given }) }),
    stream: (lastEventId) =>
      send(url, 'GET', {
        accept: 'text/event-stream',
        ...headers,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      }),
  };
  return client;
}
