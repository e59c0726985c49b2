import { describe, expect, it } from 'vitest';
import type { UpstreamEvent } from '../core/upstream.ts';
import {
  buildCall,
  createTestUpstream,
  errorCode,
  type Heard,
  INITIALIZED,
  LEGACY_SCRIPT,
  type Script,
  seen,
  settle,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

const TEXT = { content: [] };
const HTTP = { kind: 'http', url: 'http://127.0.0.1:1/mcp' } as const;
const GONE = { kind: 'session_gone', status: 404, message: 'no such session' } as const;

async function connected(script: Script = {}, spec: Partial<UpstreamSpec> = {}): Promise<TestUpstream> {
  const test = createTestUpstream({ ...LEGACY_SCRIPT, ...script }, spec, { attributed: spec.kind === 'http' });
  await test.upstream.settled;
  expect(test.upstream.status.offers?.era).toBe('legacy');
  return test;
}

const watch = (test: TestUpstream): UpstreamEvent[] => {
  const events: UpstreamEvent[] = [];
  test.upstream.watch((event) => events.push(event));
  return events;
};

describe('the handshake', () => {
  it('asks for the newest revision with all that the hub relays, then says it is initialized', async () => {
    const { server, upstream } = await connected();
    expect(server.last('initialize').params).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: { roots: {}, sampling: { tools: {} }, elicitation: { form: {}, url: {} } },
      clientInfo: { name: 'hatago', version: '0' },
    });
    expect(server.heard.map(({ method }) => method)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
    ]);
    expect(server.links[0]?.streams).toBe(1);
    expect(upstream.status.offers).toMatchObject({
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'old', version: '1' },
      instructions: undefined,
    });
  });

  it('takes the revision the server answers with', async () => {
    const { upstream } = await connected({ initialize: () => ({ ...INITIALIZED, protocolVersion: '2024-11-05' }) });
    expect(upstream.status.offers?.protocolVersion).toBe('2024-11-05');
  });

  it('asks again for the newest one the server names when it refuses', async () => {
    const supported = ['2025-03-26', '2025-06-18'];
    const { server, upstream } = await connected({
      initialize: ({ params }) =>
        params.protocolVersion === '2025-11-25'
          ? { error: { code: -32602, message: 'Unsupported protocol version', data: { supported } } }
          : { ...INITIALIZED, protocolVersion: params.protocolVersion },
    });
    expect(server.count('initialize')).toBe(2);
    expect(upstream.status.offers?.protocolVersion).toBe('2025-06-18');
  });

  it.each([
    ['a revision nobody knows', { ...INITIALIZED, protocolVersion: '1999-01-01' }],
    ['no revision', {}],
    ['an error', { error: { code: -32603, message: 'broken' } }],
  ])('fails on %s', async (_name, answer) => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, initialize: () => answer });
    await test.upstream.settled;
    expect(test.upstream.status.state).toBe('failed');
    expect(test.upstream.status.error).toBeTruthy();
  });

  it('shows tasks of the server as the extension they are in the modern shape', async () => {
    const capabilities = { tasks: { requests: { tools: { call: {} } } }, tools: {} };
    const { upstream } = await connected({ initialize: () => ({ ...INITIALIZED, capabilities }) });
    expect(upstream.status.offers?.capabilities).toEqual({
      tools: {},
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    });
  });

  it('declares what the caller has with capabilities: session, on a connection per kind of caller', async () => {
    const { server, upstream } = await connected({ 'tools/call': () => TEXT }, { capabilities: 'session' });
    expect(server.last('initialize').params.capabilities).toEqual({});
    const callers = [
      {},
      { sampling: {}, x: 1 },
      { elicitation: { url: {} } },
      { elicitation: {}, roots: {} },
      { sampling: { other: 1 } },
    ];
    for (const capabilities of callers) await upstream.request(buildCall({ capabilities }));
    const declared = server.heard
      .filter(({ method }) => method === 'initialize')
      .map(({ params }) => params.capabilities);
    expect(declared).toEqual([
      {},
      { sampling: {} },
      { elicitation: { url: {} } },
      { roots: {}, elicitation: { form: {} } },
    ]);
    const links = server.heard.filter(({ method }) => method === 'tools/call').map(({ link }) => link);
    expect(links).toEqual([0, 1, 2, 3, 1]);
  });
});

