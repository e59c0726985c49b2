import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import {
  buildCall,
  createTestUpstream,
  errorCode,
  type Heard,
  LEGACY_SCRIPT,
  type Script,
  seen,
  settle,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

async function connected(script: Script = {}, spec: Partial<UpstreamSpec> = {}): Promise<TestUpstream> {
  const test = createTestUpstream({ ...LEGACY_SCRIPT, ...script }, spec);
  await test.upstream.settled;
  expect(test.upstream.status.state).toBe('ready');
  return test;
}

const TEXT = { content: [{ type: 'text', text: 'hi' }] };

describe('a request', () => {
  it('carries the own name and a minted id, everything else as it came', async () => {
    const { upstream, server } = await connected({ 'tools/call': () => TEXT });
    const params = '{ "name":"srv_echo", "arguments": {"a" : 1.0}, "x":{"y":[ ]} }';
    const outcome = await upstream.request(buildCall({ params, target: 'echo' }));
    expect(seen(outcome)).toEqual({ kind: 'complete', result: TEXT });
    expect(server.last('tools/call').text).toMatch(
      /^\{"jsonrpc":"2.0","id":\d+,"method":"tools\/call","params":\{ "name":"echo", "arguments": \{"a" : 1\.0\}, "x":\{"y":\[ \]\} \}\}$/,
    );
  });

  it('loses the envelope keys of its _meta and keeps the rest', async () => {
    const { upstream, server } = await connected({ 'tools/call': () => TEXT });
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    await upstream.request(buildCall({ params: { name: 'a', _meta: { ...meta, traceparent: '00-1', 'x/y': 1 } } }));
    expect(server.last('tools/call').params._meta).toEqual({ traceparent: '00-1', 'x/y': 1 });
    await upstream.request(buildCall({ params: { name: 'a', _meta: meta } }));
    expect(server.last('tools/call').params).toEqual({ name: 'a', arguments: {} });
  });

  it('rewrites uri, task id and ref alike', async () => {
    const { upstream, server } = await connected({
      'resources/read': () => ({ contents: [] }),
      'completion/complete': () => ({ completion: { values: [] } }),
    });
    await upstream.request(buildCall({ method: 'resources/read', params: { uri: 'x://1' }, target: 'a://ü' }));
    expect(server.last('resources/read').params).toEqual({ uri: 'a://ü' });
    const ref = { ref: { type: 'ref/prompt', name: 'srv_p' }, argument: { name: 'a', value: 'b' } };
    await upstream.request(buildCall({ method: 'completion/complete', params: ref, target: 'p' }));
    expect(server.last('completion/complete').params).toEqual({ ...ref, ref: { type: 'ref/prompt', name: 'p' } });
    const uri = { ref: { type: 'ref/resource', uri: 'x://1' }, argument: { name: 'a', value: 'b' } };
    await upstream.request(buildCall({ method: 'completion/complete', params: uri, target: 'y://1' }));
    expect(server.last('completion/complete').params.ref).toEqual({ type: 'ref/resource', uri: 'y://1' });
  });
});

describe('answers', () => {
  it('reach the request they belong to, whatever their order', async () => {
    const { upstream, server } = await connected();
    const outcomes = [0, 1, 2].map((n) => upstream.request(buildCall({ params: { name: 'a', arguments: { n } } })));
    const calls = server.heard.filter((heard) => heard.method === 'tools/call').reverse();
    for (const heard of calls) server.reply(heard, { n: (heard.params.arguments as { n: number }).n });
    expect((await Promise.all(outcomes)).map(seen)).toEqual(
      [0, 1, 2].map((n) => ({ kind: 'complete', result: { n } })),
    );
  });

  it('that come twice, for an unknown id, or after a cancellation are counted and dropped', async () => {
    const { upstream, server, logged } = await connected();
    const signal = createCanceller();
    const first = upstream.request(buildCall({ signal }));
    const heard = server.last('tools/call');
    signal.cancel('gone');
    expect(errorCode(await first)).toBe(-31002);
    server.reply(heard, TEXT);
    const second = upstream.request(buildCall());
    server.reply(server.last('tools/call'), { n: 1 });
    server.reply(server.last('tools/call'), { n: 2 });
    server.say({ jsonrpc: '2.0', id: 99, result: {} });
    server.say({ jsonrpc: '2.0', id: 'foreign', result: {} });
    server.say('17');
    server.say({ jsonrpc: '2.0', method: 5 });
    server.say({ jsonrpc: '2.0', method: 'notifications/message', params: [] });
    expect(seen(await second)).toEqual({ kind: 'complete', result: { n: 1 } });
    expect(logged.filter(({ event }) => event === 'upstream_protocol')).toHaveLength(7);
  });

  it.each([
    ['result and error', { result: {}, error: { code: 1, message: 'x' } }],
    ['neither', {}],
    ['a result that is no object', { result: 'x' }],
    ['an error that is none', { error: { code: 'x' } }],
  ])('with %s are a protocol error of that call', async (_name, body) => {
    const { upstream, server } = await connected();
    const outcome = upstream.request(buildCall());
    server.say({ jsonrpc: '2.0', id: server.last('tools/call').id, ...body });
    expect(errorCode(await outcome)).toBe(-31010);
  });

  it("that are the server's own errors keep their bytes", async () => {
    const error = { code: -5, message: 'no', data: { a: [1] } };
    const { upstream } = await connected({ 'tools/call': () => ({ error }) });
    expect(seen(await upstream.request(buildCall()))).toEqual({ kind: 'error', error });
  });

  it('without an id belong to the request on whose stream they come', async () => {
    const { upstream, server } = await connected();
    const outcome = upstream.request(buildCall());
    const error = { code: -32700, message: 'unreadable' };
    server.say({ jsonrpc: '2.0', id: null, error }, server.last('tools/call').id);
    expect(seen(await outcome)).toEqual({ kind: 'error', error });
  });
});

describe('progress', () => {
  const progress = (heard: Heard, value: unknown) => ({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: {
      progressToken: heard.params._meta && (heard.params._meta as { progressToken: unknown }).progressToken,
      progress: value,
    },
  });
  const params = (token: string | number) => ({ name: 'a', _meta: { progressToken: token } });

  it.each([['x-1'], [7]])('comes back under the token %j of the caller', async (token) => {
    const { upstream, server } = await connected();
    const call = buildCall({ params: params(token), progressToken: token });
    const outcome = upstream.request(call);
    const heard = server.last('tools/call');
    expect(heard.params._meta).toEqual({ progressToken: heard.id });
    server.say(progress(heard, 1));
    server.reply(heard, TEXT);
    await outcome;
    expect(call.emitted.map(({ params: p }) => p.value())).toEqual([{ progressToken: token, progress: 1 }]);
    server.say(progress(heard, 2));
    expect(call.emitted).toHaveLength(1);
  });

  it('is asked for where only the envelope has the token', async () => {
    const { upstream, server } = await connected({ 'tools/call': () => TEXT });
    await upstream.request(buildCall({ progressToken: 'p' }));
    const heard = server.last('tools/call');
    expect(heard.params._meta).toEqual({ progressToken: heard.id });
    await upstream.request(buildCall({ params: { name: 'a', _meta: { progressToken: 'p', x: 1 } } }));
    expect(server.last('tools/call').params._meta).toEqual({ x: 1 });
  });

  it('is not asked for, nor handed on, when the caller gave no token', async () => {
    const { upstream, server } = await connected();
    const call = buildCall();
    const outcome = upstream.request(call);
    const heard = server.last('tools/call');
    expect(heard.params._meta).toBeUndefined();
    server.say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: heard.id, progress: 1 } });
    server.reply(heard, TEXT);
    await outcome;
    expect(call.emitted).toEqual([]);
  });

  it('only ever increases', async () => {
    const { upstream, server } = await connected();
    const call = buildCall({ params: params(1), progressToken: 1 });
    const outcome = upstream.request(call);
    const heard = server.last('tools/call');
    for (const value of [1, 1, 0.5, 2, 'x', 3]) server.say(progress(heard, value));
    server.reply(heard, TEXT);
    await outcome;
    expect(call.emitted.map(({ params: p }) => (p.value() as { progress: number }).progress)).toEqual([1, 2, 3]);
  });

  it('comes at most 20 times a second, the newest winning', async () => {
    const { upstream, server, clock } = await connected();
    const call = buildCall({ params: params(1), progressToken: 1 });
    const outcome = upstream.request(call);
    const heard = server.last('tools/call');
    for (let value = 1; value <= 50; value++) server.say(progress(heard, value));
    expect(call.emitted).toHaveLength(20);
    await clock.advance(1100);
    expect(call.emitted).toHaveLength(21);
    expect(call.emitted[20]?.params.value()).toEqual({ progressToken: 1, progress: 50 });
    for (let value = 51; value <= 90; value++) server.say(progress(heard, value));
    server.reply(heard, TEXT);
    await outcome;
    expect(call.emitted.at(-1)?.params.value()).toEqual({ progressToken: 1, progress: 90 });
  });
});

