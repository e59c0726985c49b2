import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import { buildCall, errorCode, seen } from './scripted.ts';
import { ALL, ask, asked, connected, FORM, TEXT } from './scripted-asks.ts';

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

describe('a server that asks without end', () => {
  it('is refused when too many of its asks are open', async () => {
    const test = await connected({ limits: { maxOpenAsks: 2 } });
    const running = test.upstream.request(buildCall({ capabilities: ALL }));
    for (const id of [1, 2, 3]) test.server.say(ask(id));
    expect(test.server.answers.get(3)).toMatchObject({ error: { code: -32603 } });
    await test.clock.advance(25);
    expect(asked(await running).keys).toHaveLength(2);
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
