import { Payload } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome, Parked, ParkedListener } from '../core/exchange.ts';
import { scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, type Script, upstreamError } from './scripted-upstream.ts';

const tool = (name: string): { name: string } => ({ name });
const text = (payload: Payload | undefined): string => new TextDecoder().decode(payload?.bytes());

describe('tools/call', () => {
  it('goes to the owner of the name, by its own name, with everything else as it came', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [tool('read')] },
      {
        id: 'a_b',
        tools: [tool('read')],
        handle: ({ method }) => (method === 'tools/call' ? complete({ content: [], v: 1 }) : undefined),
      },
    ]);
    await route.settled;
    const x = exchangeOf('tools/call', { name: 'a_b_read', arguments: { q: 1 } }, { session: { id: 's' } });
    const outcome = await route.handler(x);
    expect(jsonOf(outcome)).toEqual({ content: [], v: 1 });
    expect(route.up.a.calls).toHaveLength(0);
    const call = route.up.a_b.calls[0];
    expect(call).toMatchObject({
      method: 'tools/call',
      target: 'read',
      session: { id: 's' },
      principal: { id: 'local' },
    });
    expect(call?.params).toBe(x.params);
    expect(call?.envelope).toBe(x.envelope);
    expect(call?.signal).toBe(x.signal);
    call?.emit({ method: 'notifications/progress', params: Payload.ofValue({}) });
    expect(x.emitted).toHaveLength(1);
  });

  it('hands back the very outcome of the server when there is nothing to change', async () => {
    const result = complete({ content: [] });
    const error = upstreamError(-32602, 'their words', { x: 1 });
    const route = scriptedRoute([
      {
        id: 'a',
        tools: [tool('ok'), tool('bad')],
        handle: ({ target }) => (target === 'ok' ? result : target === 'bad' ? error : undefined),
      },
    ]);
    await route.settled;
    expect(await route.handler(exchangeOf('tools/call', { name: 'a_ok' }))).toBe(result);
    expect(await route.handler(exchangeOf('tools/call', { name: 'a_bad' }))).toBe(error);
  });

  it('leaves the name alone where it is the server’s own', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x.y')] }], { prefix: false });
    await route.settled;
    await route.handler(exchangeOf('tools/call', { name: 'x.y' }));
    expect(route.up.a.calls[0]?.target).toBeUndefined();
  });

  it('takes a bare name while no two servers have it, those that are down included', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [tool('read'), tool('only')] },
      { id: 'b', tools: [tool('read'), tool('gone')] },
    ]);
    await route.settled;
    route.up.b.setState('failed');
    await vi.waitFor(async () => expect(jsonOf(await route.handler(exchangeOf('tools/list'))).tools).toHaveLength(2));
    await route.handler(exchangeOf('tools/call', { name: 'only' }));
    expect(route.up.a.calls[0]?.target).toBe('only');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'read' }))).code).toBe(-32602);
    expect(route.up.a.calls).toHaveLength(1);
    expect(route.resolve('tools', 'only')).toEqual({ server: 'a', own: 'only', public: 'a_only' });
  });

  it('names the server and the next step when the owner is down', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }]);
    await route.settled;
    route.up.a.setState('failed', 'it died');
    const error = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    expect(error).toMatchObject({ code: -31001, data: { kind: 'upstream_unavailable', server: 'a' } });
    expect(error.message).toMatch(/^a is not reachable.*Try again later/);
    expect(route.up.a.calls).toHaveLength(0);
  });

  it('names the server of a name that was never read', async () => {
    const route = scriptedRoute([
      { id: 'a', state: 'failed' },
      { id: 'b', tools: [] },
    ]);
    await route.settled;
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })))).toMatchObject({
      code: -31001,
      data: { server: 'a' },
    });
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'c_x' })))).toMatchObject({ code: -32602 });
  });

  it.each([
    ['an unknown name', { name: 'nope' }, /Unknown tool "nope"/],
    ['no name', {}, /params\.name/],
    ['a name that is no text', { name: 7 }, /params\.name/],
  ])('refuses %s', async (_, params, message) => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }]);
    const error = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    expect(error.code).toBe(-32602);
    expect(error.message).toMatch(message);
  });

  it('does not call what is excluded, on no route', async () => {
    for (const prefix of [true, false]) {
      const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }], { prefix }, { a: { tools: { exclude: ['x'] } } });
      for (const name of ['x', 'a_x']) {
        expect(jsonOf(await route.handler(exchangeOf('tools/call', { name }))).code).toBe(-32602);
      }
      expect(route.up.a.calls).toHaveLength(0);
    }
  });

  it('asks the one server of a route whose list could not be read, save for what is excluded', async () => {
    const script: Script & { id: 'a' } = {
      id: 'a',
      tools: [],
      handle: ({ method }) => (method === 'tools/list' ? upstreamError(-32603) : complete({ content: [] })),
    };
    const route = scriptedRoute([script], { prefix: false }, { a: { tools: { exclude: ['hidden'] } } });
    await route.settled;
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'anything' })))).toEqual({ content: [] });
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'hidden' }))).code).toBe(-32602);
    route.up.a.setState('failed');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'anything' }))).code).toBe(-31001);
  });

  it('does not wait for a slow server when the owner is known', async () => {
    const route = scriptedRoute(
      [
        { id: 'fast', tools: [tool('x')] },
        { id: 'slow', state: 'starting' },
      ],
      { limits: { settleMs: 60_000 } },
    );
    await vi.waitFor(() => expect(route.resolve('tools', 'fast_x')).toBeDefined());
    await route.handler(exchangeOf('tools/call', { name: 'fast_x' }));
    expect(route.up.fast.calls).toHaveLength(1);
    const waiting = route.handler(exchangeOf('tools/call', { name: 'slow_y' }));
    route.up.slow.script = { ...route.up.slow.script, tools: [tool('y')] };
    route.up.slow.setState('ready');
    route.up.slow.settle();
    await waiting;
    expect(route.up.slow.calls[0]?.target).toBe('y');
    route.close();
  });

  it('waits a little for an owner that is starting again, then gives up', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }]);
    await route.settled;
    route.up.a.setState('starting');
    const soon = route.handler(exchangeOf('tools/call', { name: 'a_x' }));
    route.up.a.setState('ready');
    expect((await soon).kind).toBe('complete');
    route.up.a.setState('starting');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' }))).code).toBe(-31001);
  });

  it('starts a server that sleeps to find out what it has', async () => {
    const route = scriptedRoute([{ id: 'a', state: 'stopped', tools: [tool('x')] }]);
    await route.settled;
    expect((await route.handler(exchangeOf('tools/call', { name: 'a_x' }))).kind).toBe('complete');
  });

  it('waits with unprefixed names until it is certain whose they are', async () => {
    const route = scriptedRoute(
      [
        { id: 'a', tools: [tool('x')] },
        { id: 'b', state: 'starting', tools: [tool('x')] },
      ],
      {
        naming: { strategy: 'none' },
        limits: { settleMs: 60_000 },
      },
    );
    await vi.waitFor(() => expect(route.resolve('tools', 'x')).toBeDefined());
    const called = route.handler(exchangeOf('tools/call', { name: 'x' }));
    route.up.b.setState('ready');
    route.up.b.settle();
    expect(jsonOf(await called).code).toBe(-32602);
    expect(route.up.a.calls).toHaveLength(0);
    await route.handler(exchangeOf('tools/call', { name: 'a_x' }));
    expect(route.up.a.calls).toHaveLength(1);
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'zz' }))).code).toBe(-32602);
  });

  it('says to legacy clients that the output is wrapped when the schema was', async () => {
    const route = scriptedRoute([
      {
        id: 'a',
        tools: [
          { name: 'list', outputSchema: { type: 'array' } },
          { name: 'obj', outputSchema: { type: 'object' } },
        ],
      },
    ]);
    await route.settled;
    const call = (name: string, legacy: boolean): Promise<Outcome> =>
      route.handler(exchangeOf('tools/call', { name }, { legacy }));
    expect(await call('a_list', true)).toMatchObject({ kind: 'complete', wrap: true });
    expect(await call('a_obj', true)).not.toHaveProperty('wrap');
    expect(await call('a_list', false)).not.toHaveProperty('wrap');
  });

  it('compares declared headers with the arguments', async () => {
    const inputSchema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
    const route = scriptedRoute([{ id: 'a', tools: [{ name: 'x', inputSchema }] }]);
    await route.settled;
    const call = (header: string | undefined): Promise<Outcome> =>
      route.handler(
        exchangeOf(
          'tools/call',
          { name: 'a_x', arguments: { region: 'eu' } },
          { header: (name) => (name === 'mcp-param-region' ? header : undefined) },
        ),
      );
    expect((await call('eu')).kind).toBe('complete');
    for (const header of ['us', undefined]) {
      expect(await call(header)).toMatchObject({ kind: 'error', http: 400 });
      expect(jsonOf(await call(header)).code).toBe(-32020);
    }
    expect(route.up.a.calls).toHaveLength(1);
    expect((await route.handler(exchangeOf('tools/call', { name: 'a_x', arguments: { region: 'eu' } }))).kind).toBe(
      'complete',
    );
    expect(route.paramDeclarations('a_x')).toEqual([{ header: 'Region', path: ['region'], type: 'string' }]);
    const retry = exchangeOf(
      'tools/call',
      { name: 'a_x', arguments: { region: 'eu' }, requestState: 'x' },
      { header: () => 'us' },
    );
    expect(jsonOf(await route.handler(retry)).code).toBe(-32020);
  });
});

