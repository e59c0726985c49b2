import { eraOf, methodInfo, type ParamDeclaration, type Payload } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Handler, Outcome } from '../core/exchange.ts';
import { type Log, NO_LOG } from '../core/log.ts';
import { aboutTask } from './about-task.ts';
import { createCallByName } from './call-by-name.ts';
import { buildCatalog, type Catalog } from './catalog.ts';
import { completeArgument } from './completion.ts';
import { type Cursors, createCursors } from './cursors.ts';
import { buildDiscover, jointCapabilities } from './discover.ts';
import { createFollow } from './follow.ts';
import type { Listener } from './followers.ts';
import { createInventories, type Inventories } from './inventories.ts';
import { LIST_KINDS, LISTS } from './items.ts';
import { type Changeable, createListeners } from './listen.ts';
import { createLiveCatalog, type LiveCatalog, logRename } from './live-catalog.ts';
import type { Rename } from './name-table.ts';
import { checkNaming, DEFAULT_NAMING, type Naming, publicName } from './names.ts';
import { hubEnvelope } from './read-list.ts';
import { readResource } from './read-resource.ts';
import type { View } from './ready-list.ts';
import { createRelay } from './relay.ts';
import { createRequestStates } from './request-state.ts';
import { isRetry, resume } from './resume.ts';
import type { RouteContext } from './route-context.ts';
import { createSealer, type Sealer } from './seal.ts';
import { SERVERS_URI, type ServerRow, serverRows } from './servers-resource.ts';
import type { Member, RouteServer } from './settings.ts';
import { createSettling, type Settling } from './settling.ts';
import { createTaskIds, taskIdOf } from './task-ids.ts';
import { createUsedStates, type UsedStates } from './used-states.ts';

/** Bounds of a router. */
export interface RouterLimits {
  /** Bytes of items over which a list is sent in pages. @default 8388608 */
  readonly maxListBytes?: number;
  /** How long lists, and calls of names not yet known, wait for servers to start, in milliseconds. @default 3000 */
  readonly settleMs?: number;
  /** How long changes are gathered before they are told, in milliseconds. @default 20 */
  readonly coalesceMs?: number;
  /** How long the items of a server that failed stay listed, in milliseconds. @default 3000 */
  readonly graceMs?: number;
  /** How long a client may take to answer a server's questions, in milliseconds. @default 600000 */
  readonly stateTtlMs?: number;
  /** How long the pages of a list stay readable, in milliseconds. @default 60000 */
  readonly cursorTtlMs?: number;
  /** Longest instructions of one server on a route of several, in characters. @default 2048 */
  readonly maxInstructions?: number;
}

/** Options of {@link createRouter}. */
export interface RouterOptions {
  /** The route's path, e.g. `/mcp`. */
  readonly path: string;
  /** The servers in the order of the configuration. */
  readonly servers: readonly RouteServer[];
  /** Names are prefixed and the hub's own resource is there; false = exactly one server, its names and URIs untouched. */
  readonly prefix: boolean;
  /** @default separator '_', at most 48 characters, strategy 'prefix' */
  readonly naming?: Partial<Naming>;
  /** Keys of 32 bytes for what clients hand back; the first seals, all open. Replicas share them. */
  readonly sealKeys: readonly Uint8Array[];
  readonly hubInfo: { readonly name: string; readonly version: string };
  /** Shared by the routes of a hub, so that lists are read once. @default its own */
  readonly inventories?: Inventories;
  /** Id of this process among replicas. @default 'local' */
  readonly node?: string;
  readonly limits?: RouterLimits;
  /** Shared by all generations, so that a list can be read to its end when it has been replaced. @default its own */
  readonly cursors?: Cursors;
  /** Shared by all routes and generations, so that what a client hands back is used once. @default its own */
  readonly used?: UsedStates;
  /** Id of the generation the route belongs to, named in what clients hand back. @default undefined */
  readonly generation?: number;
  /** Where a request goes on that began on another generation at this server. @default undefined = on this route */
  elsewhere?(generation: number, serverId: string, path: string): Handler | undefined;
  /** Told how each request to a server ended. */
  observe?(server: string, outcome: Outcome): void;
  /** Shared by all generations, so that a rename is told once. @default its own */
  readonly renamed?: Set<string>;
  /** The servers as `hatago://servers` shows them. @default what the servers say of themselves */
  rows?(members: readonly Member[]): readonly ServerRow[];
  /** Milliseconds of the epoch. @default Date.now */
  now?(): number;
  readonly log?: Log;
}

