import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import type { Parked } from '../core/exchange.ts';
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

describe('codes that modern clients do not know', () => {
  const refused = (method: string, error: unknown): Script => ({ [method]: () => ({ error }) });
  it.each([
    ['tools/call', -32042, undefined, -32603],
    ['tools/call', -32042, { elicitations: [] }, -32603],
    ['tools/call', -32042, { elicitations: [{ message: 'no URL' }] }, -32603],
    ['tools/call', -32002, undefined, -32602],
    ['prompts/get', -32002, { x: 1 }, -32602],
  ])('%s %i with %j', async (method, code, data, modern) => {
    const { upstream } = await connected(refused(method, { code, message: 'no', data }));
    const call = { method, params: { name: 'one', uri: 'a://1' }, target: 'two', capabilities: { elicitation: {} } };
    expect(seen(await upstream.request(buildCall(call))).error).toEqual({ code: modern, message: 'no', data });
    const attached = await upstream.request(buildCall({ ...call, asks: 'attached' }));
    expect(seen(attached).error).toEqual({ code, message: 'no', data });
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

  it('reach nobody while it cannot be told which call they belong to', async () => {
    const { upstream, server } = await connected();
    const calls = [0, 1].map(() => buildCall({ logLevel: 'info', session: 's1' }));
    const outcomes = calls.map((call) => upstream.request(call));
    await settle();
    server.say(log('info'));
    server.reply(server.last('tools/call'), TEXT);
    await Promise.race(outcomes);
    expect(calls.map(({ emitted }) => emitted.length)).toEqual([0, 0]);
    server.say(log('info'));
    expect(calls.map(({ emitted }) => emitted.length).sort()).toEqual([0, 1]);
  });

  it('of a cancelled call do not reach the next one', async () => {
    const { upstream, server } = await connected();
    const signal = createCanceller();
    void upstream.request(buildCall({ signal }));
    signal.cancel('gone');
    const next = buildCall({ logLevel: 'info' });
    void upstream.request(next);
    await settle();
    server.say(log('info'));
    expect(next.emitted).toEqual([]);
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
  it('is begun anew once for all that met it, and what it refused is sent again, for it never ran', async () => {
    const test = await connected({}, HTTP);
    const { upstream, server } = test;
    server.links[0]?.events.session?.('session-2', 1);
    upstream.subscribe('resource', 'a://1');
    const events = watch(test);
    const calls = ['one', 'two'].map((name) => upstream.request(buildCall({ params: { name } })));
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
    expect(again.map(({ params }) => params.name ?? params.uri)).toEqual(['one', 'two', 'a://1', 'later']);
    for (const heard of again) server.reply(heard, TEXT);
    const outcomes = await Promise.all([...calls, read, waiting]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['complete', 'complete', 'complete', 'complete']);
    expect(events).toEqual([
      { type: 'changed', list: 'tools' },
      { type: 'updated', uri: 'a://1' },
    ]);
    expect(upstream.status.state).toBe('ready');
  });

  it('does not have a call sent again in whose course something was asked', async () => {
    const { upstream, server } = await connected({}, HTTP);
    const outcome = upstream.request(buildCall({ capabilities: { roots: {} }, asks: 'attached' }));
    const { id } = server.last('tools/call');
    server.say({ jsonrpc: '2.0', id: 'q', method: 'roots/list', params: {} }, id);
    const asked = await outcome;
    server.links[0]?.fail(id as number, GONE);
    await settle();
    expect(server.count('tools/call')).toBe(1);
    const { parked } = asked as Extract<typeof asked, { kind: 'input_required' }>;
    expect(errorCode(await (parked as Parked).ended)).toBe(-31002);
  });

  it('is noticed by the end of its stream, and what was missed counts as changed', async () => {
    const test = await connected({}, HTTP);
    const [link] = test.server.links;
    test.upstream.subscribe('resource', 'a://1');
    const events = watch(test);
    link?.events.stream?.('gone');
    await settle();
    link?.fail(test.server.last('ping').id as number, GONE);
    await settle();
    expect(test.server.count('initialize')).toBe(2);
    expect(link?.streams).toBe(2);
    expect(test.server.count('resources/subscribe')).toBe(2);
    expect(events).toEqual([
      { type: 'changed', list: 'tools' },
      { type: 'updated', uri: 'a://1' },
    ]);
  });

  it('is not supposed where only the stream is not there', async () => {
    const test = await connected({ ping: () => ({}) }, HTTP);
    test.server.links[0]?.events.stream?.('gone');
    await settle();
    expect(test.server.count('initialize')).toBe(1);
  });

  it('is noticed by requests of the hub’s own, but not begun anew for them again and again', async () => {
    const { upstream, server, clock } = await connected({}, HTTP);
    const [link] = server.links;
    const refuse = () => link?.fail(server.last('resources/subscribe').id as number, GONE);
    upstream.subscribe('resource', 'a://1');
    for (let n = 0; n < 4; n++) {
      refuse();
      await settle();
    }
    expect(server.count('initialize')).toBe(2);
    await clock.advance(10_000);
    upstream.subscribe('resource', 'a://2');
    refuse();
    await settle();
    expect(server.count('initialize')).toBe(3);
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

describe('a call that failed', () => {
  it('is told apart from one that was never sent', async () => {
    const { upstream, server } = await connected({}, HTTP);
    const outcome = upstream.request(buildCall());
    server.links[0]?.fail((server.last('tools/call') as Heard).id as number, { kind: 'unsent', message: 'refused' });
    expect(errorCode(await outcome)).toBe(-31001);
  });
});