describe('deadlines', () => {
  it('end a call at its time with -31003 and tell the server', async () => {
    const { upstream, server, clock } = await connected();
    const outcome = upstream.request(buildCall());
    await clock.advance(59_900);
    expect(server.count('notifications/cancelled')).toBe(0);
    await clock.advance(200);
    expect(errorCode(await outcome)).toBe(-31003);
    const { id } = server.last('tools/call');
    expect(server.last('notifications/cancelled').params).toEqual({ requestId: id, reason: 'timeout' });
  });

  it('are put off by progress up to the total', async () => {
    const { upstream, server, clock } = await connected();
    const outcome = upstream.request(buildCall());
    const { id } = server.last('tools/call');
    let ended = false;
    void outcome.then(() => {
      ended = true;
    });
    for (let n = 1; n <= 5; n++) {
      await clock.advance(50_000);
      server.say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: id, progress: n } });
    }
    await settle();
    expect(ended).toBe(false);
    await clock.advance(50_100);
    expect(errorCode(await outcome)).toBe(-31003);
  });

  it('of 0 are none', async () => {
    const { upstream, server, clock } = await connected({}, { timeouts: { requestMs: 0, totalMs: 0 } });
    const outcome = upstream.request(buildCall());
    await clock.advance(400_000);
    server.reply(server.last('tools/call'), TEXT);
    expect((await outcome).kind).toBe('complete');
  });

  it('need no timer while nothing is in flight', async () => {
    const { upstream, clock } = await connected({ 'tools/call': () => TEXT });
    await upstream.request(buildCall());
    await clock.advance(200);
    expect(clock.timers).toBe(0);
  });
});

