import {
  editObject,
  fromLegacyCreated,
  isRecord,
  Payload,
  type Piece,
  TASKS_EXTENSION,
  toModernTask,
} from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { answersAsk, missingCapabilities } from './answers.ts';
import { ASK_KINDS, embedAsk, hintOf } from './ask-shape.ts';
import type { ConnectionContext, ConnectionEvents } from './connection.ts';
import { legacyParams } from './params.ts';
import type { Peer } from './peer.ts';
import { Pending } from './pending.ts';
import { legacyTaskIn, relatedTaskOf } from './task-shape.ts';
import type { ToolBook } from './tool-facts.ts';
import { quote, requestMessage } from './wire.ts';

/** The tasks of a 2025-11-25 server, for callers that know tasks as the modern extension or not at all. */
export interface LegacyTasks {
  /** Whether the server runs this call only as a task. */
  runs(call: UpstreamCall): boolean;
  /** Carries out a call that runs as a task, or a `tasks/…` request. */
  request(call: UpstreamCall): Promise<Outcome>;
  /** What an answer to a call that runs as a task means; `not-a-task` leaves it to the era. */
  answered(pending: Pending, body: Payload): Outcome | undefined | 'not-a-task';
  /** The call whose task a message belongs to; `taken` when the ask is kept for `tasks/get`. */
  attribute(rpcId: string, method: string, params: Payload): Pending | 'taken' | undefined;
  /** The server reports the state of a task. */
  status(params: Payload): void;
  /** A caller's request has ended; its task must not run on. */
  ended(pending: Pending): void;
}

type LegacyState = { readonly taskId: string; readonly status: string };

/** A task whose handle the caller holds. */
interface Task {
  readonly call: UpstreamCall;
  readonly asks: Map<string, { rpcId: string; method: string; params: Payload }>;
  readonly counts: Map<string, number>;
  /** Set while `tasks/result` is open, during which the server asks. */
  result: Promise<Outcome> | undefined;
  /** Called when the next ask is there. */
  onAsk: (() => void)[];
}

const EMPTY = Payload.ofValue({});
/** How long `tasks/get` waits for the questions of a task that needs input, in milliseconds. */
const ASK_WAIT_MS = 1000;
const MAX_TASKS = 1024;

