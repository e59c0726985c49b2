import { err } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { Frame } from './request-state.ts';
import type { RouteContext } from './route-context.ts';
import { textMember } from './text-member.ts';

/** Whether an exchange is the retry of one that was answered with questions. */
export function isRetry(exchange: Exchange): boolean {
  return exchange.params.members()?.names.includes('requestState') === true;
}

/** Takes a retry straight to the server that asked; a state that is not this caller's for this request is refused. */
export function resume(context: RouteContext, exchange: Exchange): Promise<Outcome> {
  const { states, relay, log } = context;
  const text = textMember(exchange.params, 'requestState');
  const opened = text === undefined ? err('malformed') : states.open(exchange, text);
  const there = opened.ok ? context.elsewhere(opened.value.generation, opened.value.upstream) : undefined;
  if (there !== undefined) return there(exchange);
  const member = opened.ok ? context.memberOf(opened.value.upstream) : undefined;
  if (!opened.ok || member === undefined) {
    const { method, principal, route } = exchange;
    const reason = opened.ok ? 'server' : opened.error;
    log({ level: 'warn', event: 'sec.state_invalid', method, principal: principal.id, route, reason });
    const message = 'The requestState is not valid for this request; send the request again without it.';
    return Promise.resolve(failure('HATAGO_INVALID_PARAMS', { message }));
  }
  const { target, wrap, inner } = opened.value as Frame;
  const rewriter = context.catalog().resources.rewriterOf(member);
  return relay.send(exchange, { member, target, rewriter, wrap, resume: { state: inner } });
}
