import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { Catalog } from './catalog.ts';
import { codeOf, type Destination, type Relay } from './relay.ts';
import { readServers, SERVERS_URI, type ServerRow } from './servers-resource.ts';
import type { Member } from './settings.ts';
import { textMember } from './text-member.ts';

/** Options of {@link readResource}. */
export interface ReadOptions {
  readonly aggregate: boolean;
  readonly members: readonly Member[];
  readonly relay: Relay;
  /** The servers as the hub's own resource shows them. */
  rows(): readonly ServerRow[];
  /** The catalog, once the URI is known in it or all servers have settled. */
  catalogFor(known: (catalog: Catalog) => boolean): Promise<Catalog>;
}

/** What servers answer that do not have a resource. */
const ABSENT = new Set([-32002, -32602, -32601]);

/** Reads a resource at its owner: who lists it, else whose template fits, else the first server that knows it. */
export async function readResource(exchange: Exchange, options: ReadOptions): Promise<Outcome> {
  const { aggregate, members, relay } = options;
  const uri = textMember(exchange.params, 'uri');
  if (uri === undefined) return failure('HATAGO_INVALID_PARAMS', { message: 'params.uri must be a text.' });
  if (aggregate && uri === SERVERS_URI) return readServers(options.rows());
  const { resources } = await options.catalogFor((catalog) => catalog.resources.ownerOf(uri) !== undefined);
  const to = (member: Member, target: string | undefined): Destination => ({
    member,
    target,
    rewriter: resources.rewriterOf(member),
    wrap: false,
  });
  const owner = resources.ownerOf(uri);
  if (owner !== undefined) return relay.send(exchange, to(owner.member, owner.target));
  const only = members[0];
  if (!aggregate && only !== undefined) return relay.send(exchange, to(only, undefined));
  let other: Outcome | undefined;
  for (const member of members) {
    const { state, offers } = member.upstream.status;
    if (state !== 'ready' || offers?.capabilities.resources === undefined) continue;
    const outcome = await relay.send(exchange, to(member, undefined));
    const code = codeOf(outcome);
    if (code === undefined) return outcome;
    if (!ABSENT.has(code)) other ??= outcome;
  }
  return other ?? failure('HATAGO_RESOURCE_NOT_FOUND', { data: { uri } });
}
