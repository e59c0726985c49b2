import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
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
