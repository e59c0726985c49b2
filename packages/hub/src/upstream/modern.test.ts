import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import type { UpstreamEvent } from '../core/upstream.ts';
import {
  buildCall,
  createTestUpstream,
  DISCOVERED,
  errorCode,
  MODERN_SCRIPT,
  type Script,
  seen,
  settle,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

const OK = { resultType: 'complete', content: [] };
const HTTP = { kind: 'http', url: 'http://127.0.0.1:1/mcp' } as const;

async function connected(script: Script = {}, spec: Partial<UpstreamSpec> = HTTP): Promise<TestUpstream> {
  const test = createTestUpstream({ ...MODERN_SCRIPT, ...script }, spec, { attributed: true });
  await test.upstream.settled;
  expect(test.upstream.status.offers?.era).toBe('modern');
  return test;
}

const discovered = (capabilities: Record<string, unknown>) => ({
  'server/discover': () => ({ ...DISCOVERED, capabilities }),
});

describe('a modern request', () => {
  it("has the hub's envelope around what the caller declares and sends besides", async () => {
    const { upstream, server } = await connected({ 'tools/call': () => OK });
    const call = buildCall({
      params: {
        name: 'pub_echo',
        arguments: { a: 1 },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': { roots: {} },
          progressToken: 'mine',
          traceparent: '00-a',
          'dev.hatago/clientInfo': { name: 'forged' },
          'com.example/x': [1, { y: 2 }],
        },
      },
      target: 'echo',
      capabilities: { roots: {}, sampling: {}, unheard: {} },
      clientInfo: { name: 'client', version: '9' },
      progressToken: 'mine',
      logLevel: 'info',
    });
    await upstream.request(call);
    const heard = server.last('tools/call');
    expect(heard.params).toEqual({
      name: 'echo',
      arguments: { a: 1 },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'hatago', version: '0' },
        'io.modelcontextprotocol/clientCapabilities': { roots: {}, sampling: {} },
        'io.modelcontextprotocol/logLevel': 'info',
        progressToken: heard.id,
        'dev.hatago/clientInfo': { name: 'client', version: '9' },
        traceparent: '00-a',
        'com.example/x': [1, { y: 2 }],
      },
    });
    expect(heard.out).toMatchObject({ version: '2026-07-28', method: 'tools/call', name: 'echo' });
  });

  it('adds an envelope where the caller sent no _meta at all', async () => {
    const { upstream, server } = await connected({ 'tools/call': () => OK });
    await upstream.request(buildCall({ params: { name: 'a' } }));
    expect(server.last('tools/call').params).toEqual({
      name: 'a',
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'hatago', version: '0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    });
  });

  it('names its uri or task id for the header, and nothing where there is none', async () => {
    const { upstream, server } = await connected({
      'resources/read': () => ({ contents: [] }),
      'tasks/get': () => ({}),
      'prompts/list': () => ({ prompts: [] }),
    });
    await upstream.request(buildCall({ method: 'resources/read', params: { uri: 'a://1' } }));
    await upstream.request(buildCall({ method: 'tasks/get', params: { taskId: 'pub-1' }, target: '1' }));
    await upstream.request(buildCall({ method: 'prompts/list', params: {} }));
    expect(server.last('resources/read').out.name).toBe('a://1');
    expect(server.last('tasks/get').out.name).toBe('1');
    expect(server.last('prompts/list').out.name).toBeUndefined();
  });

  it("sends the upstream's own requestState on a resume, and none where it gave none", async () => {
    const { upstream, server } = await connected({ 'tools/call': () => OK });
    const params = { name: 'a', requestState: 'sealed', inputResponses: { k: { action: 'accept' } } };
    await upstream.request(buildCall({ params, resume: { state: 'own "1"' } }));
    expect(server.last('tools/call').params).toMatchObject({
      requestState: 'own "1"',
      inputResponses: params.inputResponses,
    });
    await upstream.request(buildCall({ params, resume: { state: null } }));
    expect(server.last('tools/call').params).not.toHaveProperty('requestState');
  });

  it('is cancelled on HTTP by ending its response, elsewhere by a notification', async () => {
    for (const [spec, notices] of [
      [HTTP, 0],
      [{}, 1],
    ] as const) {
      const { upstream, server } = await connected({}, spec);
      const signal = createCanceller();
      void upstream.request(buildCall({ signal }));
      const { id } = server.last('tools/call');
      signal.cancel('gone');
      expect(server.cancelled).toContain(id);
      expect(server.count('notifications/cancelled')).toBe(notices);
    }
  });
});

