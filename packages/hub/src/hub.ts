import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Control, type ControlOptions, createAdminSide } from './admin/admin-side.ts';
import { createEdges } from './admin/edges.ts';
import { healthPages } from './admin/health.ts';
import type { BuiltGeneration } from './control/build.ts';
import type { Config } from './control/config.ts';
import type { Controller } from './control/control-plane.ts';
import { createController, type HubController } from './control/controller.ts';
import { parseConfig } from './control/schema.ts';
import type { RegisteredServer } from './control/servers.ts';
import type { ConfigSource } from './control/source.ts';
import type { HubEvents } from './core/hub-event.ts';
import { type Log, NO_LOG } from './core/log.ts';
import { DEFAULT_EDGE_LIMITS, type EdgeDeps, type EdgeLimits } from './edge/deps.ts';
import { connectEmbedded, type EmbeddedClient, type JsonRpcMessage } from './edge/embedded.ts';
import type { LegacySession } from './edge/legacy-session.ts';
import type { StdioEdge, StdioOptions } from './edge/stdio.ts';
import { createEvents } from './observe/events.ts';
import type { ServerRow } from './route/servers-resource.ts';
import { createSessions } from './session/sessions.ts';
import { loadKey } from './storage/key-file.ts';
import { openListCache } from './storage/list-cache.ts';
import { openRecordFile, type RecordFile } from './storage/record-file.ts';
import { systemSchedule } from './upstream/deadline.ts';
import { createProcessGuard } from './upstream/guard.ts';
import type { HeadStart } from './upstream/head-start.ts';
import { createParkedPlaces } from './upstream/parked-places.ts';
import type { UpstreamDeps, Verdict } from './upstream/spec.ts';
import { createStarts } from './upstream/starts.ts';
import { createWorkspaces } from './upstream/workspaces.ts';

/** Options of {@link createHub}. */
export interface HubOptions {
  /** A checked configuration. @default no servers */
  readonly config?: Config;
  /** Where later configurations come from. @default there is none but what is applied by the controller */
  readonly source?: ConfigSource;
  /** Applies edits of the source's files by itself. @default as the configuration says */
  readonly watch?: boolean;
  /** Directory for what is remembered over restarts. @default nothing is written */
  readonly home?: string;
  /** Directory that relative working directories of servers are relative to. @default the process's own */
  readonly folder?: string;
  /** Shown to clients and servers. @default '0.0.0' */
  readonly version?: string;
  /** @default nothing is logged */
  readonly log?: Log;
  /** Programs of the configuration's servers that run already; those it has no use for are ended. @default none */
  readonly headStart?: HeadStart;
  /**
   * Ids of the hub's own requests to legacy clients come after this one, so that a client that comes over from another
   * hub cannot mistake them for those of before. @default 0
   */
  readonly askIdsAfter?: number;
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
  /** Changes the configuration and shows what runs; the hub is started by the first look at it. */
  readonly controller: Controller;
  /** Everything that happens in the hub. */
  readonly events: HubEvents;
  /** The servers and their state. */
  servers(): readonly ServerRow[];
  /** Serves HTTP. @throws the system's error when the port cannot be bound */
  listen(options?: { readonly host?: string; readonly port?: number }): Promise<HubListener>;
  /** Opens the local socket on which the hub is controlled, and the admin API over HTTP to who has the token. */
  openControl(options: ControlOptions): Promise<Control>;
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
  const events = createEvents({ now: Date.now });
  let running: Running | undefined;
  let client: EmbeddedClient | undefined;
  let draining = false;
  let stopped: Promise<void> | undefined;

  const hub = (): Running => {
    running ??= start({ ...options, config, log, events }, hubInfo, registered);
    return running;
  };
  const current = (): BuiltGeneration => hub().controller.current();
  const now = (): number => performance.now();
  const pipes = new Set<LegacySession>();
  const edgeDeps: EdgeDeps = {
    current,
    hubInfo,
    log,
    now,
    sessions: createSessions({ idleTtlMs: config.session.ttlSeconds * 1000, now }),
    allowedHosts: config.http.allowedHosts,
    allowedOrigins: config.http.allowedOrigins,
    limits: edgeLimits(config),
    onSession(id, action, session) {
      // Those of HTTP are in the table of the edges.
      if (action === 'opened' && edgeDeps.sessions.find(id, session.owner) === undefined) pipes.add(session);
      else if (action === 'closed') pipes.delete(session);
      events.emit({ type: 'session', session: session.handle, action });
    },
    ...(options.askIdsAfter === undefined ? {} : { askIdsAfter: options.askIdsAfter }),
  };
  const health = { current, settled: () => running?.settled === true, draining: () => draining };
  let url: string | undefined;
  const admin = createAdminSide({
    edge: edgeDeps,
    pipes,
    controller: () => hub().controller,
    version: hubInfo.version,
    url: () => url,
    isReady: () => health.settled() && !draining,
    isDraining: () => draining,
  });
  const edges = createEdges(edgeDeps, config, healthPages(health), admin.page);
  const embedded = (): EmbeddedClient => {
    client ??= connectEmbedded(edgeDeps, '/mcp', (message) => options.onMessage?.(message));
    return client;
  };

  const stop = async (reason: string, graceMs: number): Promise<void> => {
    draining = true;
    edges.drain();
    await idle(() => running?.controller.running() ?? 0, graceMs);
    client?.close(reason);
    await Promise.all([edges.close(reason), options.headStart?.close(), running?.close(reason)]);
    await admin.close();
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
    get controller() {
      return hub().controller;
    },
    events,
    servers: () => current().rows(),
    async listen({ host = config.http.host, port = config.http.port } = {}) {
      const listener = await edges.listen(host, port);
      hub();
      url = `${listener.url}/mcp`;
      return { url, port: listener.port };
    },
    openControl: admin.open,
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
  readonly controller: HubController;
  settled: boolean;
  close(reason: string): Promise<void>;
}

type StartOptions = HubOptions & { readonly config: Config; readonly log: Log; readonly events: HubEvents };

function start(options: StartOptions, hubInfo: UpstreamDeps['hubInfo'], registered: RegisteredServer[]): Running {
  const { home, log, headStart } = options;
  const guard = headStart?.guard ?? createProcessGuard();
  const verdicts: RecordFile<Verdict> | undefined =
    home === undefined ? undefined : openRecordFile<Verdict>(join(home, 'verdicts.json'), log);
  const lists = home === undefined ? undefined : openListCache(join(home, 'lists'), log);
  const workspaces = createWorkspaces(home === undefined ? undefined : join(home, 'workspaces'), log);
  void workspaces.sweep();
  const deps: UpstreamDeps = {
    now: () => performance.now(),
    wallNow: Date.now,
    hubInfo,
    log,
    guard,
    starts: createStarts({ schedule: systemSchedule }),
    places: createParkedPlaces(),
    workspaces,
    offersOf: (id, digest) => lists?.read(id, digest)?.offers,
    ...(verdicts === undefined ? {} : { verdicts }),
    ...(headStart === undefined ? {} : { headStart }),
  };
  const key = home === undefined ? crypto.getRandomValues(new Uint8Array(32)) : loadKey(join(home, 'seal.key'));
  const folder = options.folder ?? process.cwd();
  const controller = createController({ ...options, registered, folder, sealKeys: [key], deps, lists });
  const running: Running = {
    controller,
    settled: false,
    async close(reason) {
      await controller.close(reason);
      guard.close();
      verdicts?.flush();
      lists?.flush();
      await workspaces.close();
    },
  };
  controller.current().settled.then(() => {
    running.settled = true;
    void headStart?.close();
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
