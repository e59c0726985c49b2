import { Payload } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import type { Member } from './settings.ts';

/** The URI of the hub's own resource: the servers behind it. */
export const SERVERS_URI = 'hatago://servers';

/** How the resource stands in `resources/list`. */
export const SERVERS_ITEM: Payload = Payload.ofValue({
  uri: SERVERS_URI,
  name: 'servers',
  title: 'Connected servers',
  description: 'The servers behind this hub: their state, how they are reached, and how much each of them offers.',
  mimeType: 'application/json',
});

/** One server as the resource shows it; free of secrets. */
export interface ServerRow {
  readonly id: string;
  readonly status: string;
  readonly type: string;
  readonly url: string | null;
  readonly command: string | null;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  readonly error: string | null;
}

/** The rows of a route's servers, in the order of the configuration. */
export function serverRows(members: readonly Member[]): readonly ServerRow[] {
  return members.map(({ upstream, inventory }) => ({
    id: upstream.id,
    status: upstream.status.state,
    type: upstream.about.type,
    url: upstream.about.url ?? null,
    command: upstream.about.command ?? null,
    tools: inventory.list('tools').items.length,
    resources: inventory.list('resources').items.length,
    prompts: inventory.list('prompts').items.length,
    error: upstream.status.error ?? inventory.error ?? null,
  }));
}

/** The outcome of reading {@link SERVERS_URI}. */
export function readServers(servers: readonly ServerRow[]): Outcome {
  const text = JSON.stringify({ total: servers.length, servers }, null, 2);
  const contents = [{ uri: SERVERS_URI, mimeType: 'application/json', text }];
  return { kind: 'complete', result: Payload.ofValue({ contents, ttlMs: 0, cacheScope: 'private' }) };
}