describe('a modern result', () => {
  it.each([
    ['without a type is complete', { content: [] }, {}, 'complete'],
    ['of type complete is complete', OK, {}, 'complete'],
    ['of type input_required asks', { resultType: 'input_required', requestState: 's' }, {}, 'input_required'],
    [
      'of type task needs the extension at both ends',
      { resultType: 'task', taskId: '1' },
      { extensions: { 'io.modelcontextprotocol/tasks': {} } },
      'task',
    ],
    ['of type task for another caller is wrong', { resultType: 'task', taskId: '1' }, {}, -31010],
    [
      'of an unknown type passes when an extension was agreed on',
      { resultType: 'vendor', x: 1 },
      { extensions: { 'com.example/x': {} } },
      'complete',
    ],
    ['of an unknown type is wrong otherwise', { resultType: 'vendor', x: 1 }, {}, -31010],
    ['of a type that is no string is wrong', { resultType: 5 }, { extensions: { 'com.example/x': {} } }, -31010],
  ])('%s', async (_name, result, capabilities, expected) => {
    const offered = { extensions: { 'io.modelcontextprotocol/tasks': {}, 'com.example/x': {} } };
    const { upstream } = await connected({ ...discovered(offered), 'tools/call': () => result });
    const outcome = await upstream.request(buildCall({ capabilities }));
    if (typeof expected === 'number') expect(errorCode(outcome)).toBe(expected);
    else expect(seen(outcome)).toEqual({ kind: expected, result });
  });

  it('that asks for input of a request that cannot is wrong', async () => {
    const { upstream } = await connected({ 'tools/list': () => ({ resultType: 'input_required', requestState: 's' }) });
    expect(errorCode(await upstream.request(buildCall({ method: 'tools/list', params: {} })))).toBe(-31010);
  });

  it('never asks for more than the caller declared', async () => {
    const inputRequests = { k: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } } };
    const { upstream } = await connected({ 'tools/call': () => ({ resultType: 'input_required', inputRequests }) });
    const outcome = await upstream.request(buildCall({ capabilities: { roots: {} } }));
    expect(errorCode(outcome)).toBe(-32021);
    expect(seen(outcome).error).toMatchObject({ data: { requiredCapabilities: { sampling: {} } } });
    expect((await upstream.request(buildCall({ capabilities: { sampling: {} } }))).kind).toBe('input_required');
  });

  it('has no context of other servers included in a sampling', async () => {
    const params = { messages: [], maxTokens: 1, includeContext: 'allServers', x: 1 };
    const inputRequests = { k: { method: 'sampling/createMessage', params }, r: { method: 'roots/list' } };
    const result = { resultType: 'input_required', inputRequests, requestState: 's' };
    const { upstream } = await connected({ 'tools/call': () => result });
    const outcome = await upstream.request(buildCall({ capabilities: { sampling: {}, roots: {} } }));
    expect(seen(outcome)).toEqual({
      kind: 'input_required',
      result: {
        ...result,
        inputRequests: { ...inputRequests, k: { ...inputRequests.k, params: { ...params, includeContext: 'none' } } },
      },
    });
  });
});

describe('a modern error', () => {
  it.each([
    ['resources/read', -32002, -32602, { uri: 'a://1' }],
    ['tools/call', -32002, -32602, undefined],
    ['tools/call', -32042, -32603, undefined],
  ])('of the older era have their modern code: %s %i', async (method, code, modern, data) => {
    const { upstream } = await connected({ [method]: () => ({ error: { code, message: 'no' } }) });
    const outcome = await upstream.request(buildCall({ method, params: { uri: 'a://1', name: 'one' } }));
    expect(seen(outcome).error).toEqual({ code: modern, message: 'no', data });
  });

  it('-32021 is told as the hub tells it', async () => {
    const data = { requiredCapabilities: { sampling: {} }, hop: 'secret' };
    const { upstream } = await connected({ 'tools/call': () => ({ error: { code: -32021, message: 'x', data } }) });
    const outcome = await upstream.request(buildCall());
    expect(seen(outcome).error).toMatchObject({
      code: -32021,
      data: { kind: 'capability_required', requiredCapabilities: { sampling: {} } },
    });
    expect(JSON.stringify(seen(outcome))).not.toContain('secret');
  });

  it('-32022 is never relayed, and has the era found out again', async () => {
    const { upstream, server, clock } = await connected({
      'tools/call': () => ({ error: { code: -32022, message: 'x', data: { supported: ['2025-11-25'] } } }),
    });
    expect(errorCode(await upstream.request(buildCall()))).toBe(-31001);
    expect(server.links[0]?.closed).toBeDefined();
    await clock.advance(1000);
    expect(upstream.status.state).toBe('ready');
    expect(server.links).toHaveLength(2);
  });
});

describe('notifications of a modern server', () => {
  it('reach the call on whose stream they come, log messages at its level', async () => {
    const { upstream, server } = await connected();
    const loud = buildCall({ logLevel: 'info' });
    const silent = buildCall();
    void upstream.request(loud);
    const { id } = server.last('tools/call');
    void upstream.request(silent);
    const log = (level: string) => ({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data: 1 } });
    server.say(log('debug'), id);
    server.say(log('error'), id);
    server.say(log('error'), server.last('tools/call').id);
    server.say(log('error'), 999);
    server.say({ jsonrpc: '2.0', method: 'notifications/vendor', params: { x: 1 } }, id);
    expect(loud.emitted.map(({ params }) => params.value())).toEqual([{ level: 'error', data: 1 }, { x: 1 }]);
    expect(silent.emitted).toEqual([]);
  });

  it('that are requests are refused', async () => {
    const { server } = await connected();
    server.say({ jsonrpc: '2.0', id: 1, method: 'elicitation/create', params: {} });
    expect(server.answers.get(1)).toMatchObject({ error: { code: -32601 } });
  });
});

