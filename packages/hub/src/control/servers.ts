import type { Upstream } from '../core/upstream.ts';
import type { Openers } from '../upstream/detect.ts';
import { createUpstream } from '../upstream/server.ts';
import type { UpstreamDeps, UpstreamSpec } from '../upstream/spec.ts';
import type { BuiltServer } from './build.ts';
import type { Config, ServerConfig } from './config.ts';
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

/** Makes the upstreams of a configuration and of what was registered; disabled servers are left out. */
export function buildServers(
  config: Config,
  registered: readonly RegisteredServer[],
  folder: string,
  deps: UpstreamDeps,
): readonly BuiltServer[] {
  const configured = Object.entries(config.mcpServers)
    .filter(([, server]) => !server.disabled)
    .map(([id, server]) => toServer(server, createUpstream(toUpstreamSpec(id, server, config, folder), deps)));
  const embedded = registered.map(({ id, upstream, openers, tags = [] }) => ({
    upstream: 'request' in upstream ? upstream : createUpstream({ ...upstream, id }, deps, openers),
    tags,
  }));
  return [...configured, ...embedded];
}

function toServer(server: ServerConfig, upstream: Upstream): BuiltServer {
  const { tools, instructions, tags } = server;
  return { upstream, tools, tags, ...(instructions === undefined ? {} : { instructions }) };
}
