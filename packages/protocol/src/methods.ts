import type { Era } from './eras.ts';

/** What the hub knows of a method of the protocol. */
export interface MethodInfo {
  readonly kind: 'request' | 'notification';
  /** The eras on whose wire it exists. */
  readonly eras: readonly Era[];
  /** Who sends it. */
  readonly from: 'client' | 'server' | 'both';
  /** The member of `params` that says which server it is for; `ref` holds a `name` or a `uri`. */
  readonly target?: 'name' | 'uri' | 'taskId' | 'ref';
  /** The result carries `ttlMs` and `cacheScope` on the modern wire, and this is what it lists. */
  readonly cacheable?: 'tools' | 'resources' | 'resourceTemplates' | 'prompts' | 'discover' | 'contents';
  /** It is answered from all servers of a route together. */
  readonly fanout?: boolean;
  /** The modern result may be `input_required`. */
  readonly mrtr?: boolean;
}

const BOTH: readonly Era[] = ['legacy', 'modern'];
const LEGACY: readonly Era[] = ['legacy'];
const MODERN: readonly Era[] = ['modern'];

type Traits = Omit<MethodInfo, 'kind' | 'eras' | 'from'>;
const asked = (eras: readonly Era[], traits: Traits = {}, from: MethodInfo['from'] = 'client'): MethodInfo => ({
  kind: 'request',
  eras,
  from,
  ...traits,
});
const told = (eras: readonly Era[], from: MethodInfo['from'], traits: Traits = {}): MethodInfo => ({
  kind: 'notification',
  eras,
  from,
  ...traits,
});

/** Every method of the revisions the hub speaks, tasks of both eras included; use {@link methodInfo} to look one up. */
export const METHODS: Readonly<Record<string, MethodInfo>> = {
  'server/discover': asked(MODERN, { cacheable: 'discover', fanout: true }),
  'tools/list': asked(BOTH, { cacheable: 'tools', fanout: true }),
  'tools/call': asked(BOTH, { target: 'name', mrtr: true }),
  'prompts/list': asked(BOTH, { cacheable: 'prompts', fanout: true }),
  'prompts/get': asked(BOTH, { target: 'name', mrtr: true }),
  'resources/list': asked(BOTH, { cacheable: 'resources', fanout: true }),
  'resources/templates/list': asked(BOTH, { cacheable: 'resourceTemplates', fanout: true }),
  'resources/read': asked(BOTH, { target: 'uri', cacheable: 'contents', mrtr: true }),
  'completion/complete': asked(BOTH, { target: 'ref' }),
  'subscriptions/listen': asked(MODERN, { fanout: true }),
  'tasks/get': asked(BOTH, { target: 'taskId' }, 'both'),
  'tasks/update': asked(MODERN, { target: 'taskId' }),
  'tasks/cancel': asked(BOTH, { target: 'taskId' }, 'both'),
  'tasks/result': asked(LEGACY, { target: 'taskId' }, 'both'),
  'tasks/list': asked(LEGACY, { fanout: true }, 'both'),
  initialize: asked(LEGACY),
  ping: asked(LEGACY, {}, 'both'),
  'logging/setLevel': asked(LEGACY, { fanout: true }),
  'resources/subscribe': asked(LEGACY, { target: 'uri' }),
  'resources/unsubscribe': asked(LEGACY, { target: 'uri' }),
  'sampling/createMessage': asked(LEGACY, {}, 'server'),
  'elicitation/create': asked(LEGACY, {}, 'server'),
  'roots/list': asked(LEGACY, {}, 'server'),
  'notifications/initialized': told(LEGACY, 'client'),
  'notifications/roots/list_changed': told(LEGACY, 'client'),
  'notifications/cancelled': told(BOTH, 'both'),
  'notifications/progress': told(BOTH, 'both'),
  'notifications/message': told(BOTH, 'server'),
  'notifications/tools/list_changed': told(BOTH, 'server'),
  'notifications/prompts/list_changed': told(BOTH, 'server'),
  'notifications/resources/list_changed': told(BOTH, 'server'),
  'notifications/resources/updated': told(BOTH, 'server', { target: 'uri' }),
  'notifications/elicitation/complete': told(LEGACY, 'server'),
  'notifications/tasks/status': told(LEGACY, 'both', { target: 'taskId' }),
  'notifications/tasks': told(MODERN, 'server', { target: 'taskId' }),
  'notifications/subscriptions/acknowledged': told(MODERN, 'server'),
};

/** What the hub knows of a method; undefined for those of vendors and extensions it was not taught. */
export function methodInfo(method: string): MethodInfo | undefined {
  return Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
}

/** The member of `params` that the `Mcp-Name` header repeats. @see MCP 2026-07-28 streamable HTTP, standard headers */
export function nameHeaderSource(method: string): 'name' | 'uri' | 'taskId' | undefined {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return 'name';
    case 'resources/read':
      return 'uri';
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return 'taskId';
    default:
      return undefined;
  }
}
