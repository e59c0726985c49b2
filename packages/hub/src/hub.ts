import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { healthPages } from './admin/health.ts';
import { type BuiltGeneration, buildGeneration } from './control/build.ts';
import type { Config } from './control/config.ts';
import { parseConfig } from './control/schema.ts';
import { buildServers, type RegisteredServer } from './control/servers.ts';
import { type Log, NO_LOG } from './core/log.ts';
import { DEFAULT_EDGE_LIMITS, type EdgeDeps } from './edge/deps.ts';
import { createFetch } from './edge/fetch.ts';
import { createHttpEdge, type HttpEdge, type HttpPage } from './edge/http.ts';
import { type NodeListener, serveNode } from './edge/node.ts';
import { type StdioEdge, serveStdio } from './edge/stdio.ts';
import { connectEmbedded, type EmbeddedClient, type JsonRpcMessage } from './embedded-client.ts';
import type { ServerRow } from './route/servers-resource.ts';
import { createSessions } from './session/sessions.ts';
import { loadKey } from './storage/key-file.ts';
import { openRecordFile, type RecordFile } from './storage/record-file.ts';
import { createProcessGuard } from './upstream/guard.ts';
import type { UpstreamDeps, Verdict } from './upstream/spec.ts';

/** Options of {@link createHub}. */
export interface HubOptions {
  /** A checked configuration. @default no servers */
  readonly config?: Config;
  /** Directory for what is remembered over restarts. @default nothing is written */
  readonly home?: string;
  /** Directory that relative working directories of servers are relative to. @default the process's own */
  readonly folder?: string;
  /** Shown to clients and servers. @default '0.0.0' */
  readonly version?: string;
  /** @default nothing is logged */
  readonly log?: Log;
  /** What the hub sends to the embedding program: notifications, and requests such as `elicitation/create`. */
  onMessage?(message: JsonRpcMessage): void;
}

/** A hub: every registered and configured server behind one endpoint. */
export interface Hub {
  /** Adds a server beside those of the configuration. @throws Error once the hub has started */
  register(server: RegisteredServer): void;
  /** Builds the routes and begins to connect; done by `listen` and the others where it was not called. */
  start(): void;
  /** Resolves when the servers that start by themselves have settled, well or not. */
  readonly settled: Promise<void>;
  /** The servers and their state. */
  servers(): readonly ServerRow[];
  /** Serves HTTP. @throws the system's error when the port cannot be bound */
  listen(options?: { readonly host?: string; readonly port?: number }): Promise<HubListener>;
  /** Serves one client over a pair of streams. */
  serveStdio(options: { readonly input: Readable; readonly output: Writable }): StdioEdge;
  /** Answers a web-standard request, for a hub inside another server. */
  fetch(request: Request): Promise<Response>;
  /** Sends one request as a client in the same process and resolves with its response. */
  handleRequest(request: JsonRpcMessage): Promise<JsonRpcMessage>;
  /** Sends one notification, or the response to a request of the hub's, as that client. */
  forwardNotification(notification: JsonRpcMessage): void;
  /** Takes no more requests, waits for those under way, then ends every stream, connection and process. */
  stop(reason?: string, options?: { readonly graceMs?: number }): Promise<void>;
}

/** A bound HTTP listener. */
export interface HubListener {
  /** The endpoint of all servers, e.g. `http://127.0.0.1:3535/mcp`. */
  readonly url: string;
  readonly port: number;
}

const DEFAULT_GRACE_MS = 10_000;
const WATCH_MS = 20;

