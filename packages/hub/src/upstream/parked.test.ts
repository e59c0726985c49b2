import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import type { Ask, Notification, Outcome, Parked } from '../core/exchange.ts';
import {
  buildCall,
  type CallOptions,
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

const ALL = { roots: {}, sampling: { tools: {} }, elicitation: { form: {}, url: {} } };
const FORM = { message: 'Your name?', requestedSchema: { type: 'object', properties: {} } };
const ACCEPT = { action: 'accept', content: { name: 'Ann' } };
const TEXT = { content: [{ type: 'text', text: 'done' }] };

async function connected(
  spec: Partial<UpstreamSpec> = {},
  more: { attributed?: boolean; script?: Script } = {},
): Promise<TestUpstream> {
  const test = createTestUpstream({ ...LEGACY_SCRIPT, ...more.script }, spec, { attributed: more.attributed });
  await test.upstream.settled;
  return test;
}

const ask = (id: number | string, method = 'elicitation/create', params: unknown = FORM) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

/** What the caller of a parked call gets and sends back. */
function asked(outcome: Outcome): {
  keys: string[];
  state: string;
  requests: Record<string, { method: string; params: Record<string, unknown> }>;
  parked: Parked | undefined;
} {
  if (outcome.kind !== 'input_required') throw new Error(JSON.stringify(seen(outcome)));
  const result = outcome.result.value() as { inputRequests: Record<string, never>; requestState: string };
  return {
    keys: Object.keys(result.inputRequests),
    state: result.requestState,
    requests: result.inputRequests,
    parked: outcome.parked,
  };
}

const retry = (state: string, inputResponses: unknown, more: CallOptions = {}) =>
  buildCall({
    params: { name: 'echo', inputResponses, requestState: 'sealed' },
    capabilities: ALL,
    resume: { state },
    ...more,
  });

/** Starts a call and has the server ask something in its course. */
async function park(
  test: TestUpstream,
  more: CallOptions = {},
): Promise<{ outcome: Outcome; heard: Heard; call: ReturnType<typeof buildCall> }> {
  const call = buildCall({ capabilities: ALL, ...more });
  const running = test.upstream.request(call);
  await settle();
  const heard = test.server.last('tools/call');
  test.server.say(ask('q1'), undefined, heard.link);
  await test.clock.advance(25);
  return { outcome: await running, heard, call };
}

describe('an ask during a call of a modern client', () => {
  it('ends the call as input_required, and the retry goes on where it stopped', async () => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    const { keys, state, requests } = asked(outcome);
    expect(requests).toEqual({ elicitation_1: { method: 'elicitation/create', params: FORM } });
    const resumed = test.upstream.request(retry(state, { [keys[0] as string]: ACCEPT }));
    expect(test.server.answers.get('q1')).toEqual({ jsonrpc: '2.0', id: 'q1', result: ACCEPT });
    test.server.reply(heard, TEXT);
    expect(seen(await resumed)).toEqual({ kind: 'complete', result: TEXT });
    expect(test.server.count('tools/call')).toBe(1);
  });

  it('is joined with those that come within 25 ms, under keys that are the same in every run', async () => {
    const test = await connected();
    const running = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask(1));
    test.server.say(ask(2, 'sampling/createMessage', { messages: [], maxTokens: 5, includeContext: 'allServers' }));
    test.server.say(ask(3, 'roots/list', {}));
    await test.clock.advance(20);
    test.server.say(ask(4));
    await test.clock.advance(5);
    const { keys, requests, state } = asked(await running);
    expect(keys).toEqual(['elicitation_1', 'sampling_1', 'roots_1', 'elicitation_2']);
    expect(requests.sampling_1?.params.includeContext).toBe('none');
    const sampled = { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm' };
    const answers = {
      elicitation_1: ACCEPT,
      sampling_1: sampled,
      roots_1: { roots: [] },
      elicitation_2: { action: 'decline' },
    };
    const resumed = test.upstream.request(retry(state, answers));
    expect([1, 2, 3, 4].map((id) => test.server.answers.get(id)?.result)).toEqual(Object.values(answers));
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect((await resumed).kind).toBe('complete');
  });

  it('goes by the name the server gives it, which its client does not see', async () => {
    const test = await connected();
    const running = test.upstream.request(buildCall({ capabilities: ALL }));
    const named = (name: unknown, more = {}) => ({ ...FORM, _meta: { 'dev.hatago/input-key': name, ...more } });
    test.server.say(ask(1, 'elicitation/create', named('user_name')));
    test.server.say(ask(2, 'elicitation/create', named('user_name', { keep: 1, progressToken: 4 })));
    test.server.say(ask(3, 'elicitation/create', named('not a key!')));
    await test.clock.advance(25);
    const { requests } = asked(await running);
    expect(requests).toEqual({
      user_name: { method: 'elicitation/create', params: FORM },
      elicitation_1: { method: 'elicitation/create', params: { ...FORM, _meta: { keep: 1 } } },
      elicitation_2: { method: 'elicitation/create', params: FORM },
    });
  });

  it('is put again when its answer is missing or has the wrong shape', async () => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    let { state } = asked(outcome);
    for (const answers of [
      { wrong_key: ACCEPT },
      { elicitation_1: 12_345 },
      { elicitation_1: { action: 'perhaps' } },
      null,
    ]) {
      const resumed = test.upstream.request(retry(state, answers));
      await test.clock.advance(25);
      const again = asked(await resumed);
      expect(again.keys).toEqual(['elicitation_1']);
      expect(again.state).not.toBe(state);
      state = again.state;
    }
    expect(test.server.answers.size).toBe(0);
    const resumed = test.upstream.request(retry(state, { elicitation_1: ACCEPT }));
    test.server.reply(heard, TEXT);
    expect((await resumed).kind).toBe('complete');
  });

  it('may be followed by another one in the next round', async () => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    const second = test.upstream.request(retry(asked(outcome).state, { elicitation_1: ACCEPT }));
    test.server.say(ask('q2'));
    await test.clock.advance(25);
    const { keys, state } = asked(await second);
    expect(keys).toEqual(['elicitation_2']);
    const third = test.upstream.request(retry(state, { elicitation_2: ACCEPT }));
    test.server.reply(heard, TEXT);
    expect((await third).kind).toBe('complete');
  });

  it('is answered at once from answers that came with the first request', async () => {
    const test = await connected();
    const params = { name: 'echo', inputResponses: { elicitation_1: ACCEPT, other: 1 } };
    const running = test.upstream.request(buildCall({ params, capabilities: ALL }));
    expect(test.server.last('tools/call').params).not.toHaveProperty('inputResponses');
    test.server.say(ask(1));
    expect(test.server.answers.get(1)?.result).toEqual(ACCEPT);
    test.server.say(ask(2));
    await test.clock.advance(25);
    expect(asked(await running).keys).toEqual(['elicitation_2']);
    const named = { ...FORM, _meta: { 'dev.hatago/input-key': 'other' } };
    const second = test.upstream.request(buildCall({ params, capabilities: ALL }));
    test.server.say(ask(3, 'elicitation/create', named), test.server.last('tools/call').id);
    await test.clock.advance(25);
    expect(asked(await second).keys).toEqual(['other']);
  });

  it('stops the clock of the call, which then goes on from where it stood', async () => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    await test.clock.advance(300_000);
    const resumed = test.upstream.request(retry(asked(outcome).state, { elicitation_1: ACCEPT }));
    await test.clock.advance(50_000);
    test.server.reply(heard, TEXT);
    expect((await resumed).kind).toBe('complete');
  });

  it('is given up after 10 minutes without an answer', async () => {
    const test = await connected();
    const { outcome } = await park(test);
    await test.clock.advance(600_100);
    expect(test.server.count('notifications/cancelled')).toBe(1);
    expect(errorCode(await test.upstream.request(retry(asked(outcome).state, { elicitation_1: ACCEPT })))).toBe(-31003);
  });

  it('keeps the notifications of the meantime for the retry, the oldest giving way', async () => {
    const test = await connected({ limits: { maxBuffered: 3 } });
    const { outcome, heard } = await park(test, {
      params: { name: 'echo', _meta: { progressToken: 'first' } },
      progressToken: 'first',
      logLevel: 'debug',
    });
    const log = (data: number) => ({
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'info', data },
    });
    test.server.say(log(1));
    test.server.say(log(2));
    test.server.say({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: heard.id, progress: 1 },
    });
    test.server.say(log(3));
    const call = retry(asked(outcome).state, { elicitation_1: ACCEPT }, { progressToken: 'second' });
    const resumed = test.upstream.request(call);
    test.server.reply(heard, TEXT);
    await resumed;
    expect(call.emitted.map(({ params }) => params.value())).toEqual([
      { level: 'info', data: 2 },
      { progressToken: 'second', progress: 1 },
      { level: 'info', data: 3 },
    ]);
  });

  it('that the server takes back is not waited for any more', async () => {
    const test = await connected();
    const running = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask('q1'));
    test.server.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q1' } });
    test.server.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'unknown' } });
    await test.clock.advance(100);
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect(seen(await running)).toEqual({ kind: 'complete', result: TEXT });
  });

  it('leaves its outcome for the retry when the call ends without the answer', async () => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    test.server.reply(heard, TEXT);
    expect(seen(await test.upstream.request(retry(asked(outcome).state, {})))).toEqual({
      kind: 'complete',
      result: TEXT,
    });
  });
});

