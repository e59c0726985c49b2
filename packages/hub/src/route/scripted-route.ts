import type { LogEvent } from '../core/log.ts';
import { createRouter, type Router, type RouterOptions } from './router.ts';
import { createScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts';
import type { RouteServer } from './settings.ts';

/** A router over scripted servers, for tests. */
export interface ScriptedRoute<T extends string> extends Router {
  /** The servers by their ids. */
  readonly up: Readonly<Record<T, ScriptedUpstream>>;
  readonly logged: readonly LogEvent[];
  /** Whether an event of the name was logged. */
  saw(event: string): boolean;
}

const KEY = new Uint8Array(32).fill(7);

/** Makes the servers and the router; settings by server id. */
export function scriptedRoute<T extends string>(
  scripts: readonly (Script & { readonly id: T })[],
  options: Partial<RouterOptions> = {},
  settings: Partial<Record<T, Omit<RouteServer, 'upstream'>>> = {},
): ScriptedRoute<T> {
  const upstreams = scripts.map((script) => createScriptedUpstream(script));
  const logged: LogEvent[] = [];
  const router = createRouter({
    path: '/mcp',
    servers: upstreams.map((upstream, i) => ({ ...settings[(scripts[i] as { id: T }).id], upstream })),
    prefix: true,
    sealKeys: [KEY],
    hubInfo: { name: 'hatago', version: '0' },
    log: (event) => void logged.push(event),
    ...options,
    limits: { settleMs: 50, coalesceMs: 1, graceMs: 5, ...options.limits },
  });
  const up = Object.fromEntries(upstreams.map((upstream) => [upstream.id, upstream])) as Record<T, ScriptedUpstream>;
  return { ...router, up, logged, saw: (name) => logged.some(({ event }) => event === name) };
}
