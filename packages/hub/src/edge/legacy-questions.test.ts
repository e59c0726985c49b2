import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { AskAnswer, Exchange, Notification, Outcome, Parked, ParkedListener } from '../core/exchange.ts';
import { complete } from './test-kit.ts';
import { connectLegacy, type Message, type Peer, TRANSPORTS } from './test-peer.ts';

const CLIENT = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
const FORM = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } };
const ask = (key: string, method: string, params?: unknown): Record<string, unknown> => ({
  [key]: { method, ...(params === undefined ? {} : { params }) },
});
const asking = (requests: Record<string, unknown>, requestState?: string): Outcome => ({
  kind: 'input_required',
  result: Payload.ofValue({ inputRequests: requests, ...(requestState === undefined ? {} : { requestState }) }),
});
const isAsk = (message: Message): boolean => message.method !== undefined && message.id !== undefined;
const callOf = (peer: Peer): Exchange | undefined => peer.kit.exchanges.find(({ method }) => method === 'tools/call');
const progressOf = ({ envelope: { progressToken } }: Exchange, progress: number): Notification => ({
  method: 'notifications/progress',
  params: Payload.ofValue({ progressToken, progress }),
});
const is = (method: string) => (message: Message) => message.method === method;

describe.each(TRANSPORTS)('questions of a modern server to a legacy client over %s', (transport) => {
  it('are asked all at once and the call is sent again with the answers and the state', async () => {
    const rounds: unknown[] = [];
    await using peer = await connectLegacy(transport, {
      client: CLIENT,
      script({ params, envelope }) {
        rounds.push([params.value(), envelope.progressToken]);
        if (params.member('inputResponses') !== undefined) return complete({ content: [] });
        return asking(
          {
            ...ask('who', 'elicitation/create', { mode: 'form', ...FORM }),
            ...ask('__proto__x', 'sampling/createMessage', {
              messages: [],
              maxTokens: 5,
              includeContext: 'allServers',
            }),
            ...ask('r', 'roots/list'),
          },
          'opaque "state"',
        );
      },
    });
    const answer = peer.request(1, 'tools/call', { name: 'a', _meta: { progressToken: 'p' } });
    const asks = [await peer.next(isAsk), await peer.next(isAsk), await peer.next(isAsk)];
    expect(asks.map(({ method }) => method)).toEqual(['elicitation/create', 'sampling/createMessage', 'roots/list']);
    expect(new Set(asks.map(({ id }) => id)).size).toBe(3);
    expect(asks[0]?.params).toEqual({ mode: 'form', ...FORM });
    expect(asks[1]?.params).toEqual({ messages: [], maxTokens: 5, includeContext: 'none' });
    const results = [{ action: 'accept', content: { a: 'é' } }, { role: 'assistant' }, { roots: [] }];
    for (const at of [2, 0, 1]) peer.send({ jsonrpc: '2.0', id: asks[at]?.id, result: results[at] });
    expect((await answer).result).toEqual({ content: [] });
    const params = { name: 'a', _meta: { progressToken: 'p' } };
    const inputResponses = { who: results[0], __proto__x: results[1], r: results[2] };
    expect(rounds).toEqual([
      [params, 'p'],
      [{ ...params, inputResponses, requestState: 'opaque "state"' }, 'p'],
    ]);
    expect(peer.inbox).toEqual([]);
  });

  it('leave its progress rising over the rounds', async () => {
    await using peer = await connectLegacy(transport, {
      client: CLIENT,
      script(exchange) {
        for (const progress of [1, 2, 2.5]) exchange.emit(progressOf(exchange, progress));
        const again = exchange.params.member('inputResponses') !== undefined;
        if (again) exchange.emit(progressOf(exchange, 3));
        return again ? complete({ content: [] }) : asking(ask('r', 'roots/list'));
      },
    });
    const answer = peer.request(1, 'tools/call', { name: 'a', _meta: { progressToken: 'p' } });
    peer.send({ jsonrpc: '2.0', id: (await peer.next(isAsk)).id, result: { roots: [] } });
    expect((await answer).result).toEqual({ content: [] });
    expect(peer.inbox.filter(is('notifications/progress')).map(({ params }) => params)).toEqual(
      [1, 2, 2.5, 3].map((progress) => ({ progressToken: 'p', progress })),
    );
  });

  it('lose what the client version does not know', async () => {
    await using peer = await connectLegacy(transport, {
      client: CLIENT,
      version: '2025-06-18',
      script: ({ params }) =>
        params.member('inputResponses') === undefined
          ? asking(ask('who', 'elicitation/create', { mode: 'form', ...FORM }))
          : complete({ content: [] }),
    });
    const answer = peer.request(1, 'tools/call', { name: 'a' });
    const asked = await peer.next(isAsk);
    expect(asked.params).toEqual(FORM);
    peer.send({ jsonrpc: '2.0', id: asked.id, result: { action: 'decline' } });
    await answer;
    expect(peer.kit.exchanges.at(-1)?.params.value()).toEqual({
      name: 'a',
      inputResponses: { who: { action: 'decline' } },
    });
  });

  it('that lead to a URL get an id', async () => {
    await using peer = await connectLegacy(transport, {
      client: { elicitation: { url: {} } },
      script: ({ params }) =>
        params.member('inputResponses') === undefined
          ? asking({
              ...ask('a', 'elicitation/create', { mode: 'url', message: 'm', url: 'https://a.example/' }),
              ...ask('b', 'elicitation/create', {
                mode: 'url',
                message: 'm',
                url: 'https://b.example/',
                elicitationId: 'own',
              }),
            })
          : complete({ content: [] }),
    });
    const answer = peer.request(1, 'tools/call', { name: 'a' });
    const [a, b] = [await peer.next(isAsk), await peer.next(isAsk)];
    expect(a.params).toEqual({
      mode: 'url',
      message: 'm',
      url: 'https://a.example/',
      elicitationId: expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(b.params).toMatchObject({ elicitationId: 'own' });
    for (const { id } of [a, b]) peer.send({ jsonrpc: '2.0', id, result: { action: 'accept' } });
    expect((await answer).result).toBeDefined();
  });

  it('may come again in further rounds, but not for ever', async () => {
    await using peer = await connectLegacy(transport, { client: CLIENT, script: () => asking(ask('r', 'roots/list')) });
    const answer = peer.request(1, 'tools/call', { name: 'a' });
    for (let round = 0; round < 8; round++) {
      const { id } = await peer.next(isAsk);
      peer.send({ jsonrpc: '2.0', id, result: { roots: [] } });
    }
    expect((await answer).result).toMatchObject({ isError: true });
    expect(peer.inbox).toEqual([]);
  });

  it.each([
    ['tools/call', 'result'],
    ['prompts/get', 'error'],
    ['resources/read', 'error'],
  ])('that the client cannot be asked end %s in a clean %s', async (method, member) => {
    await using peer = await connectLegacy(transport, { script: () => asking(ask('who', 'elicitation/create', FORM)) });
    const answer = await peer.request(1, method, { name: 'a', uri: 'a:b' });
    expect(Object.keys(answer)).toEqual(['jsonrpc', 'id', member]);
    expect(JSON.stringify(answer)).toContain('elicitation (form)');
    if (member === 'result') expect(answer.result).toMatchObject({ isError: true });
    else expect(answer.error).toMatchObject({ code: -32600 });
  });

  it.each([
    [
      'tools/call',
      { result: { isError: true, content: [{ type: 'text', text: 'The client did not answer: User said no' }] } },
    ],
    ['prompts/get', { error: { code: -1, message: 'User said no' } }],
  ])('that the client refuses end %s, and its other questions are taken back', async (method, expected) => {
    await using peer = await connectLegacy(transport, {
      client: CLIENT,
      script: () => asking({ ...ask('a', 'sampling/createMessage', {}), ...ask('b', 'roots/list') }),
    });
    const answer = peer.request(1, method, { name: 'a' });
    const [sampling, roots] = [await peer.next(isAsk), await peer.next(isAsk)];
    peer.send({ jsonrpc: '2.0', id: sampling.id, error: { code: -1, message: 'User said no' } });
    expect(await answer).toMatchObject(expected);
    const withdrawn = await peer.next(is('notifications/cancelled'));
    expect(withdrawn.params).toMatchObject({ requestId: roots.id });
    peer.send({ jsonrpc: '2.0', id: roots.id, result: { roots: [] } });
    expect((await peer.request(2, 'ping')).result).toEqual({});
  });

  it('are taken back when the client takes the call back', async () => {
    await using peer = await connectLegacy(transport, { client: CLIENT, script: () => asking(ask('r', 'roots/list')) });
    peer.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } });
    const asked = await peer.next(isAsk);
    peer.notify('notifications/cancelled', { requestId: 1 });
    expect((await peer.next(is('notifications/cancelled'))).params).toMatchObject({ requestId: asked.id });
    peer.send({ jsonrpc: '2.0', id: asked.id, result: { roots: [] } });
    await peer.request(2, 'ping');
    expect(peer.kit.exchanges.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
    expect(peer.inbox).toEqual([]);
  });

  it('that nobody answers in time end the call', async () => {
    await using peer = await connectLegacy(transport, {
      client: CLIENT,
      limits: { askTimeoutMs: 20 },
      script: () => asking(ask('r', 'roots/list')),
    });
    expect((await peer.request(1, 'prompts/get', { name: 'a' })).error).toMatchObject({ code: -31003 });
    expect(await peer.next(is('notifications/cancelled'))).toBeDefined();
  });

  it('may be none: the call is sent again with the state alone', async () => {
    let rounds = 0;
    await using peer = await connectLegacy(transport, {
      script: () =>
        ++rounds === 1
          ? { kind: 'input_required', result: Payload.ofValue({ requestState: 'later' }) }
          : complete({ content: [] }),
    });
    expect((await peer.request(1, 'tools/call', { name: 'a' })).result).toEqual({ content: [] });
    expect(peer.kit.exchanges.at(-1)?.params.value()).toEqual({ name: 'a', requestState: 'later' });
  });

  it.each([[{ inputRequests: [] }], [{ inputRequests: { a: 1 } }], [{ inputRequests: { a: { params: {} } } }]])(
    'that are malformed (%j) end the call',
    async (result) => {
      await using peer = await connectLegacy(transport, {
        script: () => ({ kind: 'input_required', result: Payload.ofValue(result) }),
      });
      expect((await peer.request(1, 'tools/call', { name: 'a' })).error).toMatchObject({ code: -31010 });
    },
  );
});

