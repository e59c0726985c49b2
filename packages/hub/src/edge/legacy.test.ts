import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { Canceller } from '../core/cancel.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { complete } from './test-kit.ts';
import { connectLegacy, connectPeer, type Message, type Peer, TRANSPORTS } from './test-peer.ts';

const CLIENT = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
const callOf = (peer: Peer): Exchange | undefined => peer.kit.exchanges.find(({ method }) => method === 'tools/call');
const is = (method: string) => (message: Message) => message.method === method;

describe.each(TRANSPORTS)('a legacy client over %s', (transport) => {
  it('is told what there is and which version is spoken', async () => {
    await using peer = await connectPeer(transport);
    const answer = await peer.request(0, 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'c', version: '1', title: 'C' },
    });
    expect(answer).toEqual({
      jsonrpc: '2.0',
      id: 0,
      result: {
        protocolVersion: '2025-06-18',
        capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
        serverInfo: { name: 'hatago', version: '0.1.0' },
        instructions: 'Be kind.',
      },
    });
  });

  it.each([
    ['1999-01-01', '2025-11-25'],
    ['2024-11-05', '2024-11-05'],
    ['2026-07-28', '2025-11-25'],
  ])('that asks for %s gets %s', async (asked, given) => {
    await using peer = await connectPeer(transport);
    const answer = await peer.request(1, 'initialize', { protocolVersion: asked, capabilities: {} });
    expect(answer.result).toMatchObject({ protocolVersion: given });
  });

  it('that names no version is refused', async () => {
    await using peer = await connectPeer(transport);
    expect((await peer.request(1, 'initialize')).error).toMatchObject({ code: -32602 });
  });

  it('cannot initialize twice on one session', async () => {
    await using peer = await connectLegacy(transport);
    if (transport === 'http')
      return expect((await peer.request(2, 'initialize', { protocolVersion: '2025-11-25' })).result).toBeDefined();
    expect((await peer.request(2, 'initialize', { protocolVersion: '2025-11-25' })).error).toMatchObject({
      code: -32600,
    });
  });

  it('has its pings answered, and what only the other era has refused', async () => {
    await using peer = await connectLegacy(transport);
    expect(await peer.request('p', 'ping')).toEqual({ jsonrpc: '2.0', id: 'p', result: {} });
    for (const method of [
      'server/discover',
      'subscriptions/listen',
      'tasks/update',
      'sampling/createMessage',
      'tasks/get',
    ]) {
      expect((await peer.request(method, method)).error, method).toMatchObject({ code: -32601 });
    }
  });

  it('has its requests sent down with the envelope of its session', async () => {
    await using peer = await connectLegacy(transport, { client: CLIENT, version: '2025-06-18' });
    await peer.request(1, 'tools/call', { name: 'a', arguments: { x: 1 }, _meta: { progressToken: 0, 'a/b': 1 } });
    const exchange = callOf(peer) as Exchange;
    expect(exchange).toMatchObject({ method: 'tools/call', route: '/mcp', principal: { id: 'local' } });
    expect(exchange.session?.id).toMatch(/^[\w-]{24}$/);
    expect(exchange.params.value()).toEqual({ name: 'a', arguments: { x: 1 }, _meta: { progressToken: 0, 'a/b': 1 } });
    const { envelope } = exchange;
    expect(envelope).toMatchObject({
      protocolVersion: '2025-06-18',
      asks: 'attached',
      progressToken: 0,
      logLevel: 'info',
    });
    expect(envelope.clientInfo?.value()).toEqual({ name: 'test', version: '1' });
    expect(envelope.clientCapabilities.value()).toMatchObject({
      elicitation: { form: {} },
      sampling: {},
      roots: { listChanged: true },
    });
  });

  it('keeps its log level', async () => {
    await using peer = await connectLegacy(transport);
    expect((await peer.request(1, 'logging/setLevel', { level: 'loud' })).error).toMatchObject({ code: -32602 });
    expect((await peer.request(2, 'logging/setLevel', { level: 'error' })).result).toEqual({});
    await peer.request(3, 'tools/list');
    expect(peer.kit.exchanges.at(-1)?.envelope.logLevel).toBe('error');
  });

  it('gets results in the shape of its version', async () => {
    await using peer = await connectLegacy(transport, {
      version: '2025-03-26',
      script: () => ({
        kind: 'complete',
        wrap: true,
        result: Payload.ofValue({
          resultType: 'complete',
          content: [{ type: 'resource_link', uri: 'a:b', name: 'n' }],
          structuredContent: 4,
        }),
      }),
    });
    const { result } = (await peer.request(1, 'tools/call', { name: 'a' })) as { result: Record<string, unknown> };
    expect(result.resultType).toBeUndefined();
    expect(result.structuredContent).toEqual({ result: 4 });
    expect((result.content as { type: string }[])[0]?.type).not.toBe('resource_link');
  });

  it('gets errors in the shape of its era, with its id', async () => {
    await using peer = await connectLegacy(transport, {
      script: () => ({
        kind: 'error',
        error: Payload.ofValue({ code: -32602, message: 'gone', data: { uri: 'a:b' } }),
      }),
    });
    expect(await peer.request(0, 'resources/read', { uri: 'a:b' })).toEqual({
      jsonrpc: '2.0',
      id: 0,
      error: { code: -32002, message: 'gone', data: { uri: 'a:b' } },
    });
  });

  it('gets an error when a result is no object', async () => {
    await using peer = await connectLegacy(transport, { script: () => complete('text') });
    expect((await peer.request(1, 'prompts/get', { name: 'a' })).error).toMatchObject({ code: -31010 });
  });

  it('gets progress and logs of a call ahead of its answer', async () => {
    await using peer = await connectLegacy(transport, {
      script(exchange) {
        for (let progress = 1; progress <= 3; progress++) {
          exchange.emit({ method: 'notifications/progress', params: Payload.ofValue({ progressToken: 1, progress }) });
        }
        return complete({ content: [] });
      },
    });
    expect((await peer.request(7, 'tools/call', { name: 'a', _meta: { progressToken: 1 } })).result).toEqual({
      content: [],
    });
    const seen = peer.inbox
      .filter(is('notifications/progress'))
      .map(({ params }) => (params as { progress: number }).progress);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('has calls answered as they end, whatever their order', async () => {
    const ends = new Map<string, (outcome: Outcome) => void>();
    await using peer = await connectLegacy(transport, {
      script: ({ params }) => new Promise((resolve) => ends.set(params.text('name') as string, resolve)),
    });
    const first = peer.request(1, 'tools/call', { name: 'one' });
    await expect.poll(() => ends.size).toBe(1);
    const second = peer.request('1', 'tools/call', { name: 'two' });
    await expect.poll(() => ends.size).toBe(2);
    ends.get('two')?.(complete({ content: ['two'] }));
    expect((await second).result).toEqual({ content: ['two'] });
    ends.get('one')?.(complete({ content: ['one'] }));
    expect((await first).result).toEqual({ content: ['one'] });
  });

  it('cannot use an id twice at a time', async () => {
    let end: (outcome: Outcome) => void = () => {};
    await using peer = await connectLegacy(transport, {
      script: () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    });
    const first = peer.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => callOf(peer)).toBeDefined();
    peer.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'b' } });
    expect((await first).error).toMatchObject({ code: -32600 });
    end(complete({ content: ['a'] }));
    expect((await peer.next(({ id }) => id === 1)).result).toEqual({ content: ['a'] });
  });

  it('may have only so much in flight', async () => {
    await using peer = await connectLegacy(transport, {
      limits: { maxInFlight: 1 },
      script: () => new Promise(() => {}),
    });
    peer.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } });
    await expect.poll(() => callOf(peer)).toBeDefined();
    expect((await peer.request(2, 'tools/call', { name: 'b' })).error).toMatchObject({ code: -31007 });
  });

  it('takes a call back: the server is told, nothing is answered', async () => {
    await using peer = await connectLegacy(transport, {
      script: ({ params, signal }) =>
        params.text('name') === 'a'
          ? new Promise((resolve) => signal.onCancel(() => resolve(complete({ content: [] }))))
          : complete({ content: [] }),
    });
    peer.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } });
    await expect.poll(() => callOf(peer)).toBeDefined();
    const exchange = callOf(peer) as Exchange;
    peer.notify('notifications/cancelled', { requestId: 99 });
    peer.notify('notifications/cancelled', { requestId: {} });
    peer.notify('notifications/cancelled', { requestId: '1' });
    peer.notify('notifications/cancelled', { requestId: 1, reason: 'changed my mind' });
    await expect.poll(() => exchange.signal.reason).toBe('changed my mind');
    exchange.emit({ method: 'notifications/progress', params: Payload.ofValue({ progressToken: 1, progress: 1 }) });
    await peer.request(2, 'tools/call', { name: 'b' });
    expect(peer.inbox).toEqual([]);
  });

  it('hears of changes while it can be told', async () => {
    await using peer = await connectLegacy(transport);
    await expect.poll(() => peer.kit.listens.length).toBe(1);
    const listen = peer.kit.listens[0] as Exchange;
    expect(listen.params.value()).toEqual({
      notifications: { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true },
    });
    const meta = { 'io.modelcontextprotocol/subscriptionId': 1 };
    listen.emit({ method: 'notifications/tools/list_changed', params: Payload.ofValue({ _meta: meta }) });
    expect(await peer.next(is('notifications/tools/list_changed'))).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: {},
    });
    listen.emit({
      method: 'notifications/prompts/list_changed',
      params: Payload.ofValue({ _meta: { ...meta, 'a/b': 1 } }),
    });
    expect((await peer.next(is('notifications/prompts/list_changed'))).params).toEqual({ _meta: { 'a/b': 1 } });
  });

  it('subscribes to resources and hears of them; each change opens a new listen before the old one closes', async () => {
    await using peer = await connectLegacy(transport);
    await expect.poll(() => peer.kit.listens.length).toBe(1);
    const first = peer.kit.listens[0] as Exchange;
    expect((await peer.request(1, 'resources/subscribe', {})).error).toMatchObject({ code: -32602 });
    expect((await peer.request(2, 'resources/subscribe', { uri: 'a:1' })).result).toEqual({});
    expect((await peer.request(3, 'resources/subscribe', { uri: 'a:1' })).result).toEqual({});
    expect((await peer.request(4, 'resources/subscribe', { uri: 'a:2' })).result).toEqual({});
    expect(first.signal.cancelled).toBe(true);
    expect(peer.kit.exchanges.filter(({ method }) => method === 'subscriptions/listen')).toHaveLength(3);
    expect(peer.kit.listens).toHaveLength(1);
    const second = peer.kit.listens[0] as Exchange;
    expect(second.params.value()).toMatchObject({ notifications: { resourceSubscriptions: ['a:1', 'a:2'] } });
    first.emit({ method: 'notifications/resources/updated', params: Payload.ofValue({ uri: 'stale:' }) });
    second.emit({ method: 'notifications/resources/updated', params: Payload.ofValue({ uri: 'a:2' }) });
    expect((await peer.next(is('notifications/resources/updated'))).params).toEqual({ uri: 'a:2' });
    expect((await peer.request(5, 'resources/unsubscribe', {})).error).toMatchObject({ code: -32602 });
    expect((await peer.request(6, 'resources/unsubscribe', { uri: 'a:1' })).result).toEqual({});
    expect((await peer.request(7, 'resources/unsubscribe', { uri: 'a:9' })).result).toEqual({});
    expect(peer.kit.listens[0]?.params.value()).toMatchObject({ notifications: { resourceSubscriptions: ['a:2'] } });
  });

  it('may send what nobody needs', async () => {
    await using peer = await connectLegacy(transport);
    const before = peer.kit.exchanges.length;
    peer.notify('notifications/roots/list_changed');
    peer.notify('notifications/anything', { x: 1 });
    peer.send({ jsonrpc: '2.0', id: 77, result: {} });
    peer.send({ jsonrpc: '2.0', id: 'x', error: { code: 1, message: 'm' } });
    expect((await peer.request(1, 'ping')).result).toEqual({});
    expect(peer.kit.exchanges.filter(({ method }) => method !== 'subscriptions/listen')).toHaveLength(
      Math.min(before, 1),
    );
    expect(peer.inbox).toEqual([]);
  });
});

describe('the listen of a legacy session', () => {
  it('is opened again when it ends by itself, and the client is told that anything may have changed', async () => {
    await using peer = await connectLegacy('stdio');
    await expect.poll(() => peer.kit.listens.length).toBe(1);
    // The script ends a listen when its signal fires; that it was not the session that fired it is what counts.
    const { signal } = peer.kit.listens[0] as Exchange;
    (signal as Canceller).cancel('the generation is gone');
    expect(peer.kit.listens).toHaveLength(0);
    await expect.poll(() => peer.kit.listens.length, { timeout: 3_000 }).toBe(1);
    for (const list of ['tools', 'prompts', 'resources']) {
      expect(await peer.next(is(`notifications/${list}/list_changed`))).toBeDefined();
    }
  });
});
