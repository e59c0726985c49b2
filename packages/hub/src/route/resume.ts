import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { RouteContext } from './route-context.ts';
import { textMember } from './text-member.ts';

/** Whether an exchange is the retry of one that was answered with questions. */
export function isRetry(exchange: Exchange): boolean {
  return exchange.params.members()?.names.includes('requestState') === true;
}

/**
 * Takes a retry straight to the server that asked; a state that is not this caller's for this request, or that was used
 * before, is refused.
 */
export function resume(context: RouteContext, exchange: Exchange): Promise<Outcome> {
  const { states, used, relay } = context;
  const text = textMember(exchange.params, 'requestState') ?? '';
  const opened = states.open(exchange, text);
  if (!opened.ok) return refuse(context, exchange, opened.error);
  const { generation, upstream, target, wrap, inner } = opened.value;
  const there = context.elsewhere(generation, upstream);
  if (there !== undefined) return there(exchange);
  const member = context.memberOf(upstream);
  if (member === undefined) return refuse(context, exchange, 'server');
  const rewriter = context.catalog().resources.rewriterOf(member);
  const send = (run: Exchange): Promise<Outcome> =>
    relay.send(run, { member, target, rewriter, wrap, resume: { state: inner } });
  return used.use(text, exchange, send) ?? refuse(context, exchange, 'used');
}

function refuse({ log }: RouteContext, { method, principal, route }: Exchange, reason: string): Promise<Outcome> {
  log({ level: 'warn', event: 'sec.state_invalid', method, principal: principal.id, route, reason });
  const message = 'The requestState is not valid for this request; send the request again without it.';
  return Promise.resolve(failure('HATAGO_INVALID_PARAMS', { message }));
}