/** The terminal handler of one route. */
export interface Router {
  readonly handler: Handler;
  /** Resolves when every server that starts by itself has settled, or after the wait for them. */
  readonly settled: Promise<void>;
  /** Resolves when every server that starts by itself has settled, however long that takes. */
  readonly complete: Promise<void>;
  /** Every name and URI that clients see in another form than the plain one. */
  renames(): readonly Rename[];
  /** The servers and what is known of each, in the order of the configuration. */
  readonly members: readonly Member[];
  /** The servers as `hatago://servers` shows them. */
  rows(): readonly ServerRow[];
  /** What a public or bare name stands for, so that policy and audit see one name for one thing. */
  resolve(kind: 'tools' | 'prompts', name: string): { server: string; own: string; public: string } | undefined;
  /** The arguments of a tool that `Mcp-Param-*` headers repeat. */
  paramDeclarations(publicName: string): readonly ParamDeclaration[] | undefined;
  /** Gives its listeners, and what they have been told, to the router of the next generation. */
  release(): Heard | undefined;
  /**
   * Takes the listeners of the generation before, and tells them once what is another; `also` are lists that are shown in
   * another way although their servers say the same.
   */
  adopt(heard: Heard, also?: readonly Changeable[]): void;
  /** Ends the listeners in an orderly way and lets go of the servers; calls go on. */
  close(): void;
}

/** The listeners of a route, and what they know. */
export interface Heard {
  readonly listeners: readonly Listener[];
  readonly catalog: Catalog;
  readonly rows: string;
}

/** Renames that are remembered as told. */
const MAX_RENAMES = 10_000;

/** Routes the exchanges of one path to its servers and answers from all of them together. */
export function createRouter(options: RouterOptions): Router {
  const { prefix, limits = {}, log = NO_LOG } = options;
  const naming = checkNaming({ ...DEFAULT_NAMING, ...options.naming });
  if (!prefix && options.servers.length !== 1) {
    throw new RangeError(`createRouter: a route without prefix has one server, not ${options.servers.length}`);
  }
  const sealer = createSealer(options.sealKeys, options.now ?? Date.now);
  const inventories =
    options.inventories ?? createInventories({ envelope: hubEnvelope(options.hubInfo), log, graceMs: limits.graceMs });
  const members: readonly Member[] = options.servers.map((server) => ({
    ...server,
    inventory: inventories.acquire(server.upstream),
  }));
  const { settleMs = 3000, coalesceMs = 20, maxListBytes = 8 * 1024 * 1024 } = limits;
  const toRows = (): readonly ServerRow[] => (options.rows ?? serverRows)(members);
  /** The rows of `hatago://servers` as listeners know them. */
  let rows = '';
  /** Set once it took over listeners: the lists that are shown to them in another way, until they were told. */
  let adopted: readonly Changeable[] | undefined;
  const renamed = options.renamed ?? new Set<string>();
  const live = createLiveCatalog({
    build: () => buildCatalog({ members, aggregate: prefix, naming, maxListBytes }),
    heard: () => listeners.size > 0 && !settling.pending,
    tell(lists) {
      const now = prefix ? JSON.stringify(toRows()) : '';
      if (now !== rows) listeners.resourceUpdated('', SERVERS_URI);
      rows = now;
      for (const list of new Set([...lists, ...(adopted ?? [])])) listeners.listChanged(list);
      adopted &&= [];
    },
    renamed(rename) {
      const key = JSON.stringify([options.path, rename]);
      if (renamed.has(key)) return;
      // What was told of names that are long gone may be told again.
      if (renamed.size >= MAX_RENAMES) renamed.clear();
      renamed.add(key);
      logRename(log, options.path, rename);
    },
    coalesceMs,
  });
  const settling = createSettling({
    inventories: members.map(({ inventory }) => inventory),
    settleMs,
    // Before the first wait is over nobody was given a list, so what is there then is the first anybody sees: unless
    // somebody was given one by the generation before.
    done: (first) => (first && adopted === undefined ? live.rebase() : live.announce()),
  });
  const context = buildContext(options, { naming, members, sealer, live, settling, rows: toRows });
  const discovered = createDiscovered(options, context);
  const listeners = createListeners({ offers: discovered.offers, ...createFollow(context) });
  const changed = (): void => {
    live.changed();
    discovered.drop();
  };
  const unwatch = members.flatMap(({ upstream, inventory }) => [
    inventory.watch(changed),
    upstream.watch((event) => {
      if (event.type === 'state') changed();
      else if (event.type === 'updated') listeners.resourceUpdated(upstream.id, event.uri);
      else if (event.type === 'task') {
        const own = taskIdOf(event.notification.params.value());
        if (own !== undefined) listeners.taskChanged(upstream.id, own, event.notification);
      }
    }),
  ]);
  const handlers = new Map<string, Handler>([
    ...listHandlers(options, context, sealer, settling),
    ['server/discover', (x) => Promise.resolve({ kind: 'complete', result: discovered.result(x) })],
    ['tools/call', createCallByName(context, 'tools')],
    ['prompts/get', createCallByName(context, 'prompts')],
    ['resources/read', (x) => (isRetry(x) ? resume(context, x) : readResource(x, context))],
    ['completion/complete', (x) => completeArgument(x, context)],
    ['tasks/get', (x) => aboutTask(context, x)],
    ['tasks/update', (x) => aboutTask(context, x)],
    ['tasks/cancel', (x) => aboutTask(context, x)],
    [
      'subscriptions/listen',
      (x) => {
        if (listeners.size === 0) {
          live.rebase();
          rows = prefix ? JSON.stringify(toRows()) : '';
        }
        return listeners.open(x);
      },
    ],
  ]);
  return {
    handler: (exchange) => (handlers.get(exchange.method) ?? ((x) => relayUnknown(context, x)))(exchange),
    settled: settling.settled,
    complete: Promise.all(members.map(({ inventory }) => inventory.settled)).then(() => {}),
    renames: () => live.current().renames,
    members,
    rows: toRows,
    resolve(kind, name) {
      const entry = live.current()[kind].find(name);
      return entry && { server: entry.member.upstream.id, own: entry.item.key, public: entry.publicName };
    },
    paramDeclarations: (name) => live.current().tools.byPublicName(name)?.item.declarations,
    release() {
      if (listeners.size === 0) return undefined;
      return { listeners: listeners.release(), catalog: live.seen(), rows };
    },
    adopt(heard, also = []) {
      adopted = also;
      rows = heard.rows;
      listeners.adopt(heard.listeners);
      live.follow(heard.catalog);
    },
    close() {
      live.close();
      settling.close();
      for (const stop of unwatch) stop();
      listeners.close();
      for (const { inventory } of members) inventories.release(inventory);
    },
  };
}