describe('a requestState', () => {
  it('used again with the same answers within 60 s is the same running call, then its outcome', async () => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    const { state } = asked(outcome);
    const first = test.upstream.request(retry(state, { elicitation_1: ACCEPT }));
    const lost = retry(state, { elicitation_1: { content: ACCEPT.content, action: 'accept' } });
    const second = test.upstream.request(lost);
    test.server.reply(heard, TEXT);
    expect(await first).toBe(await second);
    await test.clock.advance(59_000);
    expect(seen(await test.upstream.request(retry(state, { elicitation_1: ACCEPT })))).toEqual({
      kind: 'complete',
      result: TEXT,
    });
    await test.clock.advance(2000);
    expect(errorCode(await test.upstream.request(retry(state, { elicitation_1: ACCEPT })))).toBe(-32602);
    expect(test.server.answers.size).toBe(1);
  });

  it.each([
    ['with other answers', { elicitation_1: { action: 'decline' } }, {}],
    ['of another principal', { elicitation_1: ACCEPT }, { principal: { id: 'eve' } }],
    ['for another method', { elicitation_1: ACCEPT }, { method: 'prompts/get' }],
  ])('used again %s is refused', async (_name, answers, more) => {
    const test = await connected();
    const { outcome, heard } = await park(test);
    const { state } = asked(outcome);
    const first = test.upstream.request(retry(state, { elicitation_1: ACCEPT }));
    const refused = await test.upstream.request(retry(state, answers, more));
    expect(errorCode(refused)).toBe(-32602);
    expect(JSON.stringify(seen(refused))).toContain('requestState');
    test.server.reply(heard, TEXT);
    expect((await first).kind).toBe('complete');
  });

  it('of another principal is refused at its first use too, and an unknown one always', async () => {
    const test = await connected();
    const { outcome } = await park(test);
    const { state } = asked(outcome);
    const eve = { principal: { id: 'eve' } };
    expect(errorCode(await test.upstream.request(retry(state, { elicitation_1: ACCEPT }, eve)))).toBe(-32602);
    expect(errorCode(await test.upstream.request(retry('0'.repeat(32), {})))).toBe(-32602);
    expect(test.server.answers.size).toBe(0);
  });
});

