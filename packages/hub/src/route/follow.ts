import { isRecord } from '@hatago/protocol';
import type { ListenersOptions } from './listen.ts';
import type { ResourceOwner } from './resource-table.ts';
import type { RouteContext } from './route-context.ts';
import { SERVERS_URI } from './servers-resource.ts';
import type { Member } from './settings.ts';

/** Finds out whose a URI or a task id in a listen filter is, and what its server's URIs are called here. */
export function createFollow(context: RouteContext): Pick<ListenersOptions, 'resolve' | 'rewriterOf'> {
  const resolve: ListenersOptions['resolve'] = async (exchange, kind, text) => {
    if (kind === 'task') {
      const owner = context.taskIds.fromPublic(exchange.principal.id, text);
      const member = owner === undefined ? undefined : context.memberOf(owner.upstream);
      if (owner === undefined || member === undefined) return undefined;
      const { upstream } = member;
      const subscribe = (): (() => void) => upstream.subscribe('task', owner.taskId);
      return { kind, serverId: upstream.id, own: owner.taskId, public: text, subscribe };
    }
    if (context.aggregate && text === SERVERS_URI) {
      return { kind, serverId: '', own: text, public: text, subscribe: () => () => {} };
    }
    const { resources } = await context.catalogFor((catalog) => catalog.resources.ownerOf(text) !== undefined);
    const owner = resources.ownerOf(text) ?? onlyOwner(context);
    if (owner === undefined || !tells(owner.member)) return undefined;
    const { upstream } = owner.member;
    const own = owner.target ?? text;
    return { kind, serverId: upstream.id, own, public: text, subscribe: () => upstream.subscribe('resource', own) };
  };
  return {
    resolve,
    rewriterOf(serverId) {
      const member = context.memberOf(serverId);
      return member && context.catalog().resources.rewriterOf(member);
    },
  };
}

/** Whether a server tells of its resources, as far as is known before it is up. */
function tells({ upstream }: Member): boolean {
  const { offers } = upstream.status;
  if (offers === undefined) return true;
  const { resources } = offers.capabilities;
  return isRecord(resources) && resources.subscribe === true;
}

/** A URI nobody lists can only be followed where a single server could have it. */
function onlyOwner(context: RouteContext): ResourceOwner | undefined {
  const able = context.members.filter(({ upstream }) => upstream.status.offers?.capabilities.resources !== undefined);
  const only = able.length === 1 ? able[0] : undefined;
  return only && { member: only, target: undefined };
}