interface Parts {
  readonly naming: Naming;
  readonly members: readonly Member[];
  readonly sealer: Sealer;
  readonly live: LiveCatalog;
  readonly settling: Settling;
  rows(): readonly ServerRow[];
}

function buildContext(options: RouterOptions, parts: Parts): RouteContext {
  const { prefix, node, limits = {}, log = NO_LOG } = options;
  const { naming, members, sealer, live, settling, rows } = parts;
  const states = createRequestStates({ sealer, ttlMs: limits.stateTtlMs, node });
  const taskIds = createTaskIds(sealer);
  const byId = new Map(members.map((member) => [member.upstream.id, member]));
  return {
    members,
    aggregate: prefix,
    naming,
    relay: createRelay({
      states,
      taskIds,
      settleMs: limits.settleMs ?? 3000,
      generation: options.generation,
      observe: options.observe,
    }),
    states,
    used: options.used ?? createUsedStates({ now: options.now ?? Date.now }),
    taskIds,
    log,
    catalog: live.current,
    rows,
    get complete() {
      return !settling.pending;
    },
    async catalogFor(known) {
      const have = live.current();
      const wait = known(have) ? undefined : settling.wait();
      if (wait === undefined) return have;
      await wait;
      return live.current();
    },
    memberOf: (serverId) => byId.get(serverId),
    elsewhere(generation, serverId) {
      if (generation === undefined || generation === options.generation) return undefined;
      return options.elsewhere?.(generation, serverId, options.path);
    },
  };
}

/** What the route says of itself, kept until a server changes. */
function createDiscovered(
  { hubInfo, limits = {} }: RouterOptions,
  { members, aggregate, naming }: RouteContext,
): { result(exchange: Exchange): Payload; offers(capability: string): boolean; drop(): void } {
  let kept: Partial<Record<View, Payload>> = {};
  let capabilities: Record<string, unknown> | undefined;
  const prefixOf = (id: string): string =>
    aggregate && naming.strategy === 'prefix' ? publicName(id, '', naming) : '';
  return {
    result(exchange) {
      const view = viewOf(exchange);
      const maxInstructions = limits.maxInstructions;
      const own = view === 'legacy' ? hubInfo : undefined;
      kept[view] ??= buildDiscover({ members, aggregate, prefixOf, maxInstructions, hubInfo: own });
      return kept[view];
    },
    offers(capability) {
      capabilities ??= jointCapabilities(members, aggregate);
      return capabilities[capability] !== undefined;
    },
    drop() {
      kept = {};
      capabilities = undefined;
    },
  };
}

const viewOf = ({ envelope }: Exchange): View => (eraOf(envelope.protocolVersion) === 'legacy' ? 'legacy' : 'modern');

function listHandlers(
  { limits = {}, now = Date.now, ...options }: RouterOptions,
  { catalog }: RouteContext,
  sealer: Sealer,
  settling: Settling,
): [method: string, handler: Handler][] {
  const cursors = options.cursors ?? createCursors({ sealer, now, keepMs: limits.cursorTtlMs });
  return LIST_KINDS.map((kind) => {
    const serve = (exchange: Exchange): Outcome => {
      return cursors.serve(exchange, catalog().list(kind, viewOf(exchange)));
    };
    return [
      LISTS[kind].method,
      (exchange) => settling.wait()?.then(() => serve(exchange)) ?? Promise.resolve(serve(exchange)),
    ];
  });
}

/** What the protocol does not have may be known to the one server there is; several have no owner for it. */
function relayUnknown({ aggregate, members, relay }: RouteContext, exchange: Exchange): Promise<Outcome> {
  const only = members[0];
  if (aggregate || only === undefined || methodInfo(exchange.method) !== undefined) {
    return Promise.resolve(failure('HATAGO_METHOD_NOT_FOUND'));
  }
  return relay.send(exchange, { member: only, target: undefined, rewriter: undefined, wrap: false });
}
