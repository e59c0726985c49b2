import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import type { Outcome } from '../core/exchange.ts';
import { buildCall, createTestUpstream, type Heard, LEGACY_SCRIPT, settle, type TestUpstream } from './scripted.ts';
import { ACCEPT, ALL, ask, asked, retry, TEXT } from './scripted-asks.ts';
import type { UpstreamSpec } from './spec.ts';

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

  it('keeps a session that is isolated on its one connection, before it is known to ask and after', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { isolation: 'session' });
    await test.upstream.settled;
    const call = () => test.upstream.request(buildCall({ session: 's1', capabilities: ALL }));
    const [one, two] = [call(), call()];
    await settle();
    test.server.say(ask(1));
    for (const heard of sent(test)) test.server.reply(heard, TEXT);
    await Promise.all([one, two]);
    const signal = createCanceller();
    const cancelled = test.upstream.request(buildCall({ session: 's1', capabilities: ALL, signal }));
    await settle();
    signal.cancel('gone');
    await cancelled;
    void call();
    await settle();
    expect(sent(test).map(({ link }) => link)).toEqual([1, 1, 1, 1]);
    expect(test.server.links[1]?.closed).toBeUndefined();
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
