import { isRecord, TASKS_EXTENSION } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { RouteContext } from './route-context.ts';
import { textMember } from './text-member.ts';

/** Takes a request about a task to the server that runs it; a task of somebody else is as good as none. */
export function aboutTask(context: RouteContext, exchange: Exchange): Promise<Outcome> {
  if (!declaresTasks(exchange)) {
    const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
    return Promise.resolve(failure('HATAGO_CAPABILITY_REQUIRED', { data: { requiredCapabilities } }));
  }
  const taskId = textMember(exchange.params, 'taskId');
  const owner = taskId === undefined ? undefined : context.taskIds.fromPublic(exchange.principal.id, taskId);
  const there = owner === undefined ? undefined : context.elsewhere(owner.generation, owner.upstream);
  if (there !== undefined) return there(exchange);
  const member = owner === undefined ? undefined : context.memberOf(owner.upstream);
  if (taskId === undefined || owner === undefined || member === undefined) {
    return Promise.resolve(failure('HATAGO_INVALID_PARAMS', { message: 'There is no such task.' }));
  }
  const rewriter = context.catalog().resources.rewriterOf(member);
  return context.relay.send(exchange, { member, target: owner.taskId, rewriter, wrap: owner.wrap, taskId });
}

/** Whether the client knows tasks: each request says so anew. @see SEP-2663, capability negotiation */
function declaresTasks({ envelope }: Exchange): boolean {
  const declared = envelope.clientCapabilities.value();
  const extensions = isRecord(declared) ? declared.extensions : undefined;
  return isRecord(extensions) && isRecord(extensions[TASKS_EXTENSION]);
}