describe('prompts/get', () => {
  it('goes to the owner like a tool call', async () => {
    const route = scriptedRoute([{ id: 'a', prompts: [{ name: 'p' }] }]);
    await route.settled;
    await route.handler(exchangeOf('prompts/get', { name: 'a_p', arguments: {} }));
    expect(route.up.a.calls[0]).toMatchObject({ method: 'prompts/get', target: 'p' });
    expect(jsonOf(await route.handler(exchangeOf('prompts/get', { name: 'q' }))).message).toMatch(/Unknown prompt "q"/);
  });
});

describe('questions during a call', () => {
  const asking = {
    inputRequests: { k: { method: 'elicitation/create', params: { message: 'Who?', _meta: { a: 1 } } }, odd: 7 },
    v: 1,
  };
  const script = (result: object, more: object = {}): Script & { id: 'a' } => ({
    id: 'a',
    tools: [tool('x')],
    handle: (call) =>
      call.method !== 'tools/call'
        ? undefined
        : call.resume === undefined
          ? { kind: 'input_required', result: Payload.ofValue(result), ...more }
          : complete({ content: [] }),
  });
  const params = { name: 'a_x', arguments: { n: 1 } };

  it('go out with a sealed state, and the retry goes straight to the server with its own', async () => {
    const route = scriptedRoute([script({ ...asking, requestState: 'theirs' })]);
    await route.settled;
    const outcome = await route.handler(exchangeOf('tools/call', params));
    expect(outcome.kind).toBe('input_required');
    const { requestState, ...rest } = jsonOf(outcome);
    expect(requestState).not.toContain('theirs');
    expect(rest).toEqual({
      inputRequests: {
        k: { method: 'elicitation/create', params: { message: 'Who?', _meta: { a: 1, 'dev.hatago/server': 'a' } } },
        odd: 7,
      },
      v: 1,
    });
    const retry = { ...params, requestState, inputResponses: { k: { action: 'accept' } } };
    expect(jsonOf(await route.handler(exchangeOf('tools/call', retry)))).toEqual({ content: [] });
    expect(route.up.a.calls[1]).toMatchObject({ target: 'x', resume: { state: 'theirs' } });
  });

  it('get a state even where the server gave none', async () => {
    const route = scriptedRoute([script({ inputRequests: {} })]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    await route.handler(exchangeOf('tools/call', { ...params, requestState }));
    expect(route.up.a.calls[1]?.resume).toEqual({ state: null });
  });

  it('are answered even when the name means nothing any more', async () => {
    const route = scriptedRoute([script(asking)]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    route.up.a.script = { ...route.up.a.script, tools: [] };
    route.up.a.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(() => expect(route.resolve('tools', 'a_x')).toBeUndefined());
    expect((await route.handler(exchangeOf('tools/call', { ...params, requestState }))).kind).toBe('complete');
  });

  it('are not answered by anybody else or for anything else', async () => {
    const route = scriptedRoute([script(asking)]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    const tries = [
      exchangeOf('tools/call', { ...params, requestState }, { principal: { id: 'eve' } }),
      exchangeOf('tools/call', { ...params, arguments: { n: 2 }, requestState }),
      exchangeOf('tools/call', { ...params, requestState: `${requestState}A` }),
      exchangeOf('tools/call', { ...params, requestState: null }),
      exchangeOf('prompts/get', { ...params, requestState }),
      exchangeOf('resources/read', { uri: 'a://1', requestState }),
    ];
    for (const x of tries) expect(jsonOf(await route.handler(x))).toMatchObject({ code: -32602 });
    expect(route.up.a.calls).toHaveLength(1);
    const reasons = route.logged.filter(({ event }) => event === 'sec.state_invalid').map(({ reason }) => reason);
    expect(reasons).toEqual(['principal', 'params', 'malformed', 'malformed', 'method', 'method']);
  });

  it('are refused when their server is not on the route any more', async () => {
    const before = scriptedRoute([script(asking)]);
    await before.settled;
    const { requestState } = jsonOf(await before.handler(exchangeOf('tools/call', params)));
    const after = scriptedRoute([{ id: 'b', tools: [] }]);
    expect(jsonOf(await after.handler(exchangeOf('tools/call', { ...params, requestState }))).code).toBe(-32602);
    expect(after.logged).toContainEqual(expect.objectContaining({ event: 'sec.state_invalid', reason: 'server' }));
  });

  it('keep the wrapping of their tool for the answer', async () => {
    const route = scriptedRoute([{ ...script(asking), tools: [{ name: 'x', outputSchema: { type: 'array' } }] }]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params, { legacy: true })));
    const end = await route.handler(exchangeOf('tools/call', { ...params, requestState }, { legacy: true }));
    expect(end).toMatchObject({ kind: 'complete', wrap: true });
  });

  it('of a call that goes on name their server too, the later ones included', async () => {
    let listener: ParkedListener | undefined;
    const answers: unknown[] = [];
    const task: Outcome = { kind: 'task', result: Payload.ofValue({ taskId: 'own', status: 'working' }) };
    const parked: Parked = {
      attach(on) {
        listener = on;
        return () => {
          listener = undefined;
        };
      },
      answer: (key, answer) => answers.push([key, answer]) > 0,
      ended: Promise.resolve(task),
    };
    const route = scriptedRoute([script(asking, { parked })]);
    await route.settled;
    const outcome = await route.handler(exchangeOf('tools/call', params, { legacy: true }));
    if (outcome.kind !== 'input_required' || outcome.parked === undefined) throw new Error('not parked');
    const heard: unknown[] = [];
    const detach = outcome.parked.attach({
      notify: (notification) => heard.push(notification.method),
      asked: (ask) => heard.push([ask.key, text(ask.params)]),
      withdrawn: (key) => heard.push(key),
    });
    listener?.notify({ method: 'm', params: Payload.ofValue({}) });
    listener?.asked({ key: 'two', method: 'roots/list', params: Payload.ofValue({}) });
    listener?.asked({ key: 'odd', method: 'roots/list', params: Payload.ofValue(null) });
    listener?.withdrawn('two');
    expect(heard).toEqual(['m', ['two', '{"_meta":{"dev.hatago/server":"a"}}'], ['odd', 'null'], 'two']);
    outcome.parked.answer('two', { result: Payload.ofValue({}) });
    expect(answers).toHaveLength(1);
    detach();
    expect(listener).toBeUndefined();
    expect(jsonOf(await outcome.parked.ended).taskId).not.toBe('own');
  });
});

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

describe('other methods', () => {
  it('go to the only server of a route, and nowhere on a route of several', async () => {
    const single = scriptedRoute([{ id: 'a', handle: () => complete({ theirs: true }) }], { prefix: false });
    expect(jsonOf(await single.handler(exchangeOf('vendor/thing', { a: 1 })))).toEqual({ theirs: true });
    expect(jsonOf(await single.handler(exchangeOf('logging/setLevel', {}))).code).toBe(-32601);
    const many = scriptedRoute([{ id: 'a' }]);
    expect(await many.handler(exchangeOf('vendor/thing'))).toMatchObject({ kind: 'error', http: 404 });
  });
});
