import { type Edits, EMPTY_OBJECT, editObject, isRecord, Payload, toLegacyError } from '@hatago/protocol';
import { NEVER } from '../core/cancel.ts';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { answersText, askAll, asksOf } from './legacy-asks.ts';
import type { LegacyCall } from './legacy-call.ts';
import { runExchange } from './run.ts';

const POLL_MS = 1_000;
const SOONEST_MS = 50;
const LATEST_MS = 30_000;
/** A task is followed no longer than this, whatever its server says. */
const MOST_MS = 24 * 3_600_000;

/** What is remembered of a server's task while a client waits for its result. */
interface Followed {
  readonly call: LegacyCall;
  readonly taskId: string;
  readonly untilMs: number;
  /** Keys of the task's questions that were put to the client. */
  readonly asked: Set<string>;
}

/**
 * Waits for a server's task on behalf of a client that called a tool and knows nothing of tasks: polls it, relays its
 * questions, keeps the client's patience with progress, and answers the call with what the task ends in.
 * @see MCP tasks extension
 */
export function followTask(call: LegacyCall, handle: Payload): void {
  const taskId = handle.text('taskId');
  if (taskId === undefined) return call.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
  const untilMs = call.owner.deps.now() + MOST_MS;
  const followed: Followed = { call, taskId, untilMs, asked: new Set() };
  call.abandon = () => ask(followed, 'tasks/cancel', {}, () => {});
  poll(followed, pauseOf(handle));
}

/** Cancels a task whose client has gone before it was known. */
export function dropTask(call: LegacyCall, handle: Payload): void {
  const taskId = handle.text('taskId');
  if (taskId === undefined) return;
  ask({ call, taskId, untilMs: 0, asked: new Set() }, 'tasks/cancel', {}, () => {});
}

function poll(followed: Followed, pauseMs: number): void {
  const { call } = followed;
  const pause = setTimeout(() => {
    if (call.over) return;
    if (call.owner.deps.now() >= followed.untilMs) return call.fail(failure('HATAGO_UPSTREAM_TIMEOUT').error);
    ask(followed, 'tasks/get', {}, (outcome) => seen(followed, outcome));
  }, pauseMs);
  call.open = { withdraw: () => clearTimeout(pause) };
}

function seen(followed: Followed, outcome: Outcome): void {
  const { call } = followed;
  if (call.over) return;
  if (outcome.kind === 'error') return call.fail(toLegacyError(outcome.error));
  const task = outcome.result;
  const status = task.text('status');
  // There is nothing left to cancel.
  if (status === 'completed' || status === 'failed' || status === 'cancelled') call.abandon = undefined;
  switch (status) {
    case 'completed': {
      const result = task.member('result');
      if (result === undefined) return call.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
      const wrap = outcome.kind !== 'input_required' && outcome.wrap === true;
      return call.complete({ kind: 'complete', result, wrap });
    }
    case 'failed': {
      const error = task.member('error') ?? failure('HATAGO_UPSTREAM_PROTOCOL').error;
      return call.fail(toLegacyError(error));
    }
    case 'cancelled':
      return call.refuse('The task was cancelled by its server.', failure('HATAGO_UPSTREAM_LOST').error);
    case 'input_required':
      return answer(followed, task);
    case 'working':
      keepPatience(call, task);
      return poll(followed, pauseOf(task));
    default:
      return call.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
  }
}

/** Puts the task's new questions to the client and hands the answers on. */
function answer(followed: Followed, task: Payload): void {
  const { call, asked } = followed;
  const asks = asksOf(task)?.filter((one) => !asked.has(one.key));
  if (asks === undefined) return call.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
  if (asks.length === 0) return poll(followed, pauseOf(task));
  for (const one of asks) asked.add(one.key);
  askAll(call, asks, (answers) => {
    call.open = undefined;
    ask(followed, 'tasks/update', { inputResponses: answersText(answers) }, (outcome) => {
      if (call.over) return;
      if (outcome.kind === 'error') call.fail(toLegacyError(outcome.error));
      else poll(followed, SOONEST_MS);
    });
  });
}

function ask(followed: Followed, method: string, more: Edits, done: (outcome: Outcome) => void): void {
  const { call, taskId } = followed;
  const exchange: Exchange = {
    method,
    params: Payload.ofPieces(editObject(EMPTY_OBJECT, { taskId: JSON.stringify(taskId), ...more })),
    envelope: { ...call.envelope, progressToken: undefined },
    principal: call.principal,
    route: call.route,
    session: call.session,
    signal: method === 'tasks/cancel' ? NEVER : call.signal,
    emit() {},
  };
  runExchange(call.owner.deps, exchange, done, call.generation);
}

/** Clients give up on a request that shows no life. */
function keepPatience(call: LegacyCall, task: Payload): void {
  const { progressToken } = call.envelope;
  if (progressToken === undefined) return;
  const message = task.text('statusMessage');
  call.emit({
    method: 'notifications/progress',
    params: Payload.ofValue({
      progressToken,
      progress: Number.isFinite(call.progress) ? Math.floor(call.progress) + 1 : 1,
      ...(message === undefined ? {} : { message }),
    }),
  });
}

function pauseOf(task: Payload): number {
  const value = task.value();
  const wanted = isRecord(value) && typeof value.pollIntervalMs === 'number' ? value.pollIntervalMs : POLL_MS;
  return Math.min(Math.max(wanted, SOONEST_MS), LATEST_MS);
}
