import { eraOf, methodInfo, type ParamDeclaration, type Payload } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Handler, Outcome } from '../core/exchange.ts';
import { type Log, NO_LOG } from '../core/log.ts';
import { aboutTask } from './about-task.ts';
import { createCallByName } from './call-by-name.ts';
import { buildCatalog } from './catalog.ts';
import { completeArgument } from './completion.ts';
import { createCursors } from './cursors.ts';
import { buildDiscover, jointCapabilities } from './discover.ts';
import { createFollow } from './follow.ts';
import { createInventories, type Inventories } from './inventories.ts';
import { LIST_KINDS, LISTS } from './items.ts';
import { createListeners } from './listen.ts';
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
  /** The servers as `hatago://servers` shows them. */
  rows(): readonly ServerRow[];
  /** What a public or bare name stands for, so that policy and audit see one name for one thing. */
  resolve(kind: 'tools' | 'prompts', name: string): { server: string; own: string; public: string } | undefined;
  /** The arguments of a tool that `Mcp-Param-*` headers repeat. */
  paramDeclarations(publicName: string): readonly ParamDeclaration[] | undefined;
  /** Ends the listeners in an orderly way and lets go of the servers; calls go on. */
  close(): void;
}

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
  /** The rows of `hatago://servers` as listeners know them. */
  let rows = '';
  const live = createLiveCatalog({
    build: () => buildCatalog({ members, aggregate: prefix, naming, maxListBytes }),
    heard: () => listeners.size > 0 && !settling.pending,
    tell(lists) {
      const now = prefix ? JSON.stringify(serverRows(members)) : '';
      if (now !== rows) listeners.resourceUpdated('', SERVERS_URI);
      rows = now;
      for (const list of lists) listeners.listChanged(list);
    },
    renamed: (rename) => logRename(log, options.path, rename),
    coalesceMs,
  });
  const settling = createSettling({
    inventories: members.map(({ inventory }) => inventory),
    settleMs,
    // Before the first wait is over nobody was given a list, so what is there then is the first anybody sees.
    done: (first) => (first ? live.rebase() : live.announce()),
  });
  const context = buildContext(options, { naming, members, sealer, live, settling });
  const discovered = createDiscovered(options, context);
  const listeners = createListeners({
    offers: discovered.offers,
    resolve: createFollow(context),
  });
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
          rows = prefix ? JSON.stringify(serverRows(members)) : '';
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
    rows: () => serverRows(members),
    resolve(kind, name) {
      const entry = live.current()[kind].find(name);
      return entry && { server: entry.member.upstream.id, own: entry.item.key, public: entry.publicName };
    },
    paramDeclarations: (name) => live.current().tools.byPublicName(name)?.item.declarations,
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
}

function buildContext(options: RouterOptions, parts: Parts): RouteContext {
  const { prefix, node, limits = {}, log = NO_LOG } = options;
  const { naming, members, sealer, live, settling } = parts;
  const states = createRequestStates({ sealer, ttlMs: limits.stateTtlMs, node });
  const taskIds = createTaskIds(sealer);
  const byId = new Map(members.map((member) => [member.upstream.id, member]));
  return {
    members,
    aggregate: prefix,
    naming,
    relay: createRelay({ states, taskIds, settleMs: limits.settleMs ?? 3000 }),
    states,
    taskIds,
    log,
    catalog: live.current,
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
  { limits = {}, now = Date.now }: RouterOptions,
  { catalog }: RouteContext,
  sealer: Sealer,
  settling: Settling,
): [method: string, handler: Handler][] {
  const cursors = createCursors({ sealer, now, keepMs: limits.cursorTtlMs });
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
