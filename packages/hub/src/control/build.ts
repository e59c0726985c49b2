import { compose } from '../core/compose.ts';
import type { Exchange, Middleware, Outcome } from '../core/exchange.ts';
import type { Generation, GenerationHolds, RouteEntry } from '../core/generation.ts';
import type { HubEvents } from '../core/hub-event.ts';
import type { Log } from '../core/log.ts';
import { createCallEvents } from '../middleware/call-events.ts';
import { createInFlight } from '../middleware/in-flight.ts';
import { createPolicy, type Policy } from '../middleware/policy.ts';
import type { Cursors } from '../route/cursors.ts';
import type { Inventories } from '../route/inventories.ts';
import { createRouter, type Router, type RouterOptions } from '../route/router.ts';
import type { ServerRow } from '../route/servers-resource.ts';
import type { Member, RouteServer } from '../route/settings.ts';
import type { UsedStates } from '../route/used-states.ts';
import type { Config } from './config.ts';
import { policyRoute } from './policy-route.ts';
import { shownTools } from './shown-tools.ts';
import { toServerViews } from './views.ts';

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
  /** Shared by all generations of a hub. */
  readonly inventories: Inventories;
  /** Shared by all generations of a hub. */
  readonly cursors: Cursors;
  /** Shared by all generations of a hub. */
  readonly used: UsedStates;
  /** Renames that were told of, shared by all generations of a hub. */
  readonly renamed: Set<string>;
  /** Where every request that ended is told. @default nowhere */
  readonly events?: HubEvents;
  /** Rules that stand behind the bound on requests and before the routes. @default [] */
  readonly chain?: readonly Middleware[];
  /** The generation with the id while it is there, for what began on it. @default there is no other */
  find?(id: number): BuiltGeneration | undefined;
  /** Gives back the servers when the generation is closed. */
  release(reason: string): Promise<void>;
}

/** Told how each request to a server ended. */
export type Observer = (server: string, outcome: Outcome) => void;

/** A generation and what the hub shows of it. */
export interface BuiltGeneration extends Generation {
  readonly config: Config;
  /** Resolves when the servers that start by themselves have settled, well or not. */
  readonly settled: Promise<void>;
  /** The servers and what is known of each, in the order of the configuration. */
  readonly members: readonly Member[];
  /** Set while somebody watches how requests end. */
  observer: Observer | undefined;
  /** The servers as `hatago://servers` shows them. */
  rows(): readonly ServerRow[];
  /** Which tools may be called, and what was decided so far. */
  readonly policy: Policy;
  /** Requests under way. */
  running(): number;
  /** The router of a path, built where it was not used yet. */
  router(path: string): Router | undefined;
  /** Takes over everybody who listens for changes, and tells them once what is another. */
  adopt(older: BuiltGeneration): void;
  /** The routers that were used so far, by path. */
  routers(): Iterable<readonly [path: string, router: Router]>;
  /** Carries out here what began here, for another generation. */
  finish(exchange: Exchange, path: string): Promise<Outcome>;
  /** Sessions that are bound to it move on from now on. */
  end(): void;
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
  const bound = createInFlight(config.limits.maxInFlight);
  const chain = [bound.middleware, ...(options.chain ?? [])];
  const policy = createPolicy({ rules: config.policy, log: options.log });
  const built = new Map<string, Built>();
  const routes = new Map<string, RouteEntry>();
  const holds: GenerationHolds = { sessions: 0, waiting: 0 };
  const watched: { observer: Observer | undefined } = { observer: undefined };
  const shared = routerOptions(options, (server, outcome) => watched.observer?.(server, outcome));
  /** The servers a route shows: the main one those as well that are configured and do not run. */
  const shown = (path: string): Config['mcpServers'] => {
    if (path === '/mcp') return config.mcpServers;
    const ids = new Set(plan.get(path)?.servers.map(({ upstream }) => upstream.id));
    return Object.fromEntries(Object.entries(config.mcpServers).filter(([id]) => ids.has(id)));
  };
  let over = false;
  let closed: Promise<void> | undefined;