/** Makes a hub that has not started yet. */
export function createHub(options: HubOptions = {}): Hub {
  const { config = emptyConfig(), home, version = '0.0.0', log = NO_LOG } = options;
  const hubInfo = { name: 'hatago', title: 'Hatago', version };
  const guard = createProcessGuard();
  const registered: RegisteredServer[] = [];
  const listeners: NodeListener[] = [];
  const pipes = new Set<StdioEdge>();
  const closers: ((reason: string) => void)[] = [];
  const drains: (() => void)[] = [];
  let verdicts: RecordFile<Verdict> | undefined;
  let generation: BuiltGeneration | undefined;
  let edge: HttpEdge | undefined;
  let client: EmbeddedClient | undefined;
  let draining = false;
  let hasSettled = false;
  let stopped: Promise<void> | undefined;

  const current = (): BuiltGeneration => {
    if (generation !== undefined) return generation;
    verdicts = home === undefined ? undefined : openRecordFile<Verdict>(join(home, 'verdicts.json'), log);
    const deps: UpstreamDeps = {
      now: () => performance.now(),
      wallNow: Date.now,
      hubInfo,
      log,
      guard,
      ...(verdicts === undefined ? {} : { verdicts }),
    };
    const servers = buildServers(config, registered, options.folder ?? process.cwd(), deps);
    const sealKeys = [
      home === undefined ? crypto.getRandomValues(new Uint8Array(32)) : loadKey(join(home, 'seal.key')),
    ];
    generation = buildGeneration({ id: 1, config, servers, hubInfo, sealKeys, log });
    generation.settled.then(() => {
      hasSettled = true;
    });
    return generation;
  };

  const edgeDeps: EdgeDeps = {
    current,
    hubInfo,
    log,
    now: () => performance.now(),
    sessions: createSessions({ idleTtlMs: config.session.ttlSeconds * 1000, now: () => performance.now() }),
    allowedHosts: config.http.allowedHosts,
    allowedOrigins: config.http.allowedOrigins,
    limits: {
      ...DEFAULT_EDGE_LIMITS,
      maxBodyBytes: config.limits.maxBodyBytes,
      maxMessageBytes: config.limits.maxMessageBytes,
      askTimeoutMs: config.limits.parkedMs,
      scan: { maxDepth: config.limits.maxDepth, maxTokens: config.limits.maxTokens },
    },
  };

  const httpEdge = async (): Promise<HttpEdge> => {
    if (edge !== undefined) return edge;
    const pages = new Map<string, HttpPage>(
      healthPages({ current, settled: () => hasSettled, draining: () => draining }),
    );
    if (config.http.legacySse) {
      const { createLegacySse } = await import('./edge/legacy-sse.ts');
      const sse = createLegacySse(edgeDeps, () => (edge as HttpEdge).keeper);
      for (const [path, page] of sse.pages) pages.set(path, page);
      drains.push(sse.drain);
      closers.push(sse.close);
    }
    edge ??= createHttpEdge(edgeDeps, { pages });
    return edge;
  };

  const embedded = (): EmbeddedClient => {
    client ??= connectEmbedded(edgeDeps, '/mcp', (message) => options.onMessage?.(message));
    return client;
  };

  const listen: Hub['listen'] = async ({ host = config.http.host, port = config.http.port } = {}) => {
    const served = await httpEdge();
    let upgrade: Parameters<typeof serveNode>[2];
    if (config.http.webSocket) {
      const ws = await (await import('./edge/ws.ts')).createWsEdge(edgeDeps, served);
      upgrade = ws.upgrade;
      drains.push(ws.drain);
      closers.push(ws.close);
    }
    const listener = await serveNode(served, { host, port, maxConnections: config.limits.maxConnections }, upgrade);
    listeners.push(listener);
    current();
    return { url: `${listener.url}/mcp`, port: listener.port };
  };

  async function stop(reason: string, graceMs: number): Promise<void> {
    draining = true;
    edge?.drain();
    for (const drain of drains) drain();
    for (const pipe of pipes) pipe.drain();
    await idle(() => generation?.running() ?? 0, graceMs);
    for (const pipe of pipes) pipe.close(reason);
    for (const close of closers) close(reason);
    client?.close(reason);
    edge?.close();
    await Promise.all([...listeners.map((listener) => listener.close()), generation?.close(reason)]);
    guard.close();
    verdicts?.flush();
  }

  return {
    register(server) {
      if (generation !== undefined) throw new Error(`register: ${server.id} must be registered before the hub starts`);
      registered.push(server);
    },
    start: () => void current(),
    get settled() {
      return current().settled;
    },
    servers: () => current().rows(),
    listen,
    serveStdio(streams) {
      const pipe = serveStdio(edgeDeps, streams);
      pipes.add(pipe);
      pipe.done.then(() => pipes.delete(pipe));
      return pipe;
    },
    async fetch(request) {
      return createFetch(await httpEdge())(request);
    },
    handleRequest: (request) => embedded().request(request),
    forwardNotification: (notification) => embedded().notify(notification),
    stop(reason = 'the hub is shutting down', { graceMs = DEFAULT_GRACE_MS } = {}) {
      stopped ??= stop(reason, graceMs);
      return stopped;
    },
  };
}

function emptyConfig(): Config {
  const parsed = parseConfig({});
  if (!parsed.ok) throw new Error('the empty configuration is not valid');
  return parsed.value;
}

/** Resolves when nothing is under way any more, or after the time. */
async function idle(running: () => number, graceMs: number): Promise<void> {
  const until = performance.now() + graceMs;
  while (running() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
}