describe('subscriptions/listen', () => {
  const acknowledge = ({ server }: TestUpstream, notifications: unknown = {}): void => {
    const { id } = server.last('subscriptions/listen');
    const _meta = { 'io.modelcontextprotocol/subscriptionId': String(id) };
    const method = 'notifications/subscriptions/acknowledged';
    server.say({ jsonrpc: '2.0', method, params: { notifications, _meta } }, id);
  };
  const watch = (test: TestUpstream): UpstreamEvent[] => {
    const events: UpstreamEvent[] = [];
    test.upstream.watch((event) => events.push(event));
    return events;
  };

  it('opens for what the server can tell, and for each set of resources anew before the old one is ended', async () => {
    const test = await connected();
    const { upstream, server } = test;
    await settle();
    expect(server.last('subscriptions/listen').params.notifications).toEqual({ toolsListChanged: true });
    acknowledge(test);
    const first = server.last('subscriptions/listen').id;
    const releases = [upstream.subscribe('resource', 'a://1'), upstream.subscribe('resource', 'a://1')];
    upstream.subscribe('task', 't1');
    await settle();
    expect(server.count('subscriptions/listen')).toBe(2);
    expect(server.last('subscriptions/listen').params.notifications).toEqual({
      toolsListChanged: true,
      resourceSubscriptions: ['a://1'],
      taskIds: ['t1'],
    });
    expect(server.cancelled).toEqual([]);
    acknowledge(test);
    expect(server.cancelled).toEqual([first]);
    releases[0]?.();
    releases[0]?.();
    await settle();
    expect(server.count('subscriptions/listen')).toBe(2);
    releases[1]?.();
    await settle();
    expect(server.count('subscriptions/listen')).toBe(3);
  });

  it('turns what the server tells into events', async () => {
    const test = await connected();
    const events = watch(test);
    const say = (name: string, params = {}) =>
      test.server.say({ jsonrpc: '2.0', method: `notifications/${name}`, params });
    say('tools/list_changed');
    say('prompts/list_changed');
    say('resources/list_changed');
    say('resources/updated', { uri: 'a://1' });
    say('resources/updated', {});
    say('tasks', { taskId: '1', status: 'working' });
    expect(events).toMatchObject([
      { type: 'changed', list: 'tools' },
      { type: 'changed', list: 'prompts' },
      { type: 'changed', list: 'resources' },
      { type: 'updated', uri: 'a://1' },
      { type: 'task', notification: { method: 'notifications/tasks' } },
    ]);
  });

  it('is sent again in silence when it is lost, and then reports what may have been missed', async () => {
    const test = await connected(discovered({ tools: { listChanged: true }, prompts: { listChanged: true } }));
    const { upstream, server, clock } = test;
    upstream.subscribe('resource', 'a://1');
    await settle();
    acknowledge(test);
    const events = watch(test);
    const listen = server.last('subscriptions/listen');
    server.links[0]?.fail(listen.id as number, { kind: 'lost', message: 'dropped' });
    await clock.advance(1000);
    expect(events).toEqual([]);
    expect(server.last('subscriptions/listen').id).not.toBe(listen.id);
    acknowledge(test);
    expect(events).toMatchObject([
      { type: 'changed', list: 'tools' },
      { type: 'changed', list: 'prompts' },
      { type: 'updated', uri: 'a://1' },
    ]);
  });

  it('is sent again when the server ends it, by its result or by cancelling it', async () => {
    const { server, clock } = await connected();
    await settle();
    server.reply(server.last('subscriptions/listen'), { resultType: 'complete' });
    await clock.advance(1000);
    expect(server.count('subscriptions/listen')).toBe(2);
    const requestId = server.last('subscriptions/listen').id;
    server.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
    await clock.advance(2000);
    expect(server.count('subscriptions/listen')).toBe(3);
  });

  it('is not sent again to a server that does not know it, nor at all where nothing is wanted', async () => {
    const unknown = await connected({ 'subscriptions/listen': () => ({ error: { code: -32601, message: 'no' } }) });
    await unknown.clock.advance(100_000);
    expect(unknown.server.count('subscriptions/listen')).toBe(1);
    const nothing = await connected(discovered({ tools: {} }));
    await settle();
    expect(nothing.server.count('subscriptions/listen')).toBe(0);
    const release = nothing.upstream.subscribe('resource', 'a://1');
    await settle();
    release();
    await settle();
    expect(nothing.server.count('subscriptions/listen')).toBe(1);
    expect(nothing.server.cancelled).toEqual([nothing.server.last('subscriptions/listen').id]);
  });
});
