import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { complete } from './test-kit.ts';
import { connectLegacy, connectPeer, type Message, type Peer, TRANSPORTS } from './test-peer.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const RELATED = 'io.modelcontextprotocol/related-task';
const discover = {
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {}, extensions: { [EXTENSION]: {} } },
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'hatago', version: '0.1.0' } },
};
const isAsk = (message: Message): boolean => message.method !== undefined && message.id !== undefined;
const QUESTION = { inputRequests: { who: { method: 'elicitation/create', params: { message: 'Who?' } } } };

interface Held {
  readonly script: (exchange: Exchange) => Promise<Outcome>;
  readonly calls: { exchange: Exchange; end(outcome: Outcome): void }[];
}
function held(): Held {
  const calls: Held['calls'] = [];
  return { calls, script: (exchange) => new Promise((end) => calls.push({ exchange, end })) };
}

async function startTask(
  peer: Peer,
  id: unknown = 1,
  task: unknown = { ttl: 60_000 },
): Promise<Record<string, unknown>> {
  const answer = await peer.request(id, 'tools/call', { name: 'slow', arguments: {}, task });
  return (answer.result as { task: Record<string, unknown> }).task;
}

describe('what initialize says of tasks', () => {
  it.each([
    ['2025-11-25', discover, true],
    ['2025-06-18', discover, false],
    ['2025-11-25', { ...discover, capabilities: { tools: {} } }, false],
  ])('in %s depends on the servers', async (version, offered, tasks) => {
    await using peer = await connectPeer('stdio', { discover: offered });
    const { result } = await peer.request(0, 'initialize', { protocolVersion: version });
    const { capabilities } = result as unknown as { capabilities: Record<string, unknown> };
    expect(capabilities.tasks).toEqual(tasks ? { list: {}, cancel: {}, requests: { tools: { call: {} } } } : undefined);
    expect(capabilities.tools).toEqual({});
    expect((await peer.request(1, 'tasks/list')).error === undefined).toBe(tasks);
  });
});

