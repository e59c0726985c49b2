import { compose } from '../core/compose.ts';
import type { Generation, RouteEntry } from '../core/generation.ts';
import type { Log } from '../core/log.ts';
import { createInFlight } from '../middleware/in-flight.ts';
import { createInventories } from '../route/inventories.ts';
import { hubEnvelope } from '../route/read-list.ts';
import { createRouter, type Router, type RouterOptions } from '../route/router.ts';
import type { ServerRow } from '../route/servers-resource.ts';
import type { RouteServer } from '../route/settings.ts';
import type { Config } from './config.ts';

/** One server with the part of the configuration its routes need. */
export interface BuiltServer extends RouteServer {
  readonly tags: readonly string[];
}

/** What a generation is built with. */
export interface BuildOptions {
  readonly id: number;
  readonly config: Config;
  readonly servers: readonly BuiltServer[];
  readonly hubInfo: { readonly name: string; readonly version: string };
  readonly sealKeys: readonly Uint8Array[];
  readonly log: Log;
}

/** A generation and what the hub shows of it. */
export interface BuiltGeneration extends Generation {
  /** Resolves when the servers that start by themselves have settled, well or not. */
  readonly settled: Promise<void>;
  /** The servers as status shows them. */
  rows(): readonly ServerRow[];
  /** Requests under way. */
  running(): number;
}

interface Built {
  readonly entry: RouteEntry;
  readonly router: Router;
}

/**
 * Builds the routes of a configuration over its servers: `/mcp` with all of them, `/mcp/<server>` with one under its own
 * names, `/mcp/@<tag>` with a group. A route other than `/mcp` is put together when it is first used.
 */
export function buildGeneration(options: BuildOptions): BuiltGeneration {
  const { id, servers, config } = options;
  const plan = planRoutes(servers);
  const shared = routerOptions(options);
  const bound = createInFlight(config.limits.maxInFlight);
  const chain = [bound.middleware];
  const built = new Map<string, Built>();
  const routes = new Map<string, RouteEntry>();

  const build = (path: string): Built | undefined => {
    const chosen = plan.get(path);
    if (chosen === undefined) return undefined;
    const router = createRouter({ ...shared, path, servers: chosen.servers, prefix: chosen.prefix });
    const upstreams = chosen.servers.map((server) => server.upstream);
    const entry = { path, upstreams, handler: compose(chain, router.handler), settled: router.settled };
    built.set(path, { entry, router });
    routes.set(path, entry);
    return { entry, router };
  };
  const { router } = build('/mcp') as Built;
  return {
    id,
    routes,
    upstreams: servers.map((server) => server.upstream),
    settled: router.complete,
    rows: () => router.rows(),
    running: bound.running,
    match(path) {
      const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
      return routes.get(plain) ?? build(plain)?.entry;
    },
    async close(reason) {
      for (const route of built.values()) route.router.close();
      await Promise.all(servers.map((server) => server.upstream.close(reason)));
    },
  };
}

interface PlannedRoute {
  readonly servers: readonly BuiltServer[];
  readonly prefix: boolean;
}

function planRoutes(servers: readonly BuiltServer[]): ReadonlyMap<string, PlannedRoute> {
  const plan = new Map<string, PlannedRoute>([['/mcp', { servers, prefix: true }]]);
  for (const tag of new Set(servers.flatMap((server) => server.tags))) {
    plan.set(`/mcp/@${tag}`, { servers: servers.filter((server) => server.tags.includes(tag)), prefix: true });
  }
  for (const server of servers) plan.set(`/mcp/${server.upstream.id}`, { servers: [server], prefix: false });
  return plan;
}

function routerOptions(options: BuildOptions): Omit<RouterOptions, 'path' | 'servers' | 'prefix'> {
  const { config, hubInfo, log, sealKeys } = options;
  const { limits, toolNaming } = config;
  return {
    naming: toolNaming,
    sealKeys,
    hubInfo,
    log,
    inventories: createInventories({ envelope: hubEnvelope(hubInfo), log }),
    limits: { maxListBytes: limits.maxListBytes, settleMs: limits.settleMs, stateTtlMs: limits.parkedMs },
  };
}
