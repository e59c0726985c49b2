import { beforeEach, describe, expect, it } from 'vitest';
import { type Conversation, createConversation } from './conversation.ts';

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly error?: { readonly code: number };
}

let talk: Conversation;
beforeEach(() => {
  talk = createConversation();
});

const line = (message: unknown): Buffer => Buffer.from(`${JSON.stringify(message)}\n`);
const send = (message: object): void => talk.fromClient(line({ jsonrpc: '2.0', ...message }));
const hear = (message: object): boolean => talk.fromHub(line({ jsonrpc: '2.0', ...message }));
const read = (lines: Buffer[]): Message[] => lines.map((text) => JSON.parse(text.toString('utf8')) as Message);
const INITIALIZE = { id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } };

describe('what was in flight when the hub went', () => {
  it('is answered once with an error, under the id as the client wrote it', () => {
    talk.fromClient(Buffer.from('{"jsonrpc":"2.0","id":12345678901234567890,"method":"tools/call"}\n'));
    send({ id: 'a', method: 'tools/call' });
    hear({ id: 'a', result: {} });
    const told = talk.lost(false).map(String);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('"id":12345678901234567890,"error":{"code":-31002');
    expect(talk.lost(false)).toEqual([]);
    expect(talk.replay()).toEqual([]);
  });

  it('is sent again where that does no harm, and answered with an error where nobody follows', () => {
    send({ id: 1, method: 'tools/list' });
    expect(talk.lost(false)).toEqual([]);
    expect(read(talk.replay())).toEqual([{ jsonrpc: '2.0', id: 1, method: 'tools/list' }]);
    expect(read(talk.lost(true))).toMatchObject([{ id: 1, error: { code: -31002 } }]);
  });

  it('is not answered when the client had taken it back', () => {
    send({ id: 'x', method: 'tools/call' });
    send({ method: 'notifications/cancelled', params: { requestId: 'x' } });
    expect(talk.lost(false)).toEqual([]);
  });

  it('is answered with one line for a batch', () => {
    talk.fromClient(
      line([{ id: 1, method: 'tools/call' }, { method: 'notifications/x' }, { id: 'b', method: 'ping' }]),
    );
    expect(read(talk.lost(false))).toMatchObject([[{ id: 1, error: { code: -31002 } }, { id: 'b' }]]);
    talk.fromClient(line([{ id: 2, method: 'tools/call' }]));
    talk.fromHub(line([{ id: 2, result: {} }]));
    expect(talk.lost(false)).toEqual([]);
  });

  it('is a question too, which is taken back from the client unless it is answered', () => {
    hear({ id: 1, method: 'elicitation/create' });
    hear({ id: 2, method: 'elicitation/create' });
    hear({ id: 3, method: 'roots/list' });
    send({ id: 1, result: {} });
    hear({ method: 'notifications/cancelled', params: { requestId: 3 } });
    const told = read(talk.lost(false));
    expect(told).toMatchObject([{ method: 'notifications/cancelled', params: { requestId: 2 } }]);
    expect(talk.lost(false)).toEqual([]);
  });
});

describe('what a new hub is told', () => {
  it('is all that a legacy client negotiated, under ids of our own, and the client does not hear the answers', () => {
    send(INITIALIZE);
    hear({ id: 1, result: {} });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'logging/setLevel', params: { level: 'debug' } });
    send({ id: 3, method: 'logging/setLevel', params: { level: 'error' } });
    send({ id: 4, method: 'resources/subscribe', params: { uri: 'a:1' } });
    send({ id: 5, method: 'resources/subscribe', params: { uri: 'a:2' } });
    send({ id: 6, method: 'resources/unsubscribe', params: { uri: 'a:1' } });
    for (const id of [2, 3, 4, 5, 6]) hear({ id, result: {} });
    expect(talk.lost(false)).toEqual([]);
    const replay = read(talk.replay());
    expect(replay.map(({ method, params }) => [method, params])).toEqual([
      ['initialize', INITIALIZE.params],
      ['notifications/initialized', undefined],
      ['logging/setLevel', { level: 'error' }],
      ['resources/subscribe', { uri: 'a:2' }],
    ]);
    for (const { id } of replay.filter((message) => message.id !== undefined))
      expect(hear({ id, result: {} })).toBe(false);
    expect(hear({ id: 7, result: {} })).toBe(true);
  });

  it('is an `initialize` that was not answered yet as the client sent it', () => {
    send(INITIALIZE);
    talk.lost(false);
    expect(read(talk.replay())).toEqual([{ jsonrpc: '2.0', ...INITIALIZE }]);
    expect(hear({ id: 1, result: {} })).toBe(true);
  });

  it('is told again to each one that follows', () => {
    send(INITIALIZE);
    hear({ id: 1, result: {} });
    talk.lost(false);
    const [first] = read(talk.replay());
    talk.lost(false);
    const [second] = read(talk.replay());
    expect(second?.id).not.toBe(first?.id);
    expect(hear({ id: first?.id, result: {} })).toBe(true);
    expect(hear({ id: second?.id, result: {} })).toBe(false);
  });

  it('is what a modern client listens for, whose second acknowledgement it does not hear', () => {
    const acknowledged = (id: string): object => ({
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id } },
    });
    send({ id: 'l', method: 'subscriptions/listen' });
    expect(hear(acknowledged('l'))).toBe(true);
    expect(read(talk.leaving())).toMatchObject([{ method: 'notifications/cancelled', params: { requestId: 'l' } }]);
    talk.lost(false);
    expect(read(talk.replay())).toMatchObject([{ id: 'l', method: 'subscriptions/listen' }]);
    expect(hear(acknowledged('other'))).toBe(true);
    expect(hear(acknowledged('l'))).toBe(false);
    expect(hear(acknowledged('l'))).toBe(true);
  });
});
