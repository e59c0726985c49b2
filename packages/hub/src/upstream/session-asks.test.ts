import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { AskAnswer, SessionRef } from '../core/exchange.ts';
import { buildCall, type Heard, settle, type TestUpstream } from './scripted.ts';
import { ACCEPT, ALL, ask, asked, connected, FORM, park, TEXT } from './scripted-asks.ts';
import type { UpstreamSpec } from './spec.ts';

/** A session whose client is asked, with what it was asked. */
type Client = SessionRef & {
  readonly heard: { method: string; params: unknown; answer(answer: AskAnswer): void }[];
  readonly withdrawn: string[];
};

function client(id: string): Client {
  const heard: Client['heard'] = [];
  const withdrawn: string[] = [];
  return {
    id,
    heard,
    withdrawn,
    ask({ method, params }, answer) {
      heard.push({ method, params: params.value(), answer });
      return (reason) => withdrawn.push(reason);
    },
  };
}

const accept: AskAnswer = { result: Payload.ofValue(ACCEPT) };
const refusal: AskAnswer = { error: Payload.ofValue({ code: -5, message: 'no' }) };
const roots = [{ uri: 'file:///srv', name: 'srv' }];
const calls = (test: TestUpstream): Heard[] => test.server.heard.filter(({ method }) => method === 'tools/call');

/** An upstream with one connection per session, on which each of the sessions has made a call. */
async function isolated(sessions: readonly SessionRef[], spec: Partial<UpstreamSpec> = {}): Promise<TestUpstream> {
  const test = await connected({ isolation: 'session', ...spec });
  for (const session of sessions) {
    const running = test.upstream.request(buildCall({ session }));
    await settle();
    test.server.reply(test.server.last('tools/call'), TEXT);
    await running;
  }
  return test;
}

describe('an ask outside any call on the connection of one session', () => {
  it('is put to the client of that session alone, says which server asks, and gets the answer', async () => {
    const [one, two] = [client('s1'), client('s2')];
    const test = await isolated([one, two]);
    test.server.say(ask('q1', 'elicitation/create', { ...FORM, task: {} }), undefined, 1);
    test.server.say(ask(2, 'sampling/createMessage', { includeContext: 'allServers' }), undefined, 2);
    const _meta = { 'dev.hatago/server': 'test' };
    expect(one.heard).toMatchObject([{ method: 'elicitation/create', params: { ...FORM, _meta } }]);
    expect(one.heard[0]?.params).not.toHaveProperty('task');
    expect(two.heard).toMatchObject([{ method: 'sampling/createMessage', params: { includeContext: 'none', _meta } }]);
    one.heard[0]?.answer(accept);
    two.heard[0]?.answer(refusal);
    expect(test.server.answers.get('q1')).toMatchObject({ result: ACCEPT });
    expect(test.server.answers.get(2)).toMatchObject({ error: { code: -5 } });
  });

  it('is taken back when the server takes it back, and a late answer goes nowhere', async () => {
    const one = client('s1');
    const test = await isolated([one]);
    test.server.say(ask('q1'));
    test.server.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q1' } });
    expect(one.withdrawn).toEqual(['the server no longer needs an answer']);
    one.heard[0]?.answer(accept);
    expect(test.server.answers.size).toBe(0);
  });

  it.each([
    ['is lost', (test: TestUpstream) => test.server.links[1]?.end()],
    ['ends with the session', (test: TestUpstream) => test.upstream.sessionEnded?.('s1')],
  ])('is taken back when the connection %s', async (_why, end) => {
    const one = client('s1');
    const test = await isolated([one]);
    for (const id of [1, 2]) test.server.say(ask(id));
    end(test);
    await settle();
    expect(one.withdrawn).toHaveLength(2);
  });

  it('is taken back when the server has forgotten the session it asked in', async () => {
    const one = client('s1');
    const test = await isolated([one], { kind: 'http', url: 'http://127.0.0.1:1/mcp' });
    test.server.say(ask(1));
    const again = test.upstream.request(buildCall({ session: one }));
    await settle();
    const { id } = test.server.last('tools/call');
    test.server.links[1]?.fail(id as number, { kind: 'session_gone', status: 404, message: 'no such session' });
    await settle();
    expect(one.withdrawn).toHaveLength(1);
    test.server.reply(test.server.last('tools/call'), TEXT);
    await again;
    test.server.say(ask(2));
    expect(one.heard).toHaveLength(2);
  });

  it('is answered with the configured roots, or none, where the client has none to tell', async () => {
    for (const [configured, told] of [
      [roots, roots],
      [undefined, []],
    ]) {
      const one = client('s1');
      const test = await isolated([one], { roots: configured });
      test.server.say(ask(1, 'roots/list', {}));
      one.heard[0]?.answer(refusal);
      expect(test.server.answers.get(1)).toMatchObject({ result: { roots: told } });
    }
  });

  it('is refused when too many are open', async () => {
    const one = client('s1');
    const test = await isolated([one], { limits: { maxOpenAsks: 2 } });
    for (const id of [1, 2, 3]) test.server.say(ask(id));
    expect(one.heard).toHaveLength(2);
    expect(test.server.answers.get(3)).toMatchObject({ error: { code: -32603 } });
    one.heard[0]?.answer(accept);
    test.server.say(ask(4));
    expect(one.heard).toHaveLength(3);
  });

  it('is refused for a session that cannot be asked', async () => {
    const test = await isolated([{ id: 's1' }], { roots });
    test.server.say(ask(1));
    test.server.say(ask(2, 'roots/list', {}));
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32603 } });
    expect(test.server.answers.get(2)).toMatchObject({ result: { roots } });
  });
});

