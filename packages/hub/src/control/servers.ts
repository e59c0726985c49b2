import type { Upstream } from '../core/upstream.ts';
import type { Openers } from '../upstream/detect.ts';
import { createUpstream } from '../upstream/server.ts';
import type { UpstreamDeps, UpstreamSpec } from '../upstream/spec.ts';
import type { BuiltServer } from './build.ts';
import type { Config } from './config.ts';
import { digestOf } from './plan.ts';
import type { PooledServer, ServerPool } from './server-pool.ts';
import { toUpstreamSpec } from './server-spec.ts';

/** A server handed to the hub by the program it is embedded in, beside those of the configuration. */
export interface RegisteredServer {
  readonly id: string;
  /** How it is reached, or the upstream itself when it is one of another kind than the hub knows. */
  readonly upstream: Omit<UpstreamSpec, 'id'> | Upstream;
  /** Opens the links to it, for a transport the hub does not know. @default by the kind of the upstream */
  readonly openers?: Openers;
  readonly tags?: readonly string[];
}

/** What servers are taken from. */
export interface ServersOptions {
  readonly pool: ServerPool;
  readonly registered: readonly RegisteredServer[];
  /** What relative working directories are relative to. */
  readonly folder: string;
  readonly deps: UpstreamDeps;
}

/** The servers of a generation, and what it holds of the pool. */
export interface TakenServers {
  readonly servers: readonly BuiltServer[];
  readonly held: readonly PooledServer[];
}

/**
 * Takes the servers of a configuration, and those that were registered, out of the pool; disabled ones are left out.
 * @throws what one of them throws when it is made; nothing is held then
 */
export function takeServers(config: Config, options: ServersOptions): TakenServers {
  const { pool, registered, folder, deps } = options;
  const held: PooledServer[] = [];
  const servers: BuiltServer[] = [];
  try {
    for (const [id, server] of Object.entries(config.mcpServers)) {
      if (server.disabled) continue;
      const spec = toUpstreamSpec(id, server, config, folder);
      const one = pool.acquire({
        id,
        digest: once(() => digestOf(spec)),
        config: server,
        make: () => createUpstream(spec, deps),
      });
      held.push(one);
      const { tools, instructions, tags } = server;
      servers.push({ upstream: one.upstream, tools, tags, ...(instructions === undefined ? {} : { instructions }) });
    }
    for (const { id, upstream, openers, tags = [] } of registered) {
      const make = (): Upstream =>
        'request' in upstream ? upstream : createUpstream({ ...upstream, id }, deps, openers);
      const one = pool.acquire({ id, digest: () => 'registered', config: undefined, make });
      held.push(one);
      servers.push({ upstream: one.upstream, tags });
    }
  } catch (error) {
    for (const one of held) void pool.release(one, 'the configuration could not be built');
    throw error;
  }
  return { servers, held };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