describe('a resumed call', () => {
  it('is cancelled when all who wait for it are gone, and not before', async () => {
    const test = await connected();
    const { outcome } = await park(test);
    const { state } = asked(outcome);
    const [one, two] = [createCanceller(), createCanceller()];
    const first = test.upstream.request(retry(state, { elicitation_1: ACCEPT }, { signal: one }));
    void test.upstream.request(retry(state, { elicitation_1: ACCEPT }, { signal: two }));
    one.cancel('gone');
    expect(test.server.count('notifications/cancelled')).toBe(0);
    two.cancel('gone');
    expect(test.server.count('notifications/cancelled')).toBe(1);
    expect(errorCode(await first)).toBe(-31002);
  });

  it('that is parked outlives the request that started it', async () => {
    const test = await connected();
    const signal = createCanceller();
    const { outcome, heard } = await park(test, { signal });
    signal.cancel('the response was sent');
    const resumed = test.upstream.request(retry(asked(outcome).state, { elicitation_1: ACCEPT }));
    test.server.reply(heard, TEXT);
    expect((await resumed).kind).toBe('complete');
  });
});

describe('parked calls', () => {
  it('do not count as in flight', async () => {
    const test = await connected({ limits: { maxInFlight: 1, maxQueue: 0 } }, { attributed: true });
    const call = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask(1), test.server.last('tools/call').id);
    await test.clock.advance(25);
    asked(await call);
    const other = test.upstream.request(buildCall());
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect((await other).kind).toBe('complete');
  });

  it('are 2 per principal where that is the limit, the oldest being cancelled', async () => {
    const test = await connected({ limits: { maxParkedPerPrincipal: 2 } }, { attributed: true });
    const states: string[] = [];
    for (let n = 0; n < 3; n++) {
      const call = test.upstream.request(buildCall({ capabilities: ALL, principal: { id: 'ann' } }));
      test.server.say(ask(n), test.server.last('tools/call').id);
      await test.clock.advance(25);
      states.push(asked(await call).state);
    }
    const bob = test.upstream.request(buildCall({ capabilities: ALL, principal: { id: 'bob' } }));
    test.server.say(ask(9), test.server.last('tools/call').id);
    await test.clock.advance(25);
    asked(await bob);
    expect(test.server.count('notifications/cancelled')).toBe(1);
    const retried = (state: string | undefined) =>
      test.upstream.request(retry(state as string, { elicitation_1: ACCEPT }, { principal: { id: 'ann' } }));
    expect(errorCode(await retried(states[0]))).toBe(-31007);
    const second = retried(states[1]);
    expect(test.server.answers.get(1)?.result).toEqual(ACCEPT);
    test.server.reply(test.server.heard.filter(({ method }) => method === 'tools/call')[1] as Heard, TEXT);
    expect((await second).kind).toBe('complete');
  });
});

