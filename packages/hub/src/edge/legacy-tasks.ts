import { randomUUID } from 'node:crypto';
import {
  atLeast,
  EMPTY_OBJECT,
  editObject,
  isRecord,
  joinPieces,
  Payload,
  type Piece,
  TASKS_EXTENSION,
} from '@hatago/protocol';
import type { Upstream } from '../core/upstream.ts';
import type { LegacyCall } from './legacy-call.ts';
import { type LegacyRequest, type LegacySession, refuse } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import { related } from './related-task.ts';
import { errorMessage, notificationMessage, resultMessage } from './wire.ts';

const TASKS_FROM = '2025-11-25';
const MOST_TTL_MS = 3_600_000;
const POLL_MS = 1_000;

type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** Whether any of the servers has tasks, as last known. */
export function haveTasks(upstreams: readonly Upstream[]): boolean {
  return upstreams.some(({ status }) => {
    const extensions = status.offers?.capabilities.extensions;
    return isRecord(extensions) && isRecord(extensions[TASKS_EXTENSION]);
  });
}

/** Whether a version has tasks. */
export const knowsTasks = (version: string): boolean => atLeast(version, TASKS_FROM);

/** Adds tasks to what `initialize` offers where the servers have them and the version knows them. */
export function offerTasks(
  discover: Payload,
  result: readonly Piece[],
  version: string,
): { result: readonly Piece[]; tasks: boolean } {
  const value = discover.value();
  const declared = isRecord(value) && isRecord(value.capabilities) ? value.capabilities.extensions : undefined;
  const tasks = knowsTasks(version) && isRecord(declared) && isRecord(declared[TASKS_EXTENSION]);
  if (!tasks) return { result: [joinPieces(result)], tasks };
  const whole = Payload.ofPieces(result);
  const capabilities = editObject(whole.member('capabilities') ?? EMPTY_OBJECT, {
    tasks: '{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}',
  });
  return { result: [joinPieces(editObject(whole, { capabilities }))], tasks };
}

/** One tool call that its client follows as a task; the hub runs it, whatever the server makes of it. */
class HubTask implements Sink {
  readonly id = randomUUID();
  readonly createdAt = new Date().toISOString();
  lastUpdatedAt: string = this.createdAt;
  status: Status = 'working';
  readonly ttlMs: number;
  readonly expiresMs: number;
  call: LegacyCall | undefined;
  end: { readonly result: Payload } | { readonly error: Payload } | undefined;
  /** Requests for the result that wait. */
  readonly waiting: { readonly request: LegacyRequest; readonly sink: Sink }[] = [];
  readonly #session: LegacySession;
  /** Messages held back until somebody asks for the result. */
  #held: (readonly Piece[])[] = [];

  constructor(session: LegacySession, ttlMs: number) {
    this.#session = session;
    this.ttlMs = ttlMs;
    this.expiresMs = session.deps.now() + ttlMs;
  }

  get relatedTask(): string {
    return this.id;
  }

  get over(): boolean {
    return this.status !== 'working' && this.status !== 'input_required';
  }

  describe(): Record<string, unknown> {
    return {
      taskId: this.id,
      status: this.status,
      createdAt: this.createdAt,
      lastUpdatedAt: this.lastUpdatedAt,
      ttl: this.ttlMs,
      pollInterval: POLL_MS,
    };
  }

  /** What comes up on the call: told at once to whoever waits for the result, else kept for them. */
  message(message: readonly Piece[]): boolean {
    const waiting = this.waiting[0];
    if (waiting !== undefined) return waiting.sink.message(message);
    if (!this.#session.tell(message)) this.#held.push(message);
    return true;
  }

  /** A question: it is put to the client when it asks for the result. */
  ask(message: readonly Piece[]): boolean {
    this.move('input_required');
    const waiting = this.waiting[0];
    if (waiting !== undefined) return waiting.sink.message(message);
    this.#held.push(message);
    return true;
  }

  answered(): void {
    if (!this.over) this.move('working');
  }

  answer(): void {}
  drop(): void {}

  wait(request: LegacyRequest, sink: Sink): void {
    if (this.end !== undefined) return this.#reply(request, sink);
    this.waiting.push({ request, sink });
    for (const message of this.#held.splice(0)) sink.message(message);
  }

  finish(status: Status, end: { readonly result: Payload } | { readonly error: Payload }): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.#held = [];
    this.move(status);
    for (const { request, sink } of this.waiting.splice(0)) this.#reply(request, sink);
  }

  move(status: Status): void {
    if (this.status === status) return;
    this.status = status;
    this.lastUpdatedAt = new Date().toISOString();
    const params = Payload.ofValue(this.describe());
    this.#session.tell(notificationMessage({ method: 'notifications/tasks/status', params }));
  }

  #reply(request: LegacyRequest, sink: Sink): void {
    const end = this.end as { readonly result: Payload } | { readonly error: Payload };
    if ('error' in end) return sink.answer(errorMessage(request.idBytes, end.error.pieces()));
    sink.answer(resultMessage(request.idBytes, editObject(end.result, { _meta: related(end.result, this.id) })));
  }
}

