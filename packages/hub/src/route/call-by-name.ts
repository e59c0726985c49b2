import { checkParamHeaders, eraOf } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Handler, Outcome } from '../core/exchange.ts';
import { isIncluded } from '../core/globs.ts';
import { isWrapped } from './catalog.ts';
import type { NameEntry } from './name-table.ts';
import { canonicalName } from './names.ts';
import { isRetry, resume } from './resume.ts';
import type { RouteContext } from './route-context.ts';
import type { Member } from './settings.ts';
import { textMember } from './text-member.ts';

/**
 * Handles `tools/call` or `prompts/get`. A public name is looked up once and its call goes at once, whatever other
 * servers do; only a name that is not known yet waits for them.
 */
export function createCallByName(context: RouteContext, kind: 'tools' | 'prompts'): Handler {
  const { aggregate, naming, relay } = context;
  // With names of their own two servers may turn out to share one, so nobody is certain of a name before all are there.
  const certain = !aggregate || naming.strategy === 'prefix';

  const enter = (exchange: Exchange, entry: NameEntry): Promise<Outcome> => {
    const fault = headerFault(exchange, entry);
    if (fault !== undefined) return Promise.resolve(mismatch(fault));
    if (kind === 'prompts' || eraOf(exchange.envelope.protocolVersion) !== 'legacy' || !isWrapped(entry)) {
      return relay.send(exchange, entry);
    }
    const { member, target, rewriter } = entry;
    return relay.send(exchange, { member, target, rewriter, wrap: true });
  };
  const search = async (exchange: Exchange, name: string): Promise<Outcome> => {
    const names = (await context.catalogFor(() => false))[kind];
    const entry = names.find(name);
    if (entry !== undefined) return enter(exchange, entry);
    const sharers = names.sharedBy(name);
    if (sharers !== undefined) return ambiguous(kind, name, sharers);
    const owner = unreadOwner(context, kind, name);
    if (owner === undefined) return unknown(kind, name);
    const { state, held } = owner.upstream.status;
    // One that is held back sends nothing, and says itself what it waits for.
    if (!held && (aggregate || state !== 'ready')) return relay.unavailable(owner.upstream.id);
    return relay.send(exchange, { member: owner, target: undefined, rewriter: undefined, wrap: false });
  };

  return (exchange) => {
    const name = textMember(exchange.params, 'name');
    if (name === undefined) {
      return Promise.resolve(failure('HATAGO_INVALID_PARAMS', { message: 'params.name must be a text.' }));
    }
    const names = context.catalog()[kind];
    if (isRetry(exchange)) {
      const asked = names.find(name);
      const fault = asked === undefined ? undefined : headerFault(exchange, asked);
      return fault === undefined ? resume(context, exchange) : Promise.resolve(mismatch(fault));
    }
    const entry = certain || context.complete ? names.byPublicName(name) : undefined;
    return entry === undefined ? search(exchange, name) : enter(exchange, entry);
  };
}

/** What of the `Mcp-Param-*` headers does not fit the call; only HTTP edges of the modern era have headers to compare. */
function headerFault(exchange: Exchange, { item }: NameEntry): string | undefined {
  if (item.declarations === undefined || exchange.header === undefined) return undefined;
  return checkParamHeaders(item.declarations, exchange.params.member('arguments')?.value(), exchange.header);
}

const mismatch = (fault: string): Outcome =>
  failure('HATAGO_HEADER_MISMATCH', { message: `The headers and the body disagree: ${fault}.` });

const WHAT = { tools: 'tool', prompts: 'prompt' };

/** The server a name must be of, although its names could not be read. */
function unreadOwner(context: RouteContext, kind: 'tools' | 'prompts', name: string): Member | undefined {
  const { aggregate, naming } = context;
  const unread = context.members.filter(({ inventory }) => !inventory.isRead(kind));
  if (!aggregate) return unread.find((member) => kind === 'prompts' || isOffered(member, name));
  const aliased = Object.entries(naming.aliases ?? {}).find(([, alias]) => alias === name)?.[0];
  if (aliased === undefined && naming.strategy !== 'prefix') return undefined;
  // This names a server in an error and sends nothing there: only the table decides where a call goes.
  return unread.find(({ upstream }) => (aliased ?? name).startsWith(canonicalName(upstream.id, '', naming)));
}

function isOffered({ tools }: Member, name: string): boolean {
  return isIncluded(name, tools?.include ?? ['*'], tools?.exclude ?? []);
}

function ambiguous(kind: 'tools' | 'prompts', name: string, servers: readonly string[]): Outcome {
  const message =
    `The servers ${servers.join(' and ')} each have a ${WHAT[kind]} ${JSON.stringify(name)}, so that none of them is ` +
    'offered: give them names of their own in toolNaming.aliases, or choose another toolNaming.strategy.';
  return failure('HATAGO_INVALID_PARAMS', { message });
}

function unknown(kind: 'tools' | 'prompts', name: string): Outcome {
  const what = WHAT[kind];
  const message = `Unknown ${what} ${JSON.stringify(name.slice(0, 128))}; see ${kind}/list for those there are.`;
  return failure('HATAGO_INVALID_PARAMS', { message });
}