describe('cancellation', () => {
  it('is told to the server by a notification and to the link', async () => {
    const { upstream, server } = await connected();
    const signal = createCanceller();
    const outcome = upstream.request(buildCall({ signal }));
    const { id } = server.last('tools/call');
    signal.cancel('the user stopped it');
    expect(server.last('notifications/cancelled').params).toEqual({ requestId: id, reason: 'the user stopped it' });
    expect(server.cancelled).toEqual([id]);
    await outcome;
  });

  it('before the request is sent sends nothing', async () => {
    const { upstream, server } = await connected();
    const signal = createCanceller();
    signal.cancel('early');
    expect(errorCode(await upstream.request(buildCall({ signal })))).toBe(-31001);
    expect(server.count('tools/call')).toBe(0);
  });
});

describe('limits', () => {
  it('let 2 be in flight and 1 wait, and refuse the next', async () => {
    const { upstream, server } = await connected({}, { limits: { maxInFlight: 2, maxQueue: 1 } });
    const outcomes = [0, 1, 2, 3].map(() => upstream.request(buildCall()));
    expect(errorCode(await (outcomes[3] as Promise<never>))).toBe(-31007);
    expect(server.count('tools/call')).toBe(2);
    server.reply(server.last('tools/call'), TEXT);
    expect(server.count('tools/call')).toBe(3);
    server.reply(server.last('tools/call'), TEXT);
    server.reply(server.heard.find((heard) => heard.method === 'tools/call') as Heard, TEXT);
    const kinds = (await Promise.all(outcomes.slice(0, 3))).map(({ kind }) => kind);
    expect(kinds).toEqual(['complete', 'complete', 'complete']);
  });

  it('forget a waiting call that is cancelled or late', async () => {
    const { upstream, clock } = await connected({}, { limits: { maxInFlight: 1 }, timeouts: { requestMs: 1000 } });
    const running = upstream.request(buildCall());
    const signal = createCanceller();
    const waiting = upstream.request(buildCall({ signal }));
    signal.cancel('gone');
    expect(errorCode(await waiting)).toBe(-31002);
    const late = upstream.request(buildCall());
    await clock.advance(1100);
    expect(errorCode(await running)).toBe(-31003);
    expect(errorCode(await late)).toBe(-31003);
  });
});

