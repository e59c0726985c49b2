import { isRecord, META, Payload, type RequestId } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Notification, Outcome } from '../core/exchange.ts';
import { withMeta } from '../core/meta.ts';
import { createFollowers, type Followed, type Following, keyOf, type Listener } from './followers.ts';
import { publicTask } from './public-task.ts';
import type { UriRewriter } from './uri-rewriter.ts';

/** A list whose changes can be listened for. */
export type Changeable = 'tools' | 'prompts' | 'resources';

/** The open `subscriptions/listen` exchanges of a route. */
export interface Listeners {
  readonly size: number;
  /** Acknowledges the exchange and keeps it open until it is cancelled or the listeners are closed. */
  open(exchange: Exchange): Promise<Outcome>;
  /** Tells those who asked for it that a list has changed. */
  listChanged(list: Changeable): void;
  /** Tells those who follow a server's resource, or one below which this one lies, that it was updated. */
  resourceUpdated(serverId: string, own: string): void;
  /** Passes on a notification about a server's task to those who follow it. */
  taskChanged(serverId: string, own: string, notification: Notification): void;
  /** Gives every exchange away; what they follow is told from here until it is followed there. */
  release(): readonly Listener[];
  /** Takes over what other listeners released; what the exchanges follow is looked up anew. */
  adopt(listeners: readonly Listener[]): void;
  /** Ends every listener in an orderly way. */
  close(): void;
}

/** Options of {@link createListeners}. */
export interface ListenersOptions {
  /** Whether the route has such a list at all. */
  offers(list: Changeable): boolean;
  /** Whose a URI or task id is; undefined when it cannot be followed. May wait for servers to come up. */
  resolve(
    exchange: Exchange,
    kind: Followed['kind'],
    text: string,
  ): Followed | undefined | Promise<Followed | undefined>;
  /** What makes the URIs of a server public, where that takes anything. */
  rewriterOf(serverId: string): UriRewriter | undefined;
}

const BIT: Readonly<Record<Changeable, number>> = { tools: 1, prompts: 2, resources: 4 };
const FLAGS = [
  ['tools', 'toolsListChanged'],
  ['prompts', 'promptsListChanged'],
  ['resources', 'resourcesListChanged'],
] as const;

/** Most URIs, and most tasks, that one listener may follow. */
const MAX_FOLLOWED = 1024;

/**
 * Keeps listeners: what each asked for and nothing else reaches it, stamped with its own id, after the acknowledgement.
 * @see MCP 2026-07-28 basic/patterns/subscriptions
 */
export function createListeners(options: ListenersOptions): Listeners {
  const all = new Set<Listener>();
  const followers = createFollowers();
  let closed = false;

  const leave = (listener: Listener): void => {
    all.delete(listener);
    const followed = listener.followed ?? [];
    listener.followed = undefined;
    for (const one of followed) one.stop();
  };
  /** What cannot be found here goes on being told by whoever found it, for as long as that lasts. */
  const followAnew = async (old: Following): Promise<void> => {
    const { listener } = old;
    const found = await options.resolve(listener.exchange, old.kind, old.public);
    const at = listener.followed?.indexOf(old) ?? -1;
    if (found === undefined || at === -1 || closed || !all.has(listener)) return;
    listener.followed?.splice(at, 1, followers.add(listener, found));
    old.stop();
  };
  const updated = (publicUri: string, listener: Listener): Notification => ({
    method: 'notifications/resources/updated',
    params: Payload.ofValue({ uri: publicUri, _meta: stamp(listener.exchange.listenId) }),
  });

  return {
    get size() {
      return all.size;
    },
    async open(exchange) {
      const asked = exchange.params.member('notifications')?.value();
      if (!isRecord(asked))
        return failure('HATAGO_INVALID_PARAMS', { message: 'params.notifications must be an object.' });
      const honoured: Record<string, unknown> = {};
      let lists = 0;
      for (const [list, flag] of FLAGS) {
        if (asked[flag] !== true || !options.offers(list)) continue;
        honoured[flag] = true;
        lists |= BIT[list];
      }
      const found: Followed[] = [];
      for (const [kind, member] of [
        ['resource', 'resourceSubscriptions'],
        ['task', 'taskIds'],
      ] as const) {
        if (!Array.isArray(asked[member])) continue;
        const texts = asked[member].filter((text): text is string => typeof text === 'string').slice(0, MAX_FOLLOWED);
        const resolved = await Promise.all([...new Set(texts)].map((text) => options.resolve(exchange, kind, text)));
        const of = resolved.filter((one) => one !== undefined);
        honoured[member] = of.map((one) => one.public);
        found.push(...of);
      }
      const ended = ending(exchange.listenId);
      if (exchange.signal.cancelled || closed) return ended;
      exchange.emit({
        method: 'notifications/subscriptions/acknowledged',
        params: Payload.ofValue({ notifications: honoured, _meta: stamp(exchange.listenId) }),
      });
      return new Promise<Outcome>((resolve) => {
        const listener: Listener = {
          exchange,
          lists,
          followed: undefined,
          leave,
          end() {
            listener.leave(listener);
            resolve(ended);
          },
        };
        all.add(listener);
        if (found.length > 0) listener.followed = found.map((one) => followers.add(listener, one));
        exchange.signal.onCancel(listener.end);
      });
    },
    listChanged(list) {
      const method = `notifications/${list}/list_changed`;
      for (const { exchange, lists } of [...all]) {
        if ((lists & BIT[list]) === 0) continue;
        exchange.emit({ method, params: Payload.ofValue({ _meta: stamp(exchange.listenId) }) });
      }
    },
    resourceUpdated(serverId, own) {
      // A server may tell of something that lies below what was subscribed to: then the nearest above it counts.
      for (let end = own.length; end > 0; end = own.lastIndexOf('/', end - 2) + 1) {
        for (const length of end < own.length ? [end, end - 1] : [end]) {
          const key = keyOf('resource', serverId, own.slice(0, length));
          if (!followers.has(key)) continue;
          const below = own.slice(length);
          followers.emit(key, (publicUri, listener) => updated(publicUri + below, listener));
          return;
        }
      }
    },
    taskChanged(serverId, own, { method, params }) {
      followers.emit(keyOf('task', serverId, own), (taskId, { exchange }) => {
        const named = withMeta(params, META.subscriptionId, JSON.stringify(exchange.listenId ?? null));
        const names = { server: serverId, taskId, rewriter: options.rewriterOf(serverId) };
        return { method, params: publicTask(Payload.ofPieces(named), names, exchange) };
      });
    },
    release() {
      const given = [...all];
      all.clear();
      return given;
    },
    adopt(given) {
      for (const listener of given) {
        listener.leave = leave;
        all.add(listener);
        for (const old of listener.followed ?? []) void followAnew(old);
      }
    },
    close() {
      closed = true;
      for (const listener of [...all]) listener.end();
      followers.close();
    },
  };
}

const stamp = (id: RequestId | undefined): Record<string, unknown> => ({ [META.subscriptionId]: id });

function ending(id: RequestId | undefined): Outcome {
  return { kind: 'complete', result: Payload.ofValue({ _meta: stamp(id) }) };
}