describe('requests to a legacy server', () => {
  it('of methods its era does not have are refused by the hub', async () => {
    const { upstream, server } = await connected();
    for (const method of ['subscriptions/listen', 'server/discover']) {
      expect(errorCode(await upstream.request(buildCall({ method, params: {} })))).toBe(-32601);
    }
    expect(server.count('server/discover')).toBe(1);
  });

  it('of methods nobody knows are forwarded', async () => {
    const { upstream } = await connected({ 'vendor/do': () => ({ y: 1 }) });
    expect(seen(await upstream.request(buildCall({ method: 'vendor/do', params: { x: 1 } })))).toEqual({
      kind: 'complete',
      result: { y: 1 },
    });
  });
});

describe('errors of a legacy server', () => {
  it('-32002 has its modern code, and the uri', async () => {
    const { upstream } = await connected({
      'resources/read': () => ({ error: { code: -32002, message: 'no', data: { x: 1 } } }),
    });
    const outcome = await upstream.request(
      buildCall({ method: 'resources/read', params: { uri: 'pub://1' }, target: 'a://1' }),
    );
    expect(seen(outcome).error).toEqual({ code: -32602, message: 'no', data: { uri: 'a://1', x: 1 } });
  });

  const elicitations = [{ mode: 'url', elicitationId: 'e1', url: 'https://x.test', message: 'Sign in' }];
  const refusal = { error: { code: -32042, message: 'first', data: { elicitations } } };

  it('-32042 asks a modern client to visit the URLs, with nothing parked', async () => {
    let visited = false;
    const { upstream, server } = await connected({ 'tools/call': () => (visited ? TEXT : refusal) });
    const capabilities = { elicitation: { url: {} } };
    expect(seen(await upstream.request(buildCall({ capabilities })))).toEqual({
      kind: 'input_required',
      result: {
        inputRequests: {
          elicitation_1: {
            method: 'elicitation/create',
            params: { mode: 'url', url: 'https://x.test', message: 'Sign in' },
          },
        },
      },
    });
    visited = true;
    const params = { name: 'echo', inputResponses: { elicitation_1: { action: 'accept' } } };
    const again = await upstream.request(buildCall({ params, capabilities, resume: { state: null } }));
    expect(seen(again)).toEqual({ kind: 'complete', result: TEXT });
    expect(server.last('tools/call').params).toEqual({ name: 'echo', arguments: {} });
  });

  it('-32042 is -32021 for a modern client that cannot open URLs, and itself for a legacy one', async () => {
    const { upstream } = await connected({ 'tools/call': () => refusal });
    expect(errorCode(await upstream.request(buildCall()))).toBe(-32021);
    expect(seen(await upstream.request(buildCall({ asks: 'attached' })))).toEqual({ kind: 'error', ...refusal });
  });
});

describe('log messages', () => {
  const log = (level: string, data: unknown = 1) => ({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level, data },
  });

  it('have the session set to the most verbose level that is wanted, and each call hears its own', async () => {
    const { upstream, server, clock } = await connected({ 'tools/call': () => TEXT });
    const call = async (logLevel?: 'debug' | 'info' | 'error') => {
      await upstream.request(buildCall({ logLevel }));
      return server.heard.filter(({ method }) => method === 'logging/setLevel').map(({ params }) => params.level);
    };
    expect(await call()).toEqual([]);
    expect(await call('error')).toEqual(['error']);
    expect(await call('info')).toEqual(['error', 'info']);
    expect(await call('error')).toEqual(['error', 'info']);
    expect(await call('info')).toEqual(['error', 'info']);
    await clock.advance(60_100);
    expect(await call('error')).toEqual(['error', 'info', 'error']);
  });

  it('reach the only call in flight, at its level', async () => {
    const { upstream, server } = await connected();
    const call = buildCall({ logLevel: 'warning' });
    void upstream.request(call);
    await settle();
    for (const level of ['info', 'warning', 'emergency', 'strange']) server.say(log(level));
    expect(call.emitted.map(({ params }) => (params.value() as { level: string }).level)).toEqual([
      'warning',
      'emergency',
      'strange',
    ]);
  });

  it('reach all calls in flight of one session, and none when there are several', async () => {
    const { upstream, server } = await connected();
    const mine = [0, 1].map(() => buildCall({ logLevel: 'info', session: 's1' }));
    for (const call of mine) void upstream.request(call);
    await settle();
    server.say(log('info'));
    expect(mine.map(({ emitted }) => emitted.length)).toEqual([1, 1]);
    const other = buildCall({ logLevel: 'info', session: 's2' });
    void upstream.request(other);
    await settle();
    server.say(log('info'));
    expect([...mine, other].map(({ emitted }) => emitted.length)).toEqual([1, 1, 0]);
  });
});

