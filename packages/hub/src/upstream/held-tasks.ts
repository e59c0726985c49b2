import { editObject, Payload, type Piece, toModernError, toModernTask } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import { missingCapabilities } from '../core/missing-capabilities.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { answersAsk } from './answers.ts';
import { ASK_KINDS, embedAsk, hintOf } from './ask-shape.ts';
import type { ConnectionContext } from './connection.ts';
import type { Peer } from './peer.ts';
import { quote } from './wire.ts';

/** A task whose handle a caller holds. */
export interface HeldTask {
  readonly taskId: string;
  /** The request that showed it to us. */
  readonly call: UpstreamCall;
  readonly asks: Map<string, { rpcId: string; method: string; params: Payload }>;
  readonly counts: Map<string, number>;
  /** Set while `tasks/result` is open, during which the server asks, and once it was answered. */
  result: Promise<Outcome> | undefined;
  /** Called when the next ask is there. */
  onAsk: (() => void)[];
}

/** How long `tasks/get` waits for the questions of a task that needs input, in milliseconds. */
const ASK_WAIT_MS = 1000;
const MAX_TASKS = 1024;

/** The tasks of a legacy session that callers hold handles of, with the questions they wait for answers to. */
export class HeldTasks {
  readonly #peer: Peer;
  readonly #context: ConnectionContext;
  readonly #tasks = new Map<string, HeldTask>();

  constructor(peer: Peer, context: ConnectionContext) {
    this.#peer = peer;
    this.#context = context;
  }

  get(taskId: string): HeldTask | undefined {
    return this.#tasks.get(taskId);
  }

  /** The task, known from now on. */
  hold(taskId: string, call: UpstreamCall): HeldTask {
    const known = this.#tasks.get(taskId);
    if (known !== undefined) return known;
    const task: HeldTask = { taskId, call, asks: new Map(), counts: new Map(), result: undefined, onAsk: [] };
    this.#tasks.set(taskId, task);
    if (this.#tasks.size > MAX_TASKS) for (const oldest of this.#tasks.keys()) if (this.#tasks.delete(oldest)) break;
    return task;
  }

  /** The task in its modern shape, with what that era puts into it: the result, the error, or the questions. */
  async detail(plain: Payload, status: string, task: HeldTask): Promise<Payload> {
    if (status === 'input_required') {
      void this.#result(task);
      await this.#asked(task);
      return Payload.ofPieces(toModernTask(plain, { inputRequests: requestsOf(task) }));
    }
    if (status !== 'completed' && status !== 'failed') return Payload.ofPieces(toModernTask(plain));
    const outcome = await this.#result(task);
    if (outcome.kind === 'error') {
      const modern = Payload.ofPieces(toModernTask(plain, { error: toModernError(outcome.error) }));
      return Payload.ofPieces(editObject(modern, { status: '"failed"' }));
    }
    // A tool's own error is a result in the modern era.
    const result = Payload.ofPieces(editObject(outcome.result, { resultType: '"complete"' }));
    const modern = Payload.ofPieces(toModernTask(plain, { result }));
    return Payload.ofPieces(editObject(modern, { status: '"completed"' }));
  }

  /** Keeps what the server asks in the course of the task until `tasks/get` tells it and `tasks/update` answers it. */
  ask(task: HeldTask, rpcId: string, method: string, params: Payload): void {
    const kind = ASK_KINDS.get(method);
    if (
      kind === undefined ||
      missingCapabilities(method, params, task.call.envelope.clientCapabilities) !== undefined
    ) {
      const message = quote(`The client does not support ${method}`);
      this.#peer.respond(rpcId, 'error', [`{"code":-32601,"message":${message}}`]);
      return;
    }
    const hint = hintOf(params);
    const count = (task.counts.get(kind) ?? 0) + 1;
    task.counts.set(kind, count);
    const key = hint !== undefined && !task.asks.has(hint) ? hint : `${kind}_${count}`;
    task.asks.set(key, { rpcId, method, params: embedAsk(method, params, false) });
    for (const told of task.onAsk.splice(0)) told();
  }

  /** Hands the server those answers that answer something. */
  answer(task: HeldTask, answers: Payload | undefined): void {
    for (const key of answers?.members()?.names ?? []) {
      const ask = task.asks.get(key);
      const answer = answers?.member(key);
      if (ask === undefined || answer === undefined || !answersAsk(ask.method, answer)) continue;
      task.asks.delete(key);
      this.#peer.respond(ask.rpcId, 'result', answer.pieces());
    }
  }

  /** The final outcome of a task; while it is awaited the server puts the task's questions. */
  #result(task: HeldTask): Promise<Outcome> {
    task.result ??= this.#peer.own('tasks/result', JSON.stringify({ taskId: task.taskId }), 0).then(({ outcome }) => {
      if (outcome.kind === 'error') task.result = undefined;
      return outcome;
    });
    return task.result;
  }

  #asked(task: HeldTask): Promise<void> {
    if (task.asks.size > 0) return Promise.resolve();
    const { schedule, limits } = this.#context;
    return new Promise((resolve) => {
      const stop = schedule(ASK_WAIT_MS, resolve);
      task.onAsk.push(() => {
        stop();
        // Others that belong to the same question come right behind it.
        schedule(limits.coalesceMs, resolve);
      });
    });
  }
}

function requestsOf(task: HeldTask): Payload {
  const pieces: Piece[] = ['{'];
  for (const [key, { method, params }] of task.asks) {
    pieces.push(`${pieces.length === 1 ? '' : ','}${JSON.stringify(key)}:{"method":"${method}","params":`);
    pieces.push(...params.pieces(), '}');
  }
  pieces.push('}');
  return Payload.ofPieces(pieces);
}