  const build = (path: string): Built | undefined => {
    const chosen = closed === undefined ? plan.get(path) : undefined;
    if (chosen === undefined) return undefined;
    const router = createRouter({ ...shared, ...chosen, path, rows: (members) => toServerViews(shown(path), members) });
    const upstreams = chosen.servers.map((server) => server.upstream);
    const rules = routeRules(options, policy, router, chosen);
    const entry = { path, upstreams, handler: compose([...chain, ...rules], router.handler), settled: router.settled };
    built.set(path, { entry, router });
    routes.set(path, entry);
    return { entry, router };
  };
  const close = async (reason: string): Promise<void> => {
    over = true;
    for (const route of built.values()) route.router.close();
    await options.release(reason);
  };
  const { router } = build('/mcp') as Built;
  const generation: BuiltGeneration = {
    id,
    config,
    routes,
    upstreams: servers.map((server) => server.upstream),
    holds,
    members: router.members,
    settled: router.complete,
    get over() {
      return over;
    },
    get observer() {
      return watched.observer;
    },
    set observer(observer) {
      watched.observer = observer;
    },
    rows: () => router.rows(),
    policy,
    running: bound.running,
    match(path) {
      const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
      return routes.get(plain) ?? build(plain)?.entry;
    },
    router: (path) => (built.get(path) ?? build(path))?.router,
    routers: () => [...built].map(([path, route]) => [path, route.router] as const),
    adopt(older) {
      for (const [path, from] of older.routers()) {
        const heard = from.release();
        if (heard === undefined) continue;
        const to = generation.router(path);
        if (to !== undefined) to.adopt(heard, isShownAlike(older, generation, to.members) ? [] : ['tools']);
        else for (const listener of heard.listeners) listener.end();
      }
    },
    async finish(exchange, path) {
      const handler = built.get(path)?.router.handler ?? build(path)?.router.handler ?? router.handler;
      holds.waiting++;
      try {
        return await handler(exchange);
      } finally {
        holds.waiting--;
      }
    },
    end() {
      over = true;
    },
    close(reason) {
      closed ??= close(reason);
      return closed;
    },
  };
  return generation;
}

interface PlannedRoute {
  readonly servers: readonly BuiltServer[];
  readonly prefix: boolean;
}

/** Whether the policies of two generations show the same of the servers' tools. */
function isShownAlike(a: BuiltGeneration, b: BuiltGeneration, members: readonly Member[]): boolean {
  const naming = b.config.toolNaming;
  return shownTools(a.policy, members, naming) === shownTools(b.policy, members, naming);
}

/** The rules that know the names of one route. */
function routeRules(
  { config, events }: BuildOptions,
  policy: Policy,
  router: Router,
  { servers, prefix }: PlannedRoute,
): readonly Middleware[] {
  const only = prefix ? undefined : servers[0]?.upstream.id;
  const judge = policy.forRoute(policyRoute({ router, naming: config.toolNaming, only }));
  const rules = judge === undefined ? [] : [judge];
  if (events === undefined) return rules;
  const ownerOf = (kind: 'tools' | 'prompts', name: string): string | undefined => router.resolve(kind, name)?.server;
  return [createCallEvents({ events, now: () => performance.now(), ownerOf }), ...rules];
}

function planRoutes(servers: readonly BuiltServer[]): ReadonlyMap<string, PlannedRoute> {
  const plan = new Map<string, PlannedRoute>([['/mcp', { servers, prefix: true }]]);
  for (const tag of new Set(servers.flatMap((server) => server.tags))) {
    plan.set(`/mcp/@${tag}`, { servers: servers.filter((server) => server.tags.includes(tag)), prefix: true });
  }
  for (const server of servers) plan.set(`/mcp/${server.upstream.id}`, { servers: [server], prefix: false });
  return plan;
}

function routerOptions(options: BuildOptions, observe: Observer): Omit<RouterOptions, 'path' | 'servers' | 'prefix'> {
  const { id, config, hubInfo, log, sealKeys, servers, inventories, cursors, used, renamed, find } = options;
  const { limits, toolNaming } = config;
  const mine = new Map(servers.map(({ upstream }) => [upstream.id, upstream]));
  return {
    naming: toolNaming,
    sealKeys,
    hubInfo,
    log,
    inventories,
    cursors,
    used,
    renamed,
    observe,
    generation: id,
    elsewhere(generation, serverId, path) {
      const other = find?.(generation);
      const there = other?.upstreams.find((upstream) => upstream.id === serverId);
      // A server that was carried over knows here what it knew there.
      if (other === undefined || there === undefined || there === mine.get(serverId)) return undefined;
      return (exchange) => other.finish(exchange, path);
    },
    limits: { maxListBytes: limits.maxListBytes, settleMs: limits.settleMs, stateTtlMs: limits.parkedMs },
  };
}