describe('changes', () => {
  it('are told as events', async () => {
    const test = await connected();
    const events = watch(test);
    const say = (name: string, params = {}) =>
      test.server.say({ jsonrpc: '2.0', method: `notifications/${name}`, params });
    for (const list of ['tools', 'prompts', 'resources']) say(`${list}/list_changed`);
    say('resources/updated', { uri: 'a://1' });
    say('resources/updated');
    say('cancelled');
    expect(events).toEqual([
      { type: 'changed', list: 'tools' },
      { type: 'changed', list: 'prompts' },
      { type: 'changed', list: 'resources' },
      { type: 'updated', uri: 'a://1' },
    ]);
  });

  it('of resources are subscribed while somebody wants them', async () => {
    const { upstream, server } = await connected();
    const releases = [upstream.subscribe('resource', 'a://1'), upstream.subscribe('resource', 'a://1')];
    expect(server.heard.filter(({ method }) => method === 'resources/subscribe').map(({ params }) => params)).toEqual([
      { uri: 'a://1' },
    ]);
    releases[0]?.();
    expect(server.count('resources/unsubscribe')).toBe(0);
    releases[1]?.();
    expect(server.last('resources/unsubscribe').params).toEqual({ uri: 'a://1' });
  });

  it('are not subscribed at a server that offers no subscriptions', async () => {
    const { upstream, server } = await connected({
      initialize: () => ({ ...INITIALIZED, capabilities: { resources: {} } }),
    });
    upstream.subscribe('resource', 'a://1');
    expect(server.count('resources/subscribe')).toBe(0);
  });

  it('that a gap in the stream may have hidden are told once it is open again', async () => {
    const test = await connected({}, HTTP);
    test.upstream.subscribe('resource', 'a://1');
    const events = watch(test);
    for (const state of ['open', 'none'] as const) test.server.links[0]?.events.stream?.(state);
    expect(events).toEqual([]);
    test.server.links[0]?.events.stream?.('reopened');
    expect(events).toEqual([
      { type: 'changed', list: 'tools' },
      { type: 'updated', uri: 'a://1' },
    ]);
  });
});

describe('a lost session', () => {
  const tools = [
    { name: 'reads', annotations: { readOnlyHint: true } },
    { name: 'puts', annotations: { idempotentHint: true } },
    { name: 'adds', annotations: {} },
    { name: 'plain' },
    { nameless: true },
  ];

  it('is begun anew once for all that met it; what is safe is sent again, the rest is -31002', async () => {
    const test = await connected({ 'tools/list': () => ({ tools }) }, HTTP);
    const { upstream, server } = test;
    server.links[0]?.events.session?.('session-2', 1);
    await upstream.request(buildCall({ method: 'tools/list', params: {} }));
    upstream.subscribe('resource', 'a://1');
    const events = watch(test);
    const names = ['reads', 'puts', 'adds', 'plain', 'unknown'];
    const calls = names.map((name) => upstream.request(buildCall({ params: { name: 'x' }, target: name })));
    const read = upstream.request(buildCall({ method: 'resources/read', params: { uri: 'a://1' } }));
    const first = server.heard.filter(({ method }) => method === 'tools/call' || method === 'resources/read');
    for (const heard of first) server.links[0]?.fail(heard.id as number, GONE);
    const waiting = upstream.request(buildCall({ params: { name: 'later' } }));
    await settle();
    expect(server.count('initialize')).toBe(2);
    expect(server.count('resources/subscribe')).toBe(2);
    const again = server.heard
      .filter(({ method }) => method === 'tools/call' || method === 'resources/read')
      .slice(first.length);
    expect(again.map(({ params }) => params.name ?? params.uri)).toEqual(['reads', 'puts', 'a://1', 'later']);
    for (const heard of again) server.reply(heard, TEXT);
    expect((await Promise.all(calls)).map(errorCode)).toEqual([undefined, undefined, -31002, -31002, -31002]);
    expect((await read).kind).toBe('complete');
    expect((await waiting).kind).toBe('complete');
    expect(events).toEqual([
      { type: 'changed', list: 'tools' },
      { type: 'updated', uri: 'a://1' },
    ]);
    expect(upstream.status.state).toBe('ready');
  });

  it('is not tried a third time for one request', async () => {
    const { upstream, server } = await connected({}, HTTP);
    const outcome = upstream.request(buildCall({ method: 'tools/list', params: {} }));
    for (let n = 0; n < 2; n++) {
      server.links[0]?.fail(server.last('tools/list').id as number, GONE);
      await settle();
    }
    expect(errorCode(await outcome)).toBe(-31002);
    expect(server.count('tools/list')).toBe(2);
  });

  it('that cannot be begun anew is the end of the connection, which is then made anew', async () => {
    let broken = false;
    const script: Script = { initialize: () => (broken ? { error: { code: -1, message: 'no' } } : INITIALIZED) };
    const test = await connected(script, HTTP);
    const outcome = test.upstream.request(buildCall({ method: 'tools/list', params: {} }));
    broken = true;
    test.server.links[0]?.fail(test.server.last('tools/list').id as number, GONE);
    expect(errorCode(await outcome)).toBe(-31002);
    await settle();
    expect(test.upstream.status.state).toBe('failed');
    broken = false;
    await test.clock.advance(1000);
    expect(test.upstream.status.state).toBe('ready');
  });
});

