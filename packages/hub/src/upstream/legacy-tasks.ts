import { fromLegacyCreated, isRecord, Payload, TASKS_EXTENSION } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import type { ConnectionContext, ConnectionEvents } from './connection.ts';
import { HeldTasks } from './held-tasks.ts';
import { fromLegacyError } from './legacy-errors.ts';
import { legacyParams } from './params.ts';
import type { Peer } from './peer.ts';
import { Pending } from './pending.ts';
import { legacyTaskIn, relatedTaskOf } from './task-shape.ts';
import { requestMessage } from './wire.ts';

/** The tasks of a 2025-11-25 server, for callers that know tasks as the modern extension or not at all. */
export class LegacyTasks {
  readonly #peer: Peer;
  readonly #context: ConnectionContext;
  readonly #events: ConnectionEvents;
  readonly #held: HeldTasks;
  /** Calls that wait for the result of their task, by task. */
  readonly #blocking = new Map<string, Pending>();
  readonly #asTask = new WeakSet<Pending>();

  constructor(peer: Peer, context: ConnectionContext, events: ConnectionEvents) {
    this.#peer = peer;
    this.#context = context;
    this.#events = events;
    this.#held = new HeldTasks(peer, context);
  }

  /** Whether the server with the capabilities runs this call only as a task. */
  runs(call: UpstreamCall, capabilities: Record<string, unknown>): boolean {
    if (call.method !== 'tools/call' || !offersTasks(capabilities)) return false;
    const name = call.target ?? call.params.text('name');
    return name !== undefined && this.#context.tools.factsOf(name)?.taskSupport === 'required';
  }

  /** Begins a call that runs as a task. */
  start(call: UpstreamCall): Promise<Outcome> {
    const id = this.#peer.mint();
    const message = requestMessage(id, call.method, legacyParams(call, id, { task: '{}' }));
    const pending = new Pending(this.#peer, id, call.method, message, call);
    this.#asTask.add(pending);
    return this.#peer.start(pending);
  }

  /** Carries out a `tasks/…` request. */
  async request(call: UpstreamCall): Promise<Outcome> {
    const server = this.#context.spec.id;
    const taskId = call.target ?? call.params.text('taskId');
    const known = taskId === undefined ? undefined : this.#held.get(taskId);
    if (taskId === undefined || (known !== undefined && known.call.principal.id !== call.principal.id)) {
      return failure('HATAGO_INVALID_PARAMS', { server, message: 'There is no such task.' });
    }
    switch (call.method) {
      case 'tasks/get':
        return this.#get(call, taskId);
      case 'tasks/update':
        if (known !== undefined) this.#held.answer(known, call.params.member('inputResponses'));
        return { kind: 'complete', result: EMPTY };
      case 'tasks/cancel': {
        const outcome = await this.#own('tasks/cancel', taskId, this.#context.timeouts.requestMs);
        return outcome.kind === 'error' ? this.#refused(outcome.error, call) : { kind: 'complete', result: EMPTY };
      }
      default:
        return failure('HATAGO_METHOD_NOT_FOUND', { server });
    }
  }

  /** What an answer to a call that runs as a task means; `not-a-task` leaves it to the era. */
  answered(pending: Pending, body: Payload): Outcome | undefined | 'not-a-task' {
    const task = this.#asTask.has(pending) ? legacyTaskIn(body.member('task')) : undefined;
    if (task === undefined) return 'not-a-task';
    const call = pending.call as UpstreamCall;
    if (declaresTasks(call)) {
      this.#held.hold(task.taskId, call);
      return { kind: 'task', result: fromLegacyCreated(body) as Payload };
    }
    // The caller knows no tasks: its call goes on until there is a result.
    this.#blocking.set(task.taskId, pending);
    void this.#own('tasks/result', task.taskId, 0).then((outcome) => {
      this.#blocking.delete(task.taskId);
      this.#peer.settle(pending, outcome.kind === 'error' ? this.#refused(outcome.error, call) : outcome);
    });
    return undefined;
  }

  /** The call whose task an ask belongs to; `taken` when it is kept for `tasks/get`. */
  attribute(rpcId: string, method: string, params: Payload): Pending | 'taken' | undefined {
    const taskId = relatedTaskOf(params);
    if (taskId === undefined) return undefined;
    const waiting = this.#blocking.get(taskId);
    const task = this.#held.get(taskId);
    if (waiting !== undefined || task === undefined) return waiting;
    this.#held.ask(task, rpcId, method, params);
    return 'taken';
  }

  /** The server reports the state of a task. */
  status(params: Payload): void {
    const state = legacyTaskIn(params);
    if (state === undefined) return;
    const waiting = this.#blocking.get(state.taskId);
    if (waiting !== undefined) waiting.touchedAt = this.#context.now();
    const task = this.#held.get(state.taskId);
    if (task === undefined) return;
    void this.#held.detail(params, state.status, task).then((modern) => {
      this.#events.emit({ type: 'task', notification: { method: 'notifications/tasks', params: modern } });
    });
  }

  /** A caller's request has ended; its task must not run on. */
  ended(pending: Pending): void {
    if (!this.#asTask.has(pending)) return;
    for (const [taskId, waiting] of this.#blocking) {
      if (waiting !== pending) continue;
      this.#blocking.delete(taskId);
      void this.#own('tasks/cancel', taskId, this.#context.timeouts.requestMs);
    }
  }

  async #get(call: UpstreamCall, taskId: string): Promise<Outcome> {
    const outcome = await this.#own('tasks/get', taskId, this.#context.timeouts.requestMs);
    if (outcome.kind === 'error') return this.#refused(outcome.error, call);
    const state = legacyTaskIn(outcome.result);
    if (state === undefined) return failure('HATAGO_UPSTREAM_PROTOCOL', { server: this.#context.spec.id });
    const task = this.#held.hold(taskId, call);
    return { kind: 'complete', result: await this.#held.detail(outcome.result, state.status, task) };
  }

  #refused(error: Payload, call: UpstreamCall): Outcome {
    return fromLegacyError(error, call, this.#context.spec.id);
  }

  async #own(method: string, taskId: string, limitMs: number): Promise<Outcome> {
    return (await this.#peer.own(method, JSON.stringify({ taskId }), limitMs)).outcome;
  }
}

const EMPTY = Payload.ofValue({});

function offersTasks(capabilities: Record<string, unknown>): boolean {
  const { tasks } = capabilities;
  const requests = isRecord(tasks) && isRecord(tasks.requests) ? tasks.requests : {};
  return isRecord(requests.tools) && isRecord(requests.tools.call);
}

function declaresTasks(call: UpstreamCall): boolean {
  const capabilities = call.envelope.clientCapabilities.value();
  const extensions = isRecord(capabilities) ? capabilities.extensions : undefined;
  return isRecord(extensions) && isRecord(extensions[TASKS_EXTENSION]);
}