describe.each(TRANSPORTS)('a tool called as a task over %s', (transport) => {
  it('gives a handle at once, and its result when it is asked for', async () => {
    const { script, calls } = held();
    await using peer = await connectLegacy(transport, { discover, script });
    const task = await startTask(peer);
    expect(task).toEqual({
      taskId: expect.stringMatching(/^[\w-]{36}$/),
      status: 'working',
      createdAt: expect.any(String),
      lastUpdatedAt: expect.any(String),
      ttl: 60_000,
      pollInterval: 1_000,
    });
    expect(calls[0]?.exchange.params.value()).toEqual({ name: 'slow', arguments: {} });
    const { taskId } = task;
    expect((await peer.request(2, 'tasks/get', { taskId })).result).toEqual(task);
    expect((await peer.request(3, 'tasks/list')).result).toEqual({ tasks: [task] });
    const waiting = peer.request(4, 'tasks/result', { taskId });
    await peer.request(5, 'ping');
    calls[0]?.end(complete({ resultType: 'complete', content: ['done'], _meta: { 'a/b': 1 } }));
    const expected = { content: ['done'], _meta: { 'a/b': 1, [RELATED]: { taskId } } };
    expect((await waiting).result).toEqual(expected);
    expect((await peer.request(6, 'tasks/result', { taskId })).result).toEqual(expected);
    expect((await peer.request(7, 'tasks/get', { taskId })).result).toMatchObject({ status: 'completed' });
    expect(await peer.next(({ method }) => method === 'notifications/tasks/status')).toMatchObject({
      params: { taskId, status: 'completed' },
    });
    expect((await peer.request(8, 'tasks/cancel', { taskId })).error).toMatchObject({ code: -32602 });
  });

  it.each([
    ['a result that says so', complete({ content: [], isError: true }), { result: { isError: true } }],
    [
      'an error',
      { kind: 'error', error: Payload.ofValue({ code: -31002, message: 'lost' }) } as Outcome,
      { error: { code: -31002 } },
    ],
  ])('fails with %s', async (_, outcome, expected) => {
    await using peer = await connectLegacy(transport, { discover, script: () => outcome });
    const { taskId } = await startTask(peer);
    expect(await peer.request(2, 'tasks/result', { taskId })).toMatchObject(expected);
    expect((await peer.request(3, 'tasks/get', { taskId })).result).toMatchObject({ status: 'failed' });
  });

  it('asks its questions over the request for its result, and says which task they belong to', async () => {
    await using peer = await connectLegacy(transport, {
      discover,
      client: { elicitation: {} },
      script: ({ params }) =>
        params.member('inputResponses') === undefined
          ? { kind: 'input_required', result: Payload.ofValue(QUESTION) }
          : complete({ content: [params.member('inputResponses')?.value()] }),
    });
    const { taskId } = await startTask(peer);
    expect((await peer.request(2, 'tasks/get', { taskId })).result).toMatchObject({ status: 'input_required' });
    expect(peer.inbox.filter(isAsk)).toEqual([]);
    const waiting = peer.request(3, 'tasks/result', { taskId });
    const asked = await peer.next(isAsk);
    expect(asked.params).toEqual({ message: 'Who?', _meta: { [RELATED]: { taskId } } });
    peer.send({ jsonrpc: '2.0', id: asked.id, result: { action: 'decline' } });
    expect((await waiting).result).toMatchObject({ content: [{ who: { action: 'decline' } }] });
  });

  it('is cancelled before that is answered', async () => {
    const { script, calls } = held();
    await using peer = await connectLegacy(transport, { discover, script });
    const { taskId } = await startTask(peer);
    const waiting = peer.request(2, 'tasks/result', { taskId });
    await peer.request(3, 'ping');
    expect((await peer.request(4, 'tasks/cancel', { taskId })).result).toMatchObject({ taskId, status: 'cancelled' });
    expect((await waiting).error).toMatchObject({ code: -32602 });
    calls[0]?.end(complete({ content: [] }));
    expect((await peer.request(5, 'tasks/get', { taskId })).result).toMatchObject({ status: 'cancelled' });
  });

  it('is unknown under any other id', async () => {
    await using peer = await connectLegacy(transport, { discover });
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      expect((await peer.request(method, method, { taskId: 'x' })).error).toMatchObject({ code: -32602 });
      expect((await peer.request(`${method}2`, method)).error).toMatchObject({ code: -32602 });
    }
    expect((await peer.request(9, 'tasks/list', { cursor: 'x' })).error).toMatchObject({ code: -32602 });
  });

  it('is forgotten when its time is over, and there are only so many', async () => {
    const { script } = held();
    await using peer = await connectLegacy(transport, { discover, script, limits: { maxTasks: 1 } });
    const first = await startTask(peer, 1, { ttl: 1_000 });
    expect((await peer.request(2, 'tools/call', { name: 'slow', task: {} })).error).toMatchObject({ code: -31007 });
    peer.kit.clock.nowMs += 1_000;
    expect((await startTask(peer, 3, {})).ttl).toBe(3_600_000);
    expect((await peer.request(4, 'tasks/get', { taskId: first.taskId })).error).toMatchObject({ code: -32602 });
  });
});

describe('a task that is cancelled before its server made one of its own', () => {
  it.each([
    ['names it', { taskId: 'late' }, ['tools/call', 'tasks/cancel']],
    ['does not name it', {}, ['tools/call']],
  ])('is cancelled there when its handle comes and %s', async (_, handle, methods) => {
    const { script, calls } = held();
    await using peer = await connectLegacy('stdio', { discover, script });
    const { taskId } = await startTask(peer);
    await peer.request(2, 'tasks/cancel', { taskId });
    expect(calls[0]?.exchange.signal.cancelled).toBe(false);
    calls[0]?.end({ kind: 'task', result: Payload.ofValue(handle) });
    await peer.request(3, 'ping');
    expect(calls.map(({ exchange }) => exchange.method)).toEqual(methods);
    if (methods.length > 1) expect(calls[1]?.exchange.params.value()).toEqual({ taskId: 'late' });
  });
});

describe('a task that is cancelled while its server works on it', () => {
  it('is cancelled there once no handle has come for a moment', async () => {
    const { script, calls } = held();
    await using peer = await connectLegacy('stdio', { discover, script });
    const { taskId } = await startTask(peer);
    await peer.request(2, 'tasks/cancel', { taskId });
    await expect.poll(() => calls[0]?.exchange.signal.cancelled, { timeout: 2_000 }).toBe(true);
  });
});