describe('tasks of a legacy server', () => {
  const capabilities = { tools: {}, tasks: { requests: { tools: { call: {} } } } };
  const task = (status: string) => ({
    taskId: 't1',
    status,
    createdAt: 'then',
    lastUpdatedAt: 'now',
    ttl: 60_000,
    pollInterval: 500,
  });
  const modern = (status: string) => ({
    taskId: 't1',
    status,
    createdAt: 'then',
    lastUpdatedAt: 'now',
    ttlMs: 60_000,
    pollIntervalMs: 500,
  });
  const EXTENSION = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: {} };
  const related = { 'io.modelcontextprotocol/related-task': { taskId: 't1' } };
  const tools = [
    { name: 'slow', execution: { taskSupport: 'required' } },
    { name: 'quick', execution: { taskSupport: 'optional' } },
  ];

  async function withTasks(script: Script = {}): Promise<TestUpstream> {
    const test = await connected({
      initialize: () => ({ ...INITIALIZED, capabilities }),
      'tools/list': () => ({ tools }),
      'tools/call': ({ params }) => (params.task === undefined ? TEXT : { task: task('working') }),
      ...script,
    });
    await test.upstream.request(buildCall({ method: 'tools/list', params: {} }));
    return test;
  }
  const slow = (more = {}) => buildCall({ params: { name: 'slow' }, capabilities: EXTENSION, ...more });
  const tasks = (method: string, more = {}) =>
    buildCall({
      method: `tasks/${method}`,
      params: { taskId: 'pub-t1', ...more },
      target: 't1',
      capabilities: EXTENSION,
    });

  it('are begun for tools that need one, and the caller that knows tasks gets the handle', async () => {
    const { upstream, server } = await withTasks();
    expect(seen(await upstream.request(slow()))).toEqual({
      kind: 'task',
      result: { ...modern('working'), resultType: 'task' },
    });
    expect(server.last('tools/call').params).toEqual({ name: 'slow', arguments: {}, task: {} });
    await upstream.request(buildCall({ params: { name: 'quick' } }));
    expect(server.last('tools/call').params).not.toHaveProperty('task');
  });

  it('are waited for where the caller does not know tasks', async () => {
    const { upstream, server, clock } = await withTasks();
    const outcome = upstream.request(slow({ capabilities: {} }));
    await settle();
    expect(server.last('tasks/result').params).toEqual({ taskId: 't1' });
    await clock.advance(50_000);
    server.say({ jsonrpc: '2.0', method: 'notifications/tasks/status', params: task('working') });
    await clock.advance(50_000);
    server.reply(server.last('tasks/result'), TEXT);
    expect(seen(await outcome)).toEqual({ kind: 'complete', result: TEXT });
    expect(server.count('tasks/cancel')).toBe(0);
  });

  it('that are waited for ask the caller, and are cancelled with its call', async () => {
    const { upstream, server, clock } = await withTasks();
    const outcome = upstream.request(slow({ capabilities: { elicitation: {} } }));
    await settle();
    server.say({ jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: 'ok?', _meta: related } });
    await clock.advance(25);
    expect((await outcome).kind).toBe('input_required');
    await clock.advance(600_100);
    expect(server.last('tasks/cancel').params).toEqual({ taskId: 't1' });
  });

  it('are told with their result once it is there, be it an error of the tool', async () => {
    const result = { content: [], isError: true };
    const { upstream } = await withTasks({ 'tasks/get': () => task('failed'), 'tasks/result': () => result });
    await upstream.request(slow());
    expect(seen(await upstream.request(tasks('get')))).toEqual({
      kind: 'complete',
      result: { ...modern('completed'), result: { ...result, resultType: 'complete' } },
    });
  });

  it('are told with their error, or as they stand', async () => {
    let status = 'failed';
    const error = { code: -5, message: 'broke' };
    const { upstream } = await withTasks({ 'tasks/get': () => task(status), 'tasks/result': () => ({ error }) });
    await upstream.request(slow());
    expect(seen(await upstream.request(tasks('get')))).toEqual({
      kind: 'complete',
      result: { ...modern('failed'), error },
    });
    for (status of ['working', 'cancelled']) {
      expect(seen(await upstream.request(tasks('get')))).toEqual({ kind: 'complete', result: modern(status) });
    }
  });

  it('are told with their questions, which tasks/update answers', async () => {
    const { upstream, server, clock } = await withTasks({ 'tasks/get': () => task('input_required') });
    await upstream.request(slow());
    const got = upstream.request(tasks('get'));
    await settle();
    const say = (id: string, params = {}, method = 'elicitation/create') =>
      server.say({ jsonrpc: '2.0', id, method, params: { message: 'ok?', ...params, _meta: related } });
    say('q1');
    say('q2', { _meta: { ...related, 'dev.hatago/input-key': 'named' } });
    say('q3', { messages: [] }, 'sampling/createMessage');
    await clock.advance(25);
    expect(seen(await got)).toEqual({
      kind: 'complete',
      result: {
        ...modern('input_required'),
        inputRequests: {
          elicitation_1: { method: 'elicitation/create', params: { message: 'ok?' } },
          elicitation_2: { method: 'elicitation/create', params: { message: 'ok?' } },
        },
      },
    });
    expect(server.answers.get('q3')).toMatchObject({ error: { code: -32601 } });
    const inputResponses = { elicitation_1: { action: 'accept' }, elicitation_2: 5, unknown: {} };
    expect(seen(await upstream.request(tasks('update', { inputResponses })))).toEqual({ kind: 'complete', result: {} });
    expect(server.answers.get('q1')).toMatchObject({ result: { action: 'accept' } });
    expect(server.answers.has('q2')).toBe(false);
    expect(seen(await upstream.request(tasks('get'))).result).toMatchObject({ inputRequests: { elicitation_2: {} } });
  });

  it('that say they need input but ask nothing are told so after a second', async () => {
    const { upstream, clock } = await withTasks({ 'tasks/get': () => task('input_required') });
    const got = upstream.request(tasks('get'));
    await clock.advance(1000);
    expect(seen(await got).result).toEqual({ ...modern('input_required'), inputRequests: {} });
  });

  it('are cancelled, and belong to their principal', async () => {
    const { upstream, server } = await withTasks({
      'tasks/cancel': () => task('cancelled'),
      'tasks/get': () => ({ odd: 1 }),
    });
    await upstream.request(slow());
    expect(seen(await upstream.request(tasks('cancel')))).toEqual({ kind: 'complete', result: {} });
    for (const call of [
      { ...tasks('get'), principal: { id: 'eve' } },
      { ...tasks('get'), params: tasks('x').params, target: undefined, method: 'tasks/list' },
    ]) {
      expect(errorCode(await upstream.request(call))).toBeLessThan(-32600);
    }
    expect(errorCode(await upstream.request(tasks('get')))).toBe(-31010);
    expect(server.count('tasks/list')).toBe(0);
  });

  it('pass on what the server refuses', async () => {
    const error = { code: -32602, message: 'no such task' };
    const { upstream } = await withTasks({ 'tasks/get': () => ({ error }), 'tasks/cancel': () => ({ error }) });
    for (const method of ['get', 'cancel'])
      expect(seen(await upstream.request(tasks(method)))).toEqual({ kind: 'error', error });
  });

  it('report their state to those who hold them', async () => {
    const test = await withTasks({ 'tasks/result': () => TEXT });
    const events = watch(test);
    const say = (params: unknown) => test.server.say({ jsonrpc: '2.0', method: 'notifications/tasks/status', params });
    say(task('working'));
    say({});
    await settle();
    expect(events).toEqual([]);
    await test.upstream.request(slow());
    say(task('completed'));
    await settle();
    const [event] = events as Extract<UpstreamEvent, { type: 'task' }>[];
    expect(event?.notification.method).toBe('notifications/tasks');
    expect(event?.notification.params.value()).toEqual({
      ...modern('completed'),
      result: { ...TEXT, resultType: 'complete' },
    });
  });
});

describe('a call that failed', () => {
  it('is told apart from one that was never sent', async () => {
    const { upstream, server } = await connected({}, HTTP);
    const outcome = upstream.request(buildCall());
    server.links[0]?.fail((server.last('tools/call') as Heard).id as number, { kind: 'unsent', message: 'refused' });
    expect(errorCode(await outcome)).toBe(-31001);
  });
});