describe('an ask in the course of one of several calls on the connection of one session', () => {
  it('is put to its client, the clocks of the calls standing still, and tells nothing of the server', async () => {
    const one = client('s1');
    const test = await isolated([one]);
    const running = [0, 1].map(() => test.upstream.request(buildCall({ session: one, capabilities: ALL })));
    await settle();
    test.server.say(ask(1));
    test.server.say(ask(2));
    expect(one.heard).toHaveLength(2);
    one.heard[0]?.answer(accept);
    await test.clock.advance(120_000);
    one.heard[1]?.answer(accept);
    await test.clock.advance(50_000);
    for (const heard of calls(test).slice(1)) test.server.reply(heard, TEXT);
    expect((await Promise.all(running)).map(({ kind }) => kind)).toEqual(['complete', 'complete']);
    expect(test.logged).not.toContainEqual(expect.objectContaining({ event: 'upstream.interactive' }));
  });

  it('leaves the clock of a call alone that waits for an answer of its own', async () => {
    const one = client('s1');
    const test = await isolated([one]);
    const { outcome, heard } = await park(test, { session: one, asks: 'attached' });
    const other = test.upstream.request(buildCall({ session: one, capabilities: ALL }));
    await settle();
    test.server.say(ask(1));
    one.heard[0]?.answer(accept);
    await test.clock.advance(50_000);
    test.server.reply(test.server.last('tools/call'), TEXT);
    await other;
    await test.clock.advance(100_000);
    const { parked, keys } = asked(outcome);
    parked?.answer(keys[0] as string, accept);
    test.server.reply(heard, TEXT);
    expect((await parked?.ended)?.kind).toBe('complete');
  });
});

describe('on a connection of a session that other sessions could have had', () => {
  const verdicts = { get: () => ({ interactive: true }), put: () => {} };

  it('an ask outside any call is answered at once', async () => {
    const one = client('s1');
    const test = await connected({ roots }, { deps: { verdicts } });
    const running = test.upstream.request(buildCall({ session: one, capabilities: ALL }));
    await settle();
    const heard = test.server.last('tools/call');
    expect(heard.link).toBe(1);
    test.server.reply(heard, TEXT);
    await running;
    test.server.say(ask(1), undefined, 1);
    test.server.say(ask(2, 'roots/list', {}), undefined, 1);
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32603 } });
    expect(test.server.answers.get(2)).toMatchObject({ result: { roots } });
    expect(one.heard).toEqual([]);
  });

  it('an ask of the shared connection is not put to a session that is isolated', async () => {
    const one = client('s1');
    const test = await isolated([one]);
    test.server.say(ask(1), undefined, 0);
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32603 } });
    expect(one.heard).toEqual([]);
  });
});
