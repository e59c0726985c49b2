import { describe, expect, it } from 'vitest';
import type { UpstreamEvent } from '../core/upstream.ts';
import {
  buildCall,
  createTestUpstream,
  errorCode,
  INITIALIZED,
  LEGACY_SCRIPT,
  type Script,
  seen,
  settle,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamDeps, UpstreamSpec } from './spec.ts';

const TEXT = { content: [] };

async function connected(
  script: Script = {},
  spec: Partial<UpstreamSpec> = {},
  deps: Partial<UpstreamDeps> = {},
): Promise<TestUpstream> {
  const test = createTestUpstream({ ...LEGACY_SCRIPT, ...script }, spec, { attributed: spec.kind === 'http', deps });
  await test.upstream.settled;
  expect(test.upstream.status.offers?.era).toBe('legacy');
  return test;
}

const watch = (test: TestUpstream): UpstreamEvent[] => {
  const events: UpstreamEvent[] = [];
  test.upstream.watch((event) => events.push(event));
  return events;
};

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

  async function withTasks(
    script: Script = {},
    spec?: Partial<UpstreamSpec>,
    deps?: Partial<UpstreamDeps>,
  ): Promise<TestUpstream> {
    const scripted: Script = {
      initialize: () => ({ ...INITIALIZED, capabilities }),
      'tools/list': () => ({ tools }),
      'tools/call': ({ params }) => (params.task === undefined ? TEXT : { task: task('working') }),
      ...script,
    };
    const test = await connected(scripted, spec, deps);
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
    const error = { code: -32603, message: 'broke' };
    const old = { ...error, code: -32042 };
    const { upstream } = await withTasks({ 'tasks/get': () => task(status), 'tasks/result': () => ({ error: old }) });
    expect(seen(await upstream.request(slow({ capabilities: {} })))).toEqual({ kind: 'error', error });
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

  const interactive = { verdicts: { get: () => ({ interactive: true }), put: () => {} } };
  it.each([
    ['asks during calls', {}, 's1', interactive],
    ['asks during calls, of a client without a session', {}, undefined, interactive],
    ['gives each session a connection', { isolation: 'session' }, 's1', {}],
    ['is told of the client’s capabilities', { capabilities: 'session' }, 's1', {}],
  ] as const)('run on a connection beside the shared one where the server %s', async (_name, spec, session, deps) => {
    let status = 'working';
    const limits = { leaseIdleMs: 60_000, sessionIdleMs: 60_000 };
    const script: Script = { 'tasks/get': () => ({ ...task(status), ttl: null }), 'tasks/result': () => TEXT };
    const { upstream, server, clock } = await withTasks(script, { ...spec, limits }, deps);
    server.script['tools/call'] = () => ({ task: { ...task('working'), ttl: null } });
    expect((await upstream.request(slow({ session }))).kind).toBe('task');
    expect(server.last('tools/call')).toMatchObject({ link: 1, params: { task: {} } });
    await clock.advance(600_000);
    const get = () =>
      upstream.request({ ...tasks('get'), session: session === undefined ? undefined : { id: session } });
    expect((await get()).kind).toBe('complete');
    expect(server.last('tasks/get').link).toBe(1);
    status = 'completed';
    expect(seen(await get()).result).toMatchObject({ status: 'completed', result: TEXT });
    expect(server.last('tasks/result').link).toBe(1);
    await clock.advance(90_000);
    expect(server.links[1]?.closed).toBe('idle');
  });

  it('are not kept for longer than their server keeps them', async () => {
    const limits = { sessionIdleMs: 20_000 };
    const { upstream, server, clock } = await withTasks({}, { isolation: 'session', limits });
    await upstream.request(slow({ session: 's1' }));
    await clock.advance(50_000);
    expect(server.links[1]?.closed).toBeUndefined();
    await clock.advance(30_000);
    expect(server.links[1]?.closed).toBe('idle');
  });
});