/** Makes the {@link LegacyTasks} of a session. */
export function createLegacyTasks(
  peer: Peer,
  context: ConnectionContext,
  events: ConnectionEvents,
  book: ToolBook,
  capabilities: () => Record<string, unknown>,
): LegacyTasks {
  const server = context.spec.id;
  const tasks = new Map<string, Task>();
  /** Calls that wait for the result of their task, by task. */
  const blocking = new Map<string, Pending>();
  const asTask = new WeakSet<Pending>();

  const offersTasks = (): boolean => {
    const { tasks: offered } = capabilities();
    const requests = isRecord(offered) && isRecord(offered.requests) ? offered.requests : {};
    return isRecord(requests.tools) && isRecord(requests.tools.call);
  };

  const remember = (taskId: string, call: UpstreamCall): Task => {
    const known = tasks.get(taskId);
    if (known !== undefined) return known;
    const task: Task = { call, asks: new Map(), counts: new Map(), result: undefined, onAsk: [] };
    tasks.set(taskId, task);
    if (tasks.size > MAX_TASKS) for (const oldest of tasks.keys()) if (tasks.delete(oldest)) break;
    return task;
  };

  const own = async (method: string, taskId: string, limitMs: number): Promise<Outcome> =>
    (await peer.own(method, `{"taskId":${JSON.stringify(taskId)}}`, limitMs)).outcome;

  const runs = (call: UpstreamCall): boolean => {
    if (call.method !== 'tools/call' || !offersTasks()) return false;
    const name = call.target ?? call.params.text('name');
    return name !== undefined && book.factsOf(name)?.taskSupport === 'required';
  };

  const start = (call: UpstreamCall): Promise<Outcome> => {
    const id = peer.mint();
    const message = requestMessage(id, call.method, legacyParams(call, id, { task: '{}' }));
    const pending = new Pending(peer, id, call.method, message, call);
    asTask.add(pending);
    return peer.start(pending);
  };

  const answered = (pending: Pending, body: Payload): Outcome | undefined | 'not-a-task' => {
    const task = asTask.has(pending) ? legacyTaskIn(body.member('task')) : undefined;
    if (task === undefined) return 'not-a-task';
    const call = pending.call as UpstreamCall;
    if (declaresTasks(call)) {
      remember(task.taskId, call);
      return { kind: 'task', result: fromLegacyCreated(body) as Payload };
    }
    // The caller knows no tasks: its call goes on until there is a result.
    blocking.set(task.taskId, pending);
    void own('tasks/result', task.taskId, 0).then((outcome) => {
      blocking.delete(task.taskId);
      peer.settle(pending, outcome);
    });
    return undefined;
  };

  /** The final outcome of a task; while it is awaited the server puts the task's questions. */
  const resultOf = (taskId: string, task: Task): Promise<Outcome> => {
    task.result ??= own('tasks/result', taskId, 0).then((outcome) => {
      if (outcome.kind === 'error') task.result = undefined;
      return outcome;
    });
    return task.result;
  };

  const hasAsked = (task: Task): Promise<void> => {
    if (task.asks.size > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = context.schedule(ASK_WAIT_MS, resolve);
      task.onAsk.push(() => {
        stop();
        // Others that belong to the same question come right behind it.
        context.schedule(context.limits.coalesceMs, resolve);
      });
    });
  };

  /** A task with what the modern era puts into it: the result, the error, or the questions. */
  const detail = async (plain: Payload, state: LegacyState, call: UpstreamCall): Promise<Payload> => {
    const { taskId, status } = state;
    const task = remember(taskId, call);
    if (status === 'input_required') {
      void resultOf(taskId, task);
      await hasAsked(task);
      return Payload.ofPieces(toModernTask(plain, { inputRequests: requestsOf(task) }));
    }
    if (status !== 'completed' && status !== 'failed') return Payload.ofPieces(toModernTask(plain));
    const outcome = await resultOf(taskId, task);
    const error = outcome.kind === 'error' ? outcome.error : undefined;
    // A tool's own error is a result in the modern era.
    const result = outcome.kind === 'error' ? undefined : complete(outcome.result);
    const modern = Payload.ofPieces(toModernTask(plain, { error, result }));
    return Payload.ofPieces(editObject(modern, { status: error === undefined ? '"completed"' : '"failed"' }));
  };

  const get = async (call: UpstreamCall, taskId: string): Promise<Outcome> => {
    const outcome = await own('tasks/get', taskId, context.timeouts.requestMs);
    if (outcome.kind === 'error') return outcome;
    const state = legacyTaskIn(outcome.result);
    if (state === undefined) return failure('HATAGO_UPSTREAM_PROTOCOL', { server });
    return { kind: 'complete', result: await detail(outcome.result, state, call) };
  };

  const update = (call: UpstreamCall, taskId: string): Outcome => {
    const task = tasks.get(taskId);
    const answers = call.params.member('inputResponses');
    for (const key of answers?.members()?.names ?? []) {
      const ask = task?.asks.get(key);
      const answer = answers?.member(key);
      if (ask === undefined || answer === undefined || !answersAsk(ask.method, answer)) continue;
      task?.asks.delete(key);
      peer.respond(ask.rpcId, 'result', answer.pieces() as readonly Piece[]);
    }
    return { kind: 'complete', result: EMPTY };
  };

  const request = async (call: UpstreamCall): Promise<Outcome> => {
    if (call.method === 'tools/call') return start(call);
    const taskId = call.target ?? call.params.text('taskId');
    const known = taskId === undefined ? undefined : tasks.get(taskId);
    if (taskId === undefined || (known !== undefined && known.call.principal.id !== call.principal.id)) {
      return failure('HATAGO_INVALID_PARAMS', { server, message: 'There is no such task.' });
    }
    if (call.method === 'tasks/get') return get(call, taskId);
    if (call.method === 'tasks/update') return update(call, taskId);
    if (call.method !== 'tasks/cancel') return failure('HATAGO_METHOD_NOT_FOUND', { server });
    const outcome = await own('tasks/cancel', taskId, context.timeouts.requestMs);
    return outcome.kind === 'error' ? outcome : { kind: 'complete', result: EMPTY };
  };

  const attribute = (rpcId: string, method: string, params: Payload): Pending | 'taken' | undefined => {
    const taskId = relatedTaskOf(params);
    if (taskId === undefined) return undefined;
    const waiting = blocking.get(taskId);
    const task = tasks.get(taskId);
    const kind = ASK_KINDS.get(method);
    if (waiting !== undefined || task === undefined || kind === undefined) return waiting;
    if (missingCapabilities(method, params, task.call.envelope.clientCapabilities) !== undefined) {
      peer.respond(rpcId, 'error', [`{"code":-32601,"message":${quote(`The client does not support ${method}`)}}`]);
      return 'taken';
    }
    const hint = hintOf(params);
    const count = (task.counts.get(kind) ?? 0) + 1;
    task.counts.set(kind, count);
    const key = hint !== undefined && !task.asks.has(hint) ? hint : `${kind}_${count}`;
    task.asks.set(key, { rpcId, method, params: embedAsk(method, params, false) });
    for (const told of task.onAsk.splice(0)) told();
    return 'taken';
  };

  const status = (params: Payload): void => {
    const task = legacyTaskIn(params);
    if (task === undefined) return;
    const waiting = blocking.get(task.taskId);
    if (waiting !== undefined) waiting.touchedAt = context.now();
    const known = tasks.get(task.taskId);
    if (known === undefined) return;
    void detail(params, task, known.call).then((modern) => {
      events.emit({ type: 'task', notification: { method: 'notifications/tasks', params: modern } });
    });
  };

  const ended = (pending: Pending): void => {
    if (!asTask.has(pending)) return;
    for (const [taskId, waiting] of blocking) {
      if (waiting !== pending) continue;
      blocking.delete(taskId);
      void own('tasks/cancel', taskId, context.timeouts.requestMs);
    }
  };

  return { runs, request, answered, attribute, status, ended };
}

function requestsOf(task: Task): Payload {
  const pieces: Piece[] = ['{'];
  for (const [key, { method, params }] of task.asks) {
    pieces.push(`${pieces.length === 1 ? '' : ','}${JSON.stringify(key)}:{"method":"${method}","params":`);
    pieces.push(...params.pieces(), '}');
  }
  pieces.push('}');
  return Payload.ofPieces(pieces);
}

function complete(result: Payload): Payload {
  return Payload.ofPieces(editObject(result, { resultType: '"complete"' }));
}

function declaresTasks(call: UpstreamCall): boolean {
  const capabilities = call.envelope.clientCapabilities.value();
  const extensions = isRecord(capabilities) ? capabilities.extensions : undefined;
  return isRecord(extensions) && isRecord(extensions[TASKS_EXTENSION]);
}
