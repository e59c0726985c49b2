import type { Upstream } from '../core/upstream.ts';
import type { Inventory } from '../route/inventory.ts';
import type { Member } from '../route/settings.ts';
import type { Config, ServerConfig } from './config.ts';
import type { ServerView } from './control-plane.ts';
import { toReadiness } from './readiness.ts';
import { aboutOf } from './server-spec.ts';
import { countTools } from './tokens.ts';

/** What is known of one server. */
export interface ViewInput {
  readonly id: string;
  /** Undefined for a server that was registered by the program the hub is embedded in. */
  readonly server: ServerConfig | undefined;
  /** Undefined for a server that is not part of the running generation, such as a disabled one. */
  readonly upstream: Upstream | undefined;
  readonly inventory: Pick<Inventory, 'list' | 'error'> | undefined;
}

/** One server as everybody is shown it: free of secrets, and with what to do where it cannot be used. */
export function toServerView({ id, server, upstream, inventory }: ViewInput): ServerView {
  const status = upstream?.status;
  const supervision = upstream?.supervised?.supervision;
  const about = upstream?.about ?? (server === undefined ? { type: 'unknown' } : aboutOf(server));
  const readiness = toReadiness({ id, server, status, supervision, listError: inventory?.error });
  const offered = inventory === undefined ? undefined : countTools(inventory.list('tools'), server?.tools);
  return {
    id,
    status: status?.state ?? 'stopped',
    type: about.type,
    url: about.url ?? null,
    command: about.command ?? null,
    tags: server?.tags ?? [],
    tools: offered?.count ?? 0,
    resources: inventory?.list('resources').items.length ?? 0,
    prompts: inventory?.list('prompts').items.length ?? 0,
    tokens: offered?.tokens ?? 0,
    error: status?.error ?? inventory?.error ?? server?.blocked?.message ?? null,
    era: status?.offers?.era ?? null,
    protocolVersion: status?.offers?.protocolVersion ?? null,
    readiness,
    supervision: supervision ?? null,
  };
}

/**
 * The servers of a configuration in its order, disabled ones among them, and behind them those that were registered by
 * the embedding program.
 */
export function toServerViews(servers: Config['mcpServers'], members: readonly Member[]): readonly ServerView[] {
  const left = new Map(members.map((member) => [member.upstream.id, member]));
  const configured = Object.entries(servers).map(([id, server]) => {
    const member = left.get(id);
    left.delete(id);
    return toServerView({ id, server, upstream: member?.upstream, inventory: member?.inventory });
  });
  const registered = [...left].map(([id, { upstream, inventory }]) =>
    toServerView({ id, server: undefined, upstream, inventory }),
  );
  return [...configured, ...registered];
}
