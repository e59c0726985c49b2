import { Payload, TASKS_EXTENSION } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../core/exchange.ts';
import { scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, type Script } from './scripted-upstream.ts';

const tool = (name: string): { name: string } => ({ name });

describe('tasks', () => {
  const script: Script & { id: 'a' } = {
    id: 'a',
    tools: [tool('x')],
    handle: ({ method, target }) => {
      if (method === 'tools/call')
        return { kind: 'task', result: Payload.ofValue({ taskId: 'own-1', status: 'working', ttlMs: null }) };
      if (method === 'tasks/get') return complete({ taskId: target, status: 'completed', result: { content: [] } });
      return method.startsWith('tasks/') ? complete({}) : undefined;
    },
  };

  it('have an id that only their principal can use', async () => {
    const route = scriptedRoute([script]);
    await route.settled;
    const outcome = await route.handler(exchangeOf('tools/call', { name: 'a_x' }));
    expect(outcome.kind).toBe('task');
    const { taskId, ...rest } = jsonOf(outcome);
    expect(rest).toEqual({ status: 'working', ttlMs: null });
    expect(taskId).not.toContain('own');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const answer = await route.handler(exchangeOf(method, { taskId }));
      expect(answer.kind).toBe('complete');
      expect(route.up.a.calls.at(-1)).toMatchObject({ method, target: 'own-1' });
      if (method === 'tasks/get')
        expect(jsonOf(answer)).toEqual({ taskId, status: 'completed', result: { content: [] } });
      const stolen = await route.handler(exchangeOf(method, { taskId }, { principal: { id: 'eve' } }));
      const unknown = await route.handler(exchangeOf(method, { taskId: 'own-1' }));
      for (const refused of [stolen, unknown])
        expect(jsonOf(refused)).toMatchObject({ code: -32602, message: 'There is no such task.' });
    }
    expect(jsonOf(await route.handler(exchangeOf('tasks/get', {}))).code).toBe(-32602);
    expect(route.up.a.calls).toHaveLength(4);
  });

  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('%s is for clients that declare tasks', async (method) => {
    const route = scriptedRoute([script]);
    await route.settled;
    const { taskId } = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    for (const clientCapabilities of [{}, { extensions: { 'other/ext': {} } }, { tasks: {} }]) {
      const { envelope } = exchangeOf(method);
      const undeclared = { envelope: { ...envelope, clientCapabilities: Payload.ofValue(clientCapabilities) } };
      for (const id of [taskId, 'none'])
        expect(jsonOf(await route.handler(exchangeOf(method, { taskId: id }, undeclared)))).toMatchObject({
          code: -32021,
          data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
        });
    }
    expect(route.up.a.calls).toHaveLength(1);
  });

  it('remember that their output is wrapped', async () => {
    const route = scriptedRoute([{ ...script, tools: [{ name: 'x', outputSchema: { type: 'array' } }] }]);
    await route.settled;
    const outcome = await route.handler(exchangeOf('tools/call', { name: 'a_x' }, { legacy: true }));
    expect(outcome).toMatchObject({ kind: 'task', wrap: true });
    const { taskId } = jsonOf(outcome);
    expect(await route.handler(exchangeOf('tasks/get', { taskId }, { legacy: true }))).toMatchObject({ wrap: true });
  });

  it('that wait for input are handed on as they are', async () => {
    const waiting: Outcome = {
      kind: 'input_required',
      result: Payload.ofValue({ taskId: 'own-1', status: 'input_required' }),
    };
    const route = scriptedRoute([
      { ...script, handle: (call) => (call.method === 'tasks/get' ? waiting : script.handle?.(call)) },
    ]);
    await route.settled;
    const { taskId } = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    expect(jsonOf(await route.handler(exchangeOf('tasks/get', { taskId })))).toEqual({
      taskId,
      status: 'input_required',
    });
  });

  const stamped = (params: object): object => ({ ...params, _meta: { 'dev.hatago/server': 'a' } });
  const questions = {
    form: { method: 'elicitation/create', params: { message: 'Who?' } },
    ['__proto__']: { method: 'elicitation/create', params: { message: 'And who?' } },
    model: { method: 'sampling/createMessage', params: { messages: [], includeContext: 'allServers' } },
    roots: { method: 'roots/list' },
    odd: 7,
  };
  const seen = {
    form: { method: 'elicitation/create', params: stamped({ message: 'Who?' }) },
    ['__proto__']: { method: 'elicitation/create', params: stamped({ message: 'And who?' }) },
    model: { method: 'sampling/createMessage', params: stamped({ messages: [], includeContext: 'none' }) },
    roots: { method: 'roots/list' },
    odd: 7,
  };
  const { roots, ...declaredOnly } = seen;
  const knows = (more: object) => Payload.ofValue({ extensions: { [TASKS_EXTENSION]: {} }, ...more });
  const asks = (taskId: unknown) => ({ taskId, status: 'input_required', inputRequests: questions });

  it.each([
    ['deferred', 'lack those that were not declared', declaredOnly],
    ['attached', 'are all there for the edge to refuse', seen],
  ] as const)('have questions that name their server; for a %s edge they %s', async (to, _, expected) => {
    const handle: Script['handle'] = (call) =>
      call.method === 'tasks/get' ? complete(asks('own-1')) : script.handle?.(call);
    const route = scriptedRoute([{ ...script, handle }]);
    await route.settled;
    const { taskId } = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    const clientCapabilities = knows({ elicitation: {}, sampling: {} });
    const envelope = { ...exchangeOf('tasks/get').envelope, clientCapabilities, asks: to };
    const answer = await route.handler(exchangeOf('tasks/get', { taskId }, { envelope }));
    expect(JSON.stringify(jsonOf(answer))).toBe(JSON.stringify({ ...asks(taskId), inputRequests: expected }));
  });

  it('are told of with the same questions', async () => {
    const route = scriptedRoute([script]);
    await route.settled;
    const { taskId } = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    const clientCapabilities = knows({ elicitation: {}, sampling: {} });
    const envelope = { ...exchangeOf('tasks/get').envelope, clientCapabilities };
    const filter = { notifications: { taskIds: [taskId] } };
    const listening = exchangeOf('subscriptions/listen', filter, { envelope, listenId: 1 });
    void route.handler(listening);
    await vi.waitFor(() => expect(listening.emitted).toHaveLength(1), { interval: 1 });
    const params = complete(asks('own-1')) as Outcome & { kind: 'complete' };
    route.up.a.emit({ type: 'task', notification: { method: 'notifications/tasks', params: params.result } });
    const told = listening.emitted[1]?.params.value();
    expect(told).toMatchObject({ taskId, status: 'input_required' });
    expect(JSON.stringify((told as ReturnType<typeof asks>).inputRequests)).toBe(JSON.stringify(declaredOnly));
  });

  it('without an id are none', async () => {
    const route = scriptedRoute([
      {
        ...script,
        handle: (call) => (call.method === 'tools/call' ? { kind: 'task', result: Payload.ofValue({}) } : undefined),
      },
    ]);
    await route.settled;
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })))).toEqual({});
  });
});