describe('an ask during a call of an attached client', () => {
  const attached = (more: CallOptions = {}) => ({
    asks: 'attached' as const,
    capabilities: ALL,
    session: 's1',
    ...more,
  });

  async function attach(test: TestUpstream, more: CallOptions = {}) {
    const running = test.upstream.request(buildCall(attached(more)));
    await settle();
    const heard = test.server.last('tools/call');
    test.server.say(ask('q1'), undefined, heard.link);
    const { parked, requests } = asked(await running);
    if (parked === undefined) throw new Error('nothing to attach to');
    const told: { notified: Notification[]; asked: Ask[]; withdrawn: string[] } = {
      notified: [],
      asked: [],
      withdrawn: [],
    };
    const listener = {
      notify: (notification: Notification) => told.notified.push(notification),
      asked: (more: Ask) => told.asked.push(more),
      withdrawn: (key: string) => told.withdrawn.push(key),
    };
    return { parked, requests, heard, told, listener };
  }

  it('is put at once, and the call goes on to its end', async () => {
    const test = await connected();
    const { parked, requests, heard, told, listener } = await attach(test);
    expect(requests).toEqual({ elicitation_1: { method: 'elicitation/create', params: FORM } });
    test.server.say({ jsonrpc: '2.0', method: 'notifications/vendor' }, heard.id);
    test.server.say(ask('q2'));
    const detach = parked.attach(listener);
    expect(told.notified.map(({ method }) => method)).toEqual(['notifications/vendor']);
    expect(told.asked.map(({ key }) => key)).toEqual(['elicitation_2']);
    test.server.say(ask('q3'));
    expect(told.asked.map(({ key }) => key)).toEqual(['elicitation_2', 'elicitation_3']);
    expect(parked.answer('elicitation_1', { result: Payload.ofValue(ACCEPT) })).toBe(true);
    expect(parked.answer('elicitation_1', { result: Payload.ofValue(ACCEPT) })).toBe(false);
    expect(parked.answer('elicitation_2', { error: Payload.ofValue({ code: -1, message: 'no' }) })).toBe(true);
    expect(test.server.answers.get('q2')).toMatchObject({ error: { code: -1 } });
    test.server.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q3' } });
    expect(told.withdrawn).toEqual(['elicitation_3']);
    detach();
    test.server.reply(heard, TEXT);
    expect(seen(await parked.ended)).toEqual({ kind: 'complete', result: TEXT });
    expect(parked.answer('elicitation_3', { result: Payload.ofValue(ACCEPT) })).toBe(false);
  });

  it('is withdrawn when the call ends without its answer', async () => {
    const test = await connected();
    const { parked, heard, told, listener } = await attach(test);
    parked.attach(listener);
    test.server.reply(heard, TEXT);
    await parked.ended;
    expect(told.withdrawn).toEqual(['elicitation_1']);
  });

  it('may also be answered by sending the request again', async () => {
    const test = await connected();
    const running = test.upstream.request(buildCall(attached()));
    const heard = test.server.last('tools/call');
    test.server.say(ask('q1'));
    const resumed = test.upstream.request(retry(asked(await running).state, { elicitation_1: ACCEPT }, attached()));
    test.server.reply(heard, TEXT);
    expect((await resumed).kind).toBe('complete');
  });

  it('ends with the call when its client cancels', async () => {
    const test = await connected();
    const signal = createCanceller();
    const { parked } = await attach(test, { signal });
    signal.cancel('the user stopped it');
    expect(errorCode(await parked.ended)).toBe(-31002);
    expect(test.server.count('notifications/cancelled')).toBe(1);
  });

  it('keeps its elicitationId, and its client hears that the URL was dealt with', async () => {
    const test = await connected();
    const url = { mode: 'url', url: 'https://x.test', message: 'go', elicitationId: 'e1' };
    const running = test.upstream.request(buildCall(attached()));
    const heard = test.server.last('tools/call');
    test.server.say(ask('q1', 'elicitation/create', url));
    const { parked, requests } = asked(await running);
    expect(requests.elicitation_1?.params).toEqual(url);
    const notified: Notification[] = [];
    parked?.attach({ notify: (n) => notified.push(n), asked: () => {}, withdrawn: () => {} });
    const complete = (elicitationId?: string) => ({
      jsonrpc: '2.0',
      method: 'notifications/elicitation/complete',
      params: { elicitationId },
    });
    for (const id of ['e2', undefined, 'e1']) test.server.say(complete(id));
    expect(notified.map(({ params }) => params.value())).toEqual([{ elicitationId: 'e1' }]);
    test.server.reply(heard, TEXT);
    const modern = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask('q2', 'elicitation/create', url));
    await test.clock.advance(25);
    expect(asked(await modern).requests.elicitation_1?.params).not.toHaveProperty('elicitationId');
  });
});