describe('notifications of a task', () => {
  it('go to whoever waits for its result, else to the session', async () => {
    const { script, calls } = held();
    await using peer = await connectLegacy('stdio', { discover, script });
    const { taskId } = await startTask(peer);
    const note = (progress: number) => ({
      method: 'notifications/progress',
      params: Payload.ofValue({ progressToken: 1, progress }),
    });
    calls[0]?.exchange.emit(note(1));
    expect(await peer.next(({ method }) => method === 'notifications/progress')).toMatchObject({
      params: { progress: 1 },
    });
    const waiting = peer.request(2, 'tasks/result', { taskId });
    await peer.request(3, 'ping');
    calls[0]?.exchange.emit(note(2));
    expect(await peer.next(({ method }) => method === 'notifications/progress')).toMatchObject({
      params: { progress: 2 },
    });
    calls[0]?.end(complete({ content: [] }));
    await waiting;
  });
});

describe.each(TRANSPORTS)('a task of a server behind a plain call over %s', (transport) => {
  const HANDLE = { taskId: 't1', status: 'working', ttlMs: null, pollIntervalMs: 1 };
  const withTask =
    (states: Record<string, unknown>[], seen: Exchange[] = []) =>
    (exchange: Exchange): Outcome => {
      seen.push(exchange);
      if (exchange.method === 'tools/call') return { kind: 'task', result: Payload.ofValue(HANDLE) };
      if (exchange.method === 'tasks/get')
        return complete({ ...HANDLE, ...(states.length > 1 ? states.shift() : states[0]) });
      return complete({});
    };
  const run = async (states: Record<string, unknown>[], more: object = {}, seen: Exchange[] = []) => {
    const peer = await connectLegacy(transport, { script: withTask(states, seen), ...more });
    return { peer, answer: peer.request(1, 'tools/call', { name: 'a', _meta: { progressToken: 'p' } }) };
  };

  it('is waited for, with signs of life, and its result answers the call', async () => {
    const { peer, answer } = await run([
      {},
      { statusMessage: 'half' },
      { status: 'completed', result: { content: ['done'] } },
    ]);
    await using _ = peer;
    expect((await answer).result).toEqual({ content: ['done'] });
    const signs = peer.inbox.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params);
    expect(signs).toEqual([
      { progressToken: 'p', progress: 1 },
      { progressToken: 'p', progress: 2, message: 'half' },
    ]);
  });

  it('shows signs of life that go on from the progress before it was one', async () => {
    const script = withTask([{}, {}, { status: 'completed', result: { content: [] } }]);
    await using peer = await connectLegacy(transport, {
      script(exchange) {
        const params = Payload.ofValue({ progressToken: 'p', progress: 50.5 });
        if (exchange.method === 'tools/call') exchange.emit({ method: 'notifications/progress', params });
        return script(exchange);
      },
    });
    await peer.request(1, 'tools/call', { name: 'a', _meta: { progressToken: 'p' } });
    const signs = peer.inbox.filter(({ method }) => method === 'notifications/progress');
    expect(signs.map(({ params }) => (params as { progress: number }).progress)).toEqual([50.5, 51, 52]);
  });

  it.each([
    [true, { result: { a: 1 } }],
    [false, { a: 1 }],
  ])('has its structured output wrapped (%s) as its tool declares it', async (wrap, structuredContent) => {
    const script = withTask([{ status: 'completed', result: { content: [], structuredContent: { a: 1 } } }]);
    await using peer = await connectLegacy(transport, {
      script(exchange) {
        const outcome = script(exchange);
        return outcome.kind === 'complete' && wrap ? { ...outcome, wrap } : outcome;
      },
    });
    expect((await peer.request(1, 'tools/call', { name: 'a' })).result).toEqual({ content: [], structuredContent });
  });

  it('has its questions answered once', async () => {
    const seen: Exchange[] = [];
    const states = [
      { status: 'input_required', ...QUESTION },
      { status: 'input_required', ...QUESTION },
      { status: 'completed', result: { content: [] } },
    ];
    const { peer, answer } = await run(states, { client: { elicitation: {} } }, seen);
    await using _ = peer;
    const asked = await peer.next(isAsk);
    peer.send({ jsonrpc: '2.0', id: asked.id, result: { action: 'accept', content: {} } });
    expect((await answer).result).toEqual({ content: [] });
    expect(peer.inbox.filter(isAsk)).toEqual([]);
    const update = seen.find(({ method }) => method === 'tasks/update');
    expect(update?.params.value()).toEqual({
      taskId: 't1',
      inputResponses: { who: { action: 'accept', content: {} } },
    });
    expect(update?.envelope.progressToken).toBeUndefined();
  });

  it.each([
    ['failed', { status: 'failed', error: { code: -5, message: 'm' } }, { error: { code: -5 } }],
    ['failed without an error', { status: 'failed' }, { error: { code: -31010 } }],
    ['cancelled', { status: 'cancelled' }, { result: { isError: true } }],
    ['completed without a result', { status: 'completed' }, { error: { code: -31010 } }],
    ['asking malformed questions', { status: 'input_required', inputRequests: 1 }, { error: { code: -31010 } }],
    ['in no known state', { status: 'odd' }, { error: { code: -31010 } }],
    ['asking what the client cannot answer', { status: 'input_required', ...QUESTION }, { result: { isError: true } }],
  ])('that ends %s ends the call so', async (_, state, expected) => {
    const { peer, answer } = await run([state]);
    await using __ = peer;
    expect(await answer).toMatchObject(expected);
  });

  it.each([
    ['its client refuses a question', { elicitation: {} }, {}, { error: { code: -1, message: 'no' } }],
    ['nobody answers its question', { elicitation: {} }, { limits: { askTimeoutMs: 20 } }, undefined],
    ['its client cannot be asked', {}, {}, undefined],
  ])('is cancelled at its server, once, when %s', async (_, client, more, refusal) => {
    const seen: Exchange[] = [];
    const { peer, answer } = await run([{ status: 'input_required', ...QUESTION }], { client, ...more }, seen);
    await using __ = peer;
    if (refusal !== undefined) peer.send({ jsonrpc: '2.0', id: (await peer.next(isAsk)).id, ...refusal });
    expect((await answer).result).toMatchObject({ isError: true });
    await peer.request(2, 'ping');
    expect(seen.filter(({ method }) => method === 'tasks/cancel').map(({ params }) => params.value())).toEqual([
      { taskId: 't1' },
    ]);
  });

  it.each(['completed', 'failed', 'cancelled'])('that is %s is not cancelled', async (status) => {
    const seen: Exchange[] = [];
    const { peer, answer } = await run([{ status, result: {} }], {}, seen);
    await using _ = peer;
    await answer;
    expect(seen.map(({ method }) => method)).not.toContain('tasks/cancel');
  });

  it('that its server forgot ends the call in its error', async () => {
    await using peer = await connectLegacy(transport, {
      script: ({ method }) =>
        method === 'tools/call'
          ? { kind: 'task', result: Payload.ofValue(HANDLE) }
          : { kind: 'error', error: Payload.ofValue({ code: -32602, message: 'unknown task' }) },
    });
    expect((await peer.request(1, 'tools/call', { name: 'a' })).error).toMatchObject({ code: -32602 });
  });

  it('without an id is a fault of the server', async () => {
    await using peer = await connectLegacy(transport, {
      script: () => ({ kind: 'task', result: Payload.ofValue({}) }),
    });
    expect((await peer.request(1, 'tools/call', { name: 'a' })).error).toMatchObject({ code: -31010 });
  });

  it('is cancelled at its server when the client takes the call back', async () => {
    const seen: Exchange[] = [];
    const { peer } = await run([{}], {}, seen);
    await using _ = peer;
    await expect.poll(() => seen.some(({ method }) => method === 'tasks/get')).toBe(true);
    peer.notify('notifications/cancelled', { requestId: 1 });
    await expect
      .poll(() => seen.find(({ method }) => method === 'tasks/cancel')?.params.value())
      .toEqual({ taskId: 't1' });
    const polls = (): number => seen.filter(({ method }) => method === 'tasks/get').length;
    const before = polls();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(polls()).toBeLessThanOrEqual(before + 1);
  });

  it('is not waited for longer than a day', async () => {
    const seen: Exchange[] = [];
    const { peer, answer } = await run([{}], {}, seen);
    await using _ = peer;
    await expect.poll(() => peer.inbox.length).toBeGreaterThan(0);
    peer.kit.clock.nowMs += 24 * 3_600_000;
    expect((await answer).error).toMatchObject({ code: -31003 });
    expect(seen.at(-1)?.method).toBe('tasks/cancel');
  });
});
