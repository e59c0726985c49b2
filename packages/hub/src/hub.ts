import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createEdges } from './admin/edges.ts';
import { healthPages } from './admin/health.ts';
import { type BuiltGeneration, buildGeneration } from './control/build.ts';
import type { Config } from './control/config.ts';
import { parseConfig } from './control/schema.ts';
import { buildServers, type RegisteredServer } from './control/servers.ts';
import { type Log, NO_LOG } from './core/log.ts';
import { DEFAULT_EDGE_LIMITS, type EdgeDeps, type EdgeLimits } from './edge/deps.ts';
import { connectEmbedded, type EmbeddedClient, type JsonRpcMessage } from './edge/embedded.ts';
import type { StdioEdge, StdioOptions } from './edge/stdio.ts';
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
  serveStdio(options: StdioOptions): StdioEdge;
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
  const { config = emptyConfig(), log = NO_LOG } = options;
  const hubInfo = { name: 'hatago', title: 'Hatago', version: options.version ?? '0.0.0' };
  const registered: RegisteredServer[] = [];
  let running: Running | undefined;
  let client: EmbeddedClient | undefined;
  let draining = false;
  let stopped: Promise<void> | undefined;

  const hub = (): Running => {
    running ??= start({ ...options, config, log }, hubInfo, registered);
    return running;
  };
  const current = (): BuiltGeneration => hub().generation;
  const now = (): number => performance.now();
  const edgeDeps: EdgeDeps = {
    current,
    hubInfo,
    log,
    now,
    sessions: createSessions({ idleTtlMs: config.session.ttlSeconds * 1000, now }),
    allowedHosts: config.http.allowedHosts,
    allowedOrigins: config.http.allowedOrigins,
    limits: edgeLimits(config),
  };
  const health = { current, settled: () => running?.settled === true, draining: () => draining };
  const edges = createEdges(edgeDeps, config, healthPages(health));
  const embedded = (): EmbeddedClient => {
    client ??= connectEmbedded(edgeDeps, '/mcp', (message) => options.onMessage?.(message));
    return client;
  };

  const stop = async (reason: string, graceMs: number): Promise<void> => {
    draining = true;
    edges.drain();
    await idle(() => running?.generation.running() ?? 0, graceMs);
    client?.close(reason);
    await Promise.all([edges.close(reason), running?.close(reason)]);
  };

  return {
    register(server) {
      if (running !== undefined) throw new Error(`register: ${server.id} must be registered before the hub starts`);
      registered.push(server);
    },
    start: () => void hub(),
    get settled() {
      return current().settled;
    },
    servers: () => current().rows(),
    async listen({ host = config.http.host, port = config.http.port } = {}) {
      const listener = await edges.listen(host, port);
      hub();
      return { url: `${listener.url}/mcp`, port: listener.port };
    },
    serveStdio: edges.serveStdio,
    fetch: (request) => edges.fetch(request),
    handleRequest: (request) => embedded().request(request),
    forwardNotification: (notification) => embedded().notify(notification),
    stop(reason = 'the hub is shutting down', { graceMs = DEFAULT_GRACE_MS } = {}) {
      stopped ??= stop(reason, graceMs);
      return stopped;
    },
  };
}

/** What exists only once the hub has started. */
interface Running {
  readonly generation: BuiltGeneration;
  settled: boolean;
  close(reason: string): Promise<void>;
}

type StartOptions = HubOptions & { readonly config: Config; readonly log: Log };

function start(options: StartOptions, hubInfo: UpstreamDeps['hubInfo'], registered: RegisteredServer[]): Running {
  const { config, home, log } = options;
  const guard = createProcessGuard();
  const verdicts: RecordFile<Verdict> | undefined =
    home === undefined ? undefined : openRecordFile<Verdict>(join(home, 'verdicts.json'), log);
  const deps: UpstreamDeps = {
    now: () => performance.now(),
    wallNow: Date.now,
    hubInfo,
    log,
    guard,
    ...(verdicts === undefined ? {} : { verdicts }),
  };
  const servers = buildServers(config, registered, options.folder ?? process.cwd(), deps);
  const key = home === undefined ? crypto.getRandomValues(new Uint8Array(32)) : loadKey(join(home, 'seal.key'));
  const generation = buildGeneration({ id: 1, config, servers, hubInfo, sealKeys: [key], log });
  const running: Running = {
    generation,
    settled: false,
    async close(reason) {
      await generation.close(reason);
      guard.close();
      verdicts?.flush();
    },
  };
  generation.settled.then(() => {
    running.settled = true;
  });
  return running;
}

function edgeLimits({ limits }: Config): EdgeLimits {
  return {
    ...DEFAULT_EDGE_LIMITS,
    maxBodyBytes: limits.maxBodyBytes,
    maxMessageBytes: limits.maxMessageBytes,
    askTimeoutMs: limits.parkedMs,
    scan: { maxDepth: limits.maxDepth, maxTokens: limits.maxTokens },
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