describe('a capability the caller did not declare', () => {
  const CASES: [string, string, unknown, Record<string, unknown>, unknown][] = [
    ['sampling', 'sampling/createMessage', { messages: [] }, {}, { sampling: {} }],
    [
      'sampling with tools',
      'sampling/createMessage',
      { messages: [], tools: [] },
      { sampling: {} },
      { sampling: { tools: {} } },
    ],
    ['sampling with tools, none', 'sampling/createMessage', { tools: [] }, {}, { sampling: { tools: {} } }],
    ['forms', 'elicitation/create', FORM, { sampling: {} }, { elicitation: {} }],
    ['forms of a client with URLs', 'elicitation/create', FORM, { elicitation: { url: {} } }, { elicitation: {} }],
    [
      'URLs',
      'elicitation/create',
      { mode: 'url', url: 'https://x' },
      { elicitation: {} },
      { elicitation: { url: {} } },
    ],
  ];

  it.each(CASES)(
    '%s cancels the call of a modern client with -32021',
    async (_name, method, params, capabilities, required) => {
      const test = await connected();
      const running = test.upstream.request(buildCall({ capabilities }));
      test.server.say(ask(1, method, params));
      const outcome = await running;
      expect(errorCode(outcome)).toBe(-32021);
      expect(seen(outcome).error).toMatchObject({ data: { requiredCapabilities: required } });
      expect(test.server.count('notifications/cancelled')).toBe(1);
      expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32601 } });
    },
  );

  it.each(CASES)(
    '%s is refused for a legacy client, whose call goes on',
    async (_name, method, params, capabilities) => {
      const test = await connected();
      const running = test.upstream.request(buildCall({ capabilities, asks: 'attached' }));
      test.server.say(ask(1, method, params));
      expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32601 } });
      test.server.reply(test.server.last('tools/call'), TEXT);
      expect((await running).kind).toBe('complete');
    },
  );

  it('roots, where they can be the answer to nothing else, cancels the call as well', async () => {
    const test = await connected({}, { attributed: true });
    const running = test.upstream.request(buildCall());
    test.server.say(ask(1, 'roots/list', {}), test.server.last('tools/call').id);
    expect(seen(await running).error).toMatchObject({ code: -32021, data: { requiredCapabilities: { roots: {} } } });
  });
});

