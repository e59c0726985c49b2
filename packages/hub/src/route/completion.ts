import { editObject, Payload } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { Catalog } from './catalog.ts';
import { codeOf, type Destination, type Relay } from './relay.ts';
import type { Member } from './settings.ts';
import { textMember } from './text-member.ts';

/** Options of {@link completeArgument}. */
export interface CompletionOptions {
  /** Several servers are behind the route: that one of them cannot complete is not said of all. */
  readonly aggregate: boolean;
  readonly relay: Relay;
  /** The catalog, once the reference is known in it or all servers have settled. */
  catalogFor(known: (catalog: Catalog) => boolean): Promise<Catalog>;
}

/** Asks the owner of a prompt or template for values of an argument. */
export async function completeArgument(exchange: Exchange, options: CompletionOptions): Promise<Outcome> {
  const { aggregate, relay } = options;
  const ref = exchange.params.member('ref');
  const name = ref === undefined ? undefined : textMember(ref, 'name');
  const uri = ref === undefined ? undefined : textMember(ref, 'uri');
  const text = name ?? uri;
  if (ref === undefined || text === undefined) return invalid('params.ref must hold a "name" or a "uri".');
  const find = (catalog: Catalog): { member: Member; target: string | undefined } | undefined =>
    name === undefined ? catalog.resources.ownerOfReference(text) : catalog.prompts.find(text);
  const catalog = await options.catalogFor((known) => find(known) !== undefined);
  const owner = find(catalog);
  if (owner === undefined)
    return invalid(`No server offers ${name === undefined ? 'the resource' : 'the prompt'} of this reference.`);
  const { member, target } = owner;
  const offers = member.upstream.status.offers;
  if (aggregate && offers !== undefined && offers.capabilities.completions === undefined) return NOTHING;
  const to: Destination = { member, target: undefined, rewriter: undefined, wrap: false };
  const edits = { ref: editObject(ref, { [name === undefined ? 'uri' : 'name']: JSON.stringify(target) }) };
  const sent =
    target === undefined ? exchange : withParams(exchange, Payload.ofPieces(editObject(exchange.params, edits)));
  const outcome = await relay.send(sent, to);
  return aggregate && codeOf(outcome) === -32601 ? NOTHING : outcome;
}

const NOTHING: Outcome = {
  kind: 'complete',
  result: Payload.ofValue({ completion: { values: [], total: 0, hasMore: false } }),
};

const invalid = (message: string): Outcome => failure('HATAGO_INVALID_PARAMS', { message });

/** The exchange with other params. */
function withParams(exchange: Exchange, params: Payload): Exchange {
  const { method, envelope, principal, route, session, signal } = exchange;
  return { method, params, envelope, principal, route, session, signal, emit: (n) => exchange.emit(n) };
}