/** A call of a legacy server that waits for its client, played by the test. */
function parkedCall(): Parked & {
  listener(): ParkedListener | undefined;
  answers: [string, unknown][];
  end(outcome: Outcome): void;
} {
  let listener: ParkedListener | undefined;
  let end: (outcome: Outcome) => void = () => {};
  const answers: [string, unknown][] = [];
  return {
    answers,
    listener: () => listener,
    end: (outcome) => end(outcome),
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    attach(given) {
      listener = given;
      given.notify({ method: 'notifications/message', params: Payload.ofValue({ level: 'info', data: 'buffered' }) });
      return () => {
        listener = undefined;
      };
    },
    answer(key, answer: AskAnswer) {
      answers.push([key, 'result' in answer ? answer.result.value() : { error: answer.error.value() }]);
      return true;
    },
  };
}

describe.each(TRANSPORTS)('questions of a parked call to a legacy client over %s', (transport) => {
  const park = async (client: Record<string, unknown> = CLIENT) => {
    const call = parkedCall();
    const peer = await connectLegacy(transport, {
      client,
      script: () => ({
        kind: 'input_required',
        parked: call,
        result: Payload.ofValue({ inputRequests: ask('k1', 'elicitation/create', FORM), requestState: 'sealed' }),
      }),
    });
    const answer = peer.request(1, 'tools/call', { name: 'a' });
    return { call, peer, answer };
  };

  it('are asked, answered one by one, and what happens meanwhile is heard', async () => {
    const { call, peer, answer } = await park();
    await using _ = peer;
    const first = await peer.next(isAsk);
    expect(await peer.next(is('notifications/message'))).toMatchObject({ params: { data: 'buffered' } });
    call.listener()?.asked({ key: 'k1', method: 'elicitation/create', params: Payload.ofValue(FORM) });
    call.listener()?.asked({ key: 'k2', method: 'roots/list', params: Payload.ofValue({}) });
    const second = await peer.next(isAsk);
    expect(second.method).toBe('roots/list');
    call
      .listener()
      ?.notify({ method: 'notifications/progress', params: Payload.ofValue({ progressToken: 1, progress: 1 }) });
    expect(await peer.next(is('notifications/progress'))).toBeDefined();
    peer.send({ jsonrpc: '2.0', id: second.id, error: { code: -5, message: 'no roots' } });
    peer.send({ jsonrpc: '2.0', id: first.id, result: { action: 'cancel' } });
    await expect.poll(() => call.answers.length).toBe(2);
    expect(call.answers).toEqual(
      expect.arrayContaining([
        ['k2', { error: { code: -5, message: 'no roots' } }],
        ['k1', { action: 'cancel' }],
      ]),
    );
    call.end(complete({ content: ['done'] }));
    expect((await answer).result).toEqual({ content: ['done'] });
    expect(call.listener()).toBeUndefined();
    expect(peer.kit.exchanges.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
  });

  it('are taken back when the server takes them back', async () => {
    const { call, peer, answer } = await park();
    await using _ = peer;
    const asked = await peer.next(isAsk);
    call.listener()?.withdrawn('k1');
    call.listener()?.withdrawn('never asked');
    expect((await peer.next(is('notifications/cancelled'))).params).toMatchObject({ requestId: asked.id });
    peer.send({ jsonrpc: '2.0', id: asked.id, result: { action: 'accept' } });
    call.end({ kind: 'error', error: Payload.ofValue({ code: -31003, message: 'late' }) });
    expect((await answer).error).toMatchObject({ code: -31003 });
    expect(call.answers).toEqual([]);
  });

  it('that this client cannot be asked are answered with an error', async () => {
    const { call, peer, answer } = await park({ sampling: {} });
    await using _ = peer;
    await expect.poll(() => call.answers).toMatchObject([['k1', { error: { code: -32600 } }]]);
    call.end(complete({ isError: true, content: [] }));
    expect((await answer).result).toMatchObject({ isError: true });
    expect(peer.inbox.filter(isAsk)).toEqual([]);
  });

  it('are taken back when the client takes the call back', async () => {
    const { call, peer } = await park();
    await using _ = peer;
    const asked = await peer.next(isAsk);
    const exchange = callOf(peer) as Exchange;
    peer.notify('notifications/cancelled', { requestId: 1 });
    expect((await peer.next(is('notifications/cancelled'))).params).toMatchObject({ requestId: asked.id });
    expect(exchange.signal.cancelled).toBe(true);
    expect(call.listener()).toBeUndefined();
  });

  it.each([['asks again by its result', { kind: 'input_required', result: Payload.ofValue({}) } as Outcome, -31010]])(
    'whose call %s end in an error',
    async (_, outcome, code) => {
      const { call, peer, answer } = await park();
      await using __ = peer;
      await peer.next(isAsk);
      call.end(outcome);
      expect((await answer).error).toMatchObject({ code });
    },
  );
});