describe('attribution', () => {
  const roots = [{ uri: 'file:///srv', name: 'srv' }];

  it('follows the stream an ask comes on, however many calls are in flight', async () => {
    const test = await connected({}, { attributed: true });
    const [one, two] = [0, 1].map(() => buildCall({ capabilities: ALL }));
    const running = test.upstream.request(one as never);
    const first = test.server.last('tools/call').id;
    void test.upstream.request(two as never);
    test.server.say(ask(1), first);
    await test.clock.advance(25);
    expect(asked(await running).keys).toEqual(['elicitation_1']);
  });

  it('gives an ask on the stream of a call that has ended to nobody', async () => {
    const test = await connected({}, { attributed: true });
    const done = test.upstream.request(buildCall({ capabilities: ALL }));
    const heard = test.server.last('tools/call');
    test.server.reply(heard, TEXT);
    await done;
    const other = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask(1), heard.id);
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32603 } });
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect((await other).kind).toBe('complete');
  });

  it('of an ask outside any call: roots as configured, or none, everything else refused', async () => {
    const test = await connected({ roots });
    test.server.say(ask(1, 'roots/list', {}));
    test.server.say(ask(2));
    expect(test.server.answers.get(1)).toMatchObject({ result: { roots } });
    expect(test.server.answers.get(2)).toMatchObject({ error: { code: -32603 } });
    const none = await connected();
    none.server.say(ask(1, 'roots/list', {}));
    expect(none.server.answers.get(1)).toMatchObject({ result: { roots: [] } });
  });

  it('of roots the caller does not have, on a link that does not say whose ask it is, is no failure of the call', async () => {
    const test = await connected({ roots });
    const running = test.upstream.request(buildCall());
    test.server.say(ask(1, 'roots/list', {}));
    expect(test.server.answers.get(1)).toMatchObject({ result: { roots } });
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect((await running).kind).toBe('complete');
  });

  it('to one of several calls is refused at once, and the server is remembered as interactive', async () => {
    const test = await connected();
    const calls = [0, 1].map(() => test.upstream.request(buildCall({ capabilities: ALL })));
    test.server.say(ask(1));
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32603 } });
    expect(test.logged).toContainEqual(expect.objectContaining({ event: 'upstream.interactive' }));
    for (const heard of test.server.heard.filter(({ method }) => method === 'tools/call'))
      test.server.reply(heard, TEXT);
    expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(['complete', 'complete']);
  });

  it('takes the first roots/list among several calls for the one of the start, the second not', async () => {
    const test = await connected({ roots });
    void test.upstream.request(buildCall({ capabilities: ALL }));
    void test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask(1, 'roots/list', {}));
    test.server.say(ask(2, 'roots/list', {}));
    expect(test.server.answers.get(1)).toMatchObject({ result: { roots } });
    expect(test.server.answers.get(2)).toMatchObject({ error: { code: -32603 } });
  });

  it('never takes the question of a cancelled call for one of the next', async () => {
    const test = await connected();
    const signal = createCanceller();
    void test.upstream.request(buildCall({ capabilities: ALL, signal }));
    signal.cancel('gone');
    const next = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask(1));
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32603 } });
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect((await next).kind).toBe('complete');
  });
});

