import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import { createParkedPlaces } from './parked-places.ts';
import { buildCall, type CallOptions, errorCode, type Heard, seen, type TestUpstream } from './scripted.ts';
import { ACCEPT, ALL, ask, asked, connected, FORM, park, retry, TEXT } from './scripted-asks.ts';

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

  it('are 2 per principal at all its servers together, attached or not, and one that goes on frees its place', async () => {
    const places = createParkedPlaces();
    const limits = { maxParkedPerPrincipal: 2 };
    const [one, two] = [
      await connected({ id: 'one', limits }, { attributed: true, deps: { places } }),
      await connected({ id: 'two', limits }, { attributed: true, deps: { places } }),
    ];
    const parkAt = async (test: TestUpstream, more: CallOptions) => {
      const call = test.upstream.request(buildCall({ capabilities: ALL, principal: { id: 'ann' }, ...more }));
      const heard = test.server.last('tools/call');
      test.server.say(ask(heard.id as number), heard.id);
      await test.clock.advance(25);
      return { outcome: await call, heard };
    };
    const first = await parkAt(one, { asks: 'attached', session: 's1' });
    const second = await parkAt(two, {});
    await parkAt(one, { principal: { id: 'bob' } });
    expect([one.upstream.parked, two.upstream.parked]).toEqual([2, 1]);
    asked(first.outcome).parked?.answer('elicitation_1', { result: Payload.ofValue(ACCEPT) });
    one.server.reply(first.heard, TEXT);
    expect((await asked(first.outcome).parked?.ended)?.kind).toBe('complete');
    await parkAt(one, { asks: 'attached', session: 's2' });
    expect(two.server.count('notifications/cancelled')).toBe(0);
    await parkAt(one, {});
    expect([one.upstream.parked, two.upstream.parked]).toEqual([3, 0]);
    expect([one, two].map(({ server }) => server.count('notifications/cancelled'))).toEqual([0, 1]);
    const { state } = asked(second.outcome);
    const end = await two.upstream.request(retry(state, { elicitation_1: ACCEPT }, { principal: { id: 'ann' } }));
    expect(seen(end).error).toMatchObject({ code: -31007, data: { server: 'two', retryAfterMs: 1000 } });
  });

  it.each([
    ['a session', 's1', 2],
    ['all without a session', undefined, 16],
  ])('of callers nobody knows are counted by session: %s may have %s', async (_name, session, most) => {
    const test = await connected({ limits: { maxParkedPerPrincipal: 2 } }, { attributed: true });
    const parkOne = async (of: string | undefined) => {
      const call = test.upstream.request(buildCall({ capabilities: ALL, session: of }));
      const { id } = test.server.last('tools/call');
      test.server.say(ask(id as number), id);
      await test.clock.advance(25);
      asked(await call);
    };
    for (let n = 0; n < most; n++) await parkOne(session);
    for (let n = 0; n < 2; n++) await parkOne('another');
    expect(test.server.count('notifications/cancelled')).toBe(0);
    await parkOne(session);
    expect(test.server.count('notifications/cancelled')).toBe(1);
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