describe('a lost link', () => {
  it('ends sent calls with -31002 and those that were never sent with -31001', async () => {
    const { upstream, server } = await connected({}, { limits: { maxInFlight: 1 } });
    const sent = upstream.request(buildCall());
    const queued = upstream.request(buildCall());
    server.links[0]?.end();
    expect(errorCode(await sent)).toBe(-31002);
    expect(errorCode(await queued)).toBe(-31001);
  });

  it.each([
    ['unsent', -31001],
    ['overloaded', -31007],
    ['lost', -31002],
    ['auth', -31011],
    ['too_large', -31009],
    ['protocol', -31010],
  ] as const)('of one request for reason %s is %i', async (kind, code) => {
    const { upstream, server } = await connected();
    const outcome = upstream.request(buildCall());
    server.links[0]?.fail(server.last('tools/call').id as number, { kind, message: 'secret detail' });
    const ended = await outcome;
    expect(errorCode(ended)).toBe(code);
    expect(JSON.stringify(seen(ended))).not.toContain('secret detail');
    server.links[0]?.fail(12_345, { kind, message: 'not ours' });
  });

  it.each([
    [404, '{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}', -32601],
    [400, '<html>', -31010],
    [503, '', -31001],
    [502, '{"error":"bad gateway"}', -31002],
  ])('by HTTP %i reads a JSON-RPC error in its body', async (status, text, code) => {
    const { upstream, server } = await connected();
    const outcome = upstream.request(buildCall());
    const body = new TextEncoder().encode(text);
    const headers = { 'retry-after': '2' };
    const failure = { kind: 'http', message: '', status, body, headers } as const;
    server.links[0]?.fail(server.last('tools/call').id as number, failure);
    const ended = await outcome;
    expect(errorCode(ended)).toBe(code);
    if (code <= -31001 && code > -32000) {
      expect(seen(ended).error).toMatchObject({ data: { server: 'test', retryAfterMs: 2000 } });
    }
  });
});

describe('requests of the server', () => {
  it('are answered when they are pings and refused when they are unknown', async () => {
    const { server } = await connected();
    server.say({ jsonrpc: '2.0', id: 0, method: 'ping' });
    server.say({ jsonrpc: '2.0', id: 'x', method: 'vendor/what', params: {} });
    expect(server.answers.get(0)).toMatchObject({ result: {} });
    expect(server.answers.get('x')).toMatchObject({ error: { code: -32601 } });
  });
});