describe('an interactive server', () => {
  const verdicts = (interactive = true) => {
    const known = new Map([['test', { interactive }]]);
    return { get: (id: string) => known.get(id), put: (id: string, verdict: never) => void known.set(id, verdict) };
  };
  async function interactive(spec: Partial<UpstreamSpec> = {}): Promise<TestUpstream> {
    const test = createTestUpstream(LEGACY_SCRIPT, spec, { deps: { verdicts: verdicts() } });
    await test.upstream.settled;
    return test;
  }
  const sent = (test: TestUpstream) => test.server.heard.filter(({ method }) => method === 'tools/call');

  it('gets a connection per session, each running one call at a time', async () => {
    const test = await interactive();
    const outcomes = ['s1', 's2', 's1'].map((session) =>
      test.upstream.request(buildCall({ session, capabilities: ALL })),
    );
    await settle();
    expect(sent(test).map(({ link }) => link)).toEqual([1, 2]);
    test.server.say(ask(1), undefined, 1);
    test.server.say(ask(2), undefined, 2);
    await test.clock.advance(25);
    const [one, two] = await Promise.all(outcomes.slice(0, 2));
    for (const outcome of [one, two]) expect(asked(outcome as Outcome).keys).toEqual(['elicitation_1']);
    expect(sent(test)).toHaveLength(2);
    const resumed = test.upstream.request(
      retry(asked(one as Outcome).state, { elicitation_1: ACCEPT }, { session: 's1' }),
    );
    test.server.reply(sent(test)[0] as Heard, TEXT);
    expect((await resumed).kind).toBe('complete');
    await settle();
    expect(sent(test).map(({ link }) => link)).toEqual([1, 2, 1]);
    test.server.reply(sent(test)[2] as Heard, TEXT);
    expect((await (outcomes[2] as Promise<Outcome>)).kind).toBe('complete');
  });

  it('gets a connection per call where there is no session, and uses those again', async () => {
    const test = await interactive();
    const outcomes = [0, 1].map(() => test.upstream.request(buildCall()));
    await settle();
    for (const heard of sent(test)) test.server.reply(heard, TEXT);
    await Promise.all(outcomes);
    void test.upstream.request(buildCall());
    await settle();
    expect(sent(test).map(({ link }) => link)).toEqual([1, 2, 1]);
  });

  it('keeps lists on the shared connection', async () => {
    const test = await interactive();
    void test.upstream.request(buildCall({ method: 'tools/list', params: {} }));
    await settle();
    expect(test.server.last('tools/list').link).toBe(0);
  });

  it('runs its calls one at a time where it must not be started twice', async () => {
    const test = await interactive({ forbidSecondProcess: true });
    const outcomes = ['s1', 's2'].map((session) => test.upstream.request(buildCall({ session, capabilities: ALL })));
    await settle();
    expect(sent(test)).toHaveLength(1);
    test.server.say(ask(1));
    await test.clock.advance(25);
    const { state } = asked(await (outcomes[0] as Promise<Outcome>));
    expect(sent(test)).toHaveLength(1);
    const resumed = test.upstream.request(retry(state, { elicitation_1: ACCEPT }));
    test.server.reply(sent(test)[0] as Heard, TEXT);
    await resumed;
    await settle();
    expect(sent(test)).toHaveLength(2);
    expect(test.server.links).toHaveLength(1);
    test.server.reply(sent(test)[1] as Heard, TEXT);
    expect((await (outcomes[1] as Promise<Outcome>)).kind).toBe('complete');
  });

  it('does not use a connection again on which a cancelled call may still run', async () => {
    const test = await interactive();
    const signal = createCanceller();
    const first = test.upstream.request(buildCall({ session: 's1', signal }));
    await settle();
    const second = test.upstream.request(buildCall({ session: 's1' }));
    signal.cancel('gone');
    await first;
    await settle();
    expect(sent(test).map(({ link }) => link)).toEqual([1, 2]);
    expect(test.server.links[1]?.closed).toBeDefined();
    test.server.reply(sent(test)[1] as Heard, TEXT);
    expect((await second).kind).toBe('complete');
  });
});
