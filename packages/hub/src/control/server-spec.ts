import { resolve } from 'node:path';
import type { UpstreamSpec } from '../upstream/spec.ts';
import type { Config, ServerConfig } from './config.ts';

/** What the upstream floor needs of one configured server. */
export function toUpstreamSpec(id: string, server: ServerConfig, config: Config, folder: string): UpstreamSpec {
  const { type, command, args, env, cwd, url, headers, protocol, capabilities, isolation, roots, timeouts, start } =
    server;
  const { limits } = config;
  const at = cwd ?? server.startIn;
  return {
    id,
    kind: type,
    protocol,
    capabilities,
    isolation,
    roots,
    timeouts,
    start,
    blocked: server.blocked,
    dependsOn: server.dependsOn,
    restart: server.restart,
    health: server.health,
    idleStopMs: server.idleStopMs,
    workspace: server.workspace,
    caps: server.limits,
    limits: {
      maxInFlight: limits.maxInFlightPerUpstream,
      maxQueue: limits.maxQueuePerUpstream,
      maxParkedPerPrincipal: limits.maxParkedPerPrincipal,
      parkedMs: limits.parkedMs,
      maxMessageBytes: limits.maxMessageBytes,
    },
    about: aboutOf(server),
    ...(command === undefined
      ? { url: url as string, headers }
      : { command, args, env, ...(at === undefined ? {} : { cwd: resolve(folder, at) }) }),
  };
}

/** The same of every server that is not disabled. */
export function toUpstreamSpecs(config: Config, folder: string): UpstreamSpec[] {
  return Object.entries(config.mcpServers)
    .filter(([, server]) => !server.disabled)
    .map(([id, server]) => toUpstreamSpec(id, server, config, folder));
}

/** What a person sees: no argument, query or header, for any of them may hold a secret. */
export function aboutOf({ type, command, url }: ServerConfig): { type: string; command?: string; url?: string } {
  if (command !== undefined) return { type, command };
  const { origin, pathname } = new URL(url as string);
  return { type, url: `${origin === 'null' ? '' : origin}${pathname}` };
}
