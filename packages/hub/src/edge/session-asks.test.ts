import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { AskAnswer, SessionRef } from '../core/exchange.ts';
import type { KitOptions } from './test-kit.ts';
import { openSession, serveKit } from './test-kit.ts';
import { connectLegacy, type Message, type Peer, TRANSPORTS } from './test-peer.ts';

const CLIENT = { elicitation: {}, sampling: {}, roots: {} };
const FORM = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } };
const isAsk = (message: Message): boolean => message.method !== undefined && message.id !== undefined;
const toValue = (answer: AskAnswer): unknown => ('result' in answer ? answer.result.value() : answer.error.value());

/** Puts a form to the client of the session; what comes of it is in `answers`. */
function ask(session: SessionRef | undefined, method = 'elicitation/create', params: unknown = FORM) {
  const answers: unknown[] = [];
  const withdraw = session?.ask?.({ method, params: Payload.ofValue(params) }, (answer) =>
    answers.push(toValue(answer)),
  );
  return { answers, withdraw };
}

describe.each(TRANSPORTS)('a question outside any call to a legacy client over %s', (transport) => {
  async function connect(client: Record<string, unknown> = CLIENT, limits?: KitOptions['limits']) {
    const peer: Peer = await connectLegacy(transport, { client, limits });
    await peer.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => peer.kit.listens.length).toBe(1);
    return { peer, session: peer.kit.exchanges.find(({ method }) => method === 'tools/call')?.session };
  }

  it('is asked where messages go that belong to no request, and answered', async () => {
    const { peer, session } = await connect();
    await using _ = peer;
    const [one, two] = [ask(session), ask(session, 'roots/list', {})];
    const asked = [await peer.next(isAsk), await peer.next(isAsk)];
    expect(asked).toMatchObject([{ method: 'elicitation/create', params: FORM }, { method: 'roots/list' }]);
    peer.send({ jsonrpc: '2.0', id: asked[1]?.id, error: { code: -5, message: 'no' } });
    peer.send({ jsonrpc: '2.0', id: asked[0]?.id, result: { action: 'accept' } });
    await expect
      .poll(() => [one.answers, two.answers])
      .toEqual([[{ action: 'accept' }], [{ code: -5, message: 'no' }]]);
  });

  it('is taken back, and what the client says to it then goes nowhere', async () => {
    const { peer, session } = await connect();
    await using _ = peer;
    const { answers, withdraw } = ask(session);
    const { id } = await peer.next(isAsk);
    withdraw?.('not needed');
    const told = await peer.next(({ method }) => method === 'notifications/cancelled');
    expect(told.params).toEqual({ requestId: id, reason: 'not needed' });
    peer.send({ jsonrpc: '2.0', id, result: { action: 'accept' } });
    await peer.request(2, 'ping');
    expect(answers).toEqual([]);
  });

  it('is not asked of a client that said it cannot be asked that', async () => {
    const { peer, session } = await connect({ roots: {} });
    await using _ = peer;
    expect(ask(session).answers).toMatchObject([{ code: -32601 }]);
    await peer.request(2, 'ping');
    expect(peer.inbox.filter(isAsk)).toEqual([]);
  });

  it('is given up when no answer comes, and the client is told', async () => {
    const { peer, session } = await connect(CLIENT, { askTimeoutMs: 20 });
    await using _ = peer;
    const { answers } = ask(session);
    const { id } = await peer.next(isAsk);
    const told = await peer.next(({ method }) => method === 'notifications/cancelled');
    expect(told.params).toMatchObject({ requestId: id });
    expect(answers).toMatchObject([{ code: -32603 }]);
  });

  it('is answered with an error when the session ends', async () => {
    const { peer, session } = await connect();
    const { answers } = ask(session);
    await peer.next(isAsk);
    for (const one of peer.kit.deps.sessions.all()) one.end('done');
    await peer[Symbol.asyncDispose]();
    await expect.poll(() => answers).toEqual([{ code: -32000, message: 'the session of the client has ended' }]);
  });
});

describe('a question outside any call', () => {
  it('has no way to a client over HTTP that opened no stream', async () => {
    await using kit = await serveKit();
    const client = await openSession(`${kit.url}/mcp`, { capabilities: CLIENT });
    await (await client.request(1, 'tools/call', { name: 'a' })).text();
    const { answers } = ask(kit.exchanges.find(({ method }) => method === 'tools/call')?.session);
    expect(answers).toEqual([{ code: -32000, message: 'the client is not connected' }]);
  });
});