/** The tasks of one legacy session. @see MCP 2025-11-25 basic/utilities/tasks */
export class LegacyTasks {
  readonly #session: LegacySession;
  readonly #tasks = new Map<string, HubTask>();

  constructor(session: LegacySession) {
    this.#session = session;
  }

  get busy(): boolean {
    for (const task of this.#tasks.values()) if (!task.over) return true;
    return false;
  }

  /** Starts a tool call as a task and answers with its handle. */
  start(request: LegacyRequest, params: Payload, sink: Sink): void {
    const session = this.#session;
    this.prune(session.deps.now());
    if (this.#tasks.size >= session.deps.limits.maxTasks) return refuse(sink, request, 'HATAGO_OVERLOADED');
    const wanted = request.params.member('task')?.value();
    const ttl = isRecord(wanted) && typeof wanted.ttl === 'number' && wanted.ttl > 0 ? wanted.ttl : MOST_TTL_MS;
    const task = new HubTask(session, Math.min(Math.trunc(ttl), MOST_TTL_MS));
    const call = session.call(request, params, task);
    if (call === undefined) return refuse(sink, request, 'HATAGO_INVALID_REQUEST');
    task.call = call;
    call.onEnd = (end) => {
      if ('error' in end) return task.finish('failed', { error: end.error });
      const result = Payload.ofPieces(end.result);
      task.finish(result.member('isError')?.value() === true ? 'failed' : 'completed', { result });
    };
    this.#tasks.set(task.id, task);
    sink.answer(resultMessage(request.idBytes, [JSON.stringify({ task: task.describe() })]));
    call.run();
  }

  get(request: LegacyRequest, sink: Sink): void {
    const task = this.#find(request, sink);
    if (task !== undefined) sink.answer(resultMessage(request.idBytes, [JSON.stringify(task.describe())]));
  }

  list(request: LegacyRequest, sink: Sink): void {
    if (request.params.member('cursor') !== undefined) {
      return refuse(sink, request, 'HATAGO_INVALID_PARAMS', { message: 'Unknown cursor.' });
    }
    const tasks = [...this.#tasks.values()].map((task) => task.describe());
    sink.answer(resultMessage(request.idBytes, [JSON.stringify({ tasks })]));
  }

  /** Answers when the task is over; until then its questions come over this request. */
  result(request: LegacyRequest, sink: Sink): void {
    this.#find(request, sink)?.wait(request, sink);
  }

  cancel(request: LegacyRequest, sink: Sink): void {
    const task = this.#find(request, sink);
    if (task === undefined) return;
    if (task.over) {
      return refuse(sink, request, 'HATAGO_INVALID_PARAMS', { message: `The task is ${task.status} already.` });
    }
    stop(task, 'the client cancelled the task');
    sink.answer(resultMessage(request.idBytes, [JSON.stringify(task.describe())]));
  }

  prune(nowMs: number): void {
    for (const task of this.#tasks.values()) {
      if (nowMs < task.expiresMs) continue;
      this.#tasks.delete(task.id);
      stop(task, 'the task has expired');
    }
  }

  close(reason: string): void {
    for (const task of this.#tasks.values()) stop(task, reason);
    this.#tasks.clear();
  }

  #find(request: LegacyRequest, sink: Sink): HubTask | undefined {
    const task = this.#tasks.get(request.params.text('taskId') ?? '');
    if (task === undefined) refuse(sink, request, 'HATAGO_INVALID_PARAMS', { message: 'Unknown task.' });
    return task;
  }
}

function stop(task: HubTask, reason: string): void {
  if (task.over) return;
  task.call?.cancelTask(reason);
  task.finish('cancelled', { error: Payload.ofValue({ code: -32602, message: `The task was cancelled: ${reason}.` }) });
}
