import { randomUUID } from 'node:crypto';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const RELATED = 'io.modelcontextprotocol/related-task';
const FORM = { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] };
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** The tasks of one server, in the shapes of its era. */
export function createTasks({ era, journal }) {
  const tasks = new Map();
  const modern = era === 'modern';

  const change = (task, status, fields = {}) => {
    if (ENDED.has(task.status)) return;
    Object.assign(task, { status, lastUpdatedAt: new Date().toISOString(), ...fields });
    if (ENDED.has(status)) journal.write({ task: task.nonce, status });
    for (const wake of task.waiting.splice(0)) wake();
  };
  const changed = (task) => new Promise((resolve) => task.waiting.push(resolve));

  function find(call) {
    const task = tasks.get(call.params.taskId);
    if (task === undefined) throw Object.assign(new Error('Unknown task'), { code: -32602 });
    return task;
  }

  const shape = (task) => ({
    taskId: task.taskId,
    status: task.status,
    createdAt: task.createdAt,
    lastUpdatedAt: task.lastUpdatedAt,
    ...(modern ? { ttlMs: 60_000, pollIntervalMs: 20 } : { ttl: 60_000, pollInterval: 20 }),
  });

  /** What it ends in: the result of the tool, or a JSON-RPC error. */
  const finish = (task, word) => {
    if (task.fail) return change(task, 'failed', { error: { code: -32099, message: `${task.nonce} failed` } });
    change(task, 'completed', { result: { content: [{ type: 'text', text: `${task.nonce}:${word}` }] } });
  };

  function work(task) {
    if (task.hold) return;
    if (task.asks) return change(task, 'input_required');
    setTimeout(() => finish(task, 'done'), task.delayMs);
  }

  return {
    start(call) {
      const { nonce, delayMs = 50, ask = false, fail = false, hold = false } = call.args;
      const wanted = modern
        ? call.clientCapabilities.extensions?.[EXTENSION] !== undefined
        : call.params.task !== undefined;
      call.journal({ nonce });
      const now = new Date().toISOString();
      const task = {
        taskId: randomUUID(),
        nonce,
        delayMs,
        asks: ask,
        fail,
        hold,
        status: 'working',
        createdAt: now,
        lastUpdatedAt: now,
        waiting: [],
      };
      if (!wanted) return call.answerNonce(`${nonce}:at once`);
      tasks.set(task.taskId, task);
      work(task);
      call.answer(modern ? { resultType: 'task', ...shape(task) } : { task: shape(task) });
    },
    get(call) {
      const task = find(call);
      if (!modern) return call.answer(shape(task));
      const asks = {
        q: { method: 'elicitation/create', params: { mode: 'form', message: task.nonce, requestedSchema: FORM } },
      };
      call.answer({
        ...shape(task),
        ...(task.status === 'completed' ? { result: { resultType: 'complete', ...task.result } } : {}),
        ...(task.status === 'failed' ? { error: task.error } : {}),
        ...(task.status === 'input_required' ? { inputRequests: asks } : {}),
      });
    },
    update(call) {
      const task = find(call);
      const word = call.params.inputResponses?.q?.content?.word;
      call.answer({});
      if (word === undefined) return;
      change(task, 'working');
      setTimeout(() => finish(task, word), task.delayMs);
    },
    cancel(call) {
      const task = find(call);
      if (ENDED.has(task.status)) throw Object.assign(new Error('The task has ended'), { code: -32602 });
      change(task, 'cancelled');
      call.answer(modern ? {} : shape(task));
    },
    async result(call) {
      const task = find(call);
      const related = { [RELATED]: { taskId: task.taskId } };
      if (task.status === 'input_required') {
        const answer = await call.ask('elicitation/create', {
          mode: 'form',
          message: task.nonce,
          requestedSchema: FORM,
          _meta: related,
        });
        change(task, 'working');
        setTimeout(() => finish(task, answer.content.word), task.delayMs);
      }
      while (!ENDED.has(task.status)) await changed(task);
      if (task.status === 'completed') return call.answer({ ...task.result, _meta: related });
      throw Object.assign(new Error(task.error?.message ?? 'The task was cancelled'), {
        code: task.error?.code ?? -32603,
      });
    },
    list: (call) => call.answer({ tasks: [...tasks.values()].map(shape) }),
  };
}
