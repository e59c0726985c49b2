import { META, MODERN_VERSION, Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { complete, modernRequest } from './test-kit.ts';
import { connectLegacy, connectPeer, type Peer } from './test-peer.ts';

const PIPES = ['stdio', 'ws', 'sse'] as const;
const callOf = (peer: Peer, name: string): Exchange | undefined =>
  peer.kit.exchanges.find(({ params }) => params.text('name') === name);

describe.each(PIPES)('a modern client over %s', (transport) => {
  it('is answered without a handshake', async () => {
    await using peer = await connectPeer(transport, { script: () => complete({ content: [] }) });
    peer.send(modernRequest(0, 'tools/call', { name: 'a' }));
    expect(await peer.next(({ id }) => id === 0)).toMatchObject({
      result: { resultType: 'complete', content: [], _meta: { [META.serverInfo]: { name: 'hatago' } } },
    });
    peer.send(modernRequest('d', 'server/discover'));
    expect(await peer.next(({ id }) => id === 'd')).toMatchObject({ result: { supportedVersions: [MODERN_VERSION] } });
    expect(peer.kit.exchanges[0]).toMatchObject({ route: '/mcp', session: undefined, envelope: { asks: 'deferred' } });
  });

  it('gets what is emitted ahead of the answer, and errors with its id', async () => {
    await using peer = await connectPeer(transport, {
      script(exchange) {
        exchange.emit({
          method: 'notifications/progress',
          params: Payload.ofValue({ progressToken: 't', progress: 1 }),
        });
        return { kind: 'error', error: Payload.ofValue({ code: -32602, message: 'no' }) };
      },
    });
    peer.send(modernRequest(1, 'tools/call', { name: 'a' }));
    const answer = await peer.next(({ id }) => id === 1);
    expect(answer.error).toEqual({ code: -32602, message: 'no' });
    expect(peer.inbox).toMatchObject([{ method: 'notifications/progress', params: { progress: 1 } }]);
  });

  it('takes a call back with a notification, after which nothing of it is sent', async () => {
    await using peer = await connectPeer(transport, {
      script: ({ params, signal }) =>
        params.text('name') === 'a'
          ? new Promise((resolve) => signal.onCancel(() => resolve(complete({ content: [] }))))
          : complete({ content: [] }),
    });
    peer.send(modernRequest(1, 'tools/call', { name: 'a' }));
    await expect.poll(() => callOf(peer, 'a')).toBeDefined();
    peer.notify('notifications/cancelled', { requestId: 1, reason: 'enough' });
    await expect.poll(() => callOf(peer, 'a')?.signal.reason).toBe('enough');
    callOf(peer, 'a')?.emit({ method: 'notifications/progress', params: Payload.ofValue({}) });
    peer.send(modernRequest(1, 'tools/call', { name: 'b' }));
    await peer.next(({ id }) => id === 1);
    expect(peer.inbox).toEqual([]);
  });

  it('listens until it stops listening', async () => {
    await using peer = await connectPeer(transport);
    peer.send(modernRequest('l', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    expect(await peer.next(({ method }) => method === 'notifications/subscriptions/acknowledged')).toMatchObject({
      params: { _meta: { [META.subscriptionId]: 'l' } },
    });
    peer.notify('notifications/cancelled', { requestId: 'l' });
    await expect.poll(() => peer.kit.listens).toEqual([]);
    expect(peer.inbox).toEqual([]);
  });

  it('cannot use an id twice at a time, nor have more than its share in flight', async () => {
    await using peer = await connectPeer(transport, {
      limits: { maxInFlight: 1 },
      script: () => new Promise(() => {}),
    });
    peer.send(modernRequest(1, 'tools/call', { name: 'a' }));
    await expect.poll(() => callOf(peer, 'a')).toBeDefined();
    peer.send(modernRequest(1, 'tools/call', { name: 'b' }));
    expect(await peer.next(({ id }) => id === 1)).toMatchObject({ error: { code: -32600 } });
    peer.send(modernRequest(2, 'tools/call', { name: 'b' }));
    expect(await peer.next(({ id }) => id === 2)).toMatchObject({ error: { code: -31007 } });
  });

  it.each([
    ['{"jsonrpc":', -32700, null],
    ['{"jsonrpc":"2.0","id":4}', -32600, 4],
    [JSON.stringify(modernRequest(5, 'initialize')), -32601, 5],
    [JSON.stringify(modernRequest(6, 'tools/list', { _meta: { [META.protocolVersion]: '2030-01-01' } })), -32022, 6],
    ['{"jsonrpc":"2.0","id":7,"method":"tools/list"}', -32600, 7],
    ['[]', -32600, null],
    ['[{"jsonrpc":"2.0","id":8,"method":"ping"}]', -32600, null],
  ])('%.40s is answered %i', async (text, code, id) => {
    await using peer = await connectPeer(transport);
    peer.send(text);
    expect(await peer.next(() => true)).toMatchObject({ id, error: { code } });
  });

  it('may share the pipe with a legacy session', async () => {
    await using peer = await connectLegacy(transport);
    peer.send(modernRequest('m', 'tools/list'));
    expect(await peer.next(({ id }) => id === 'm')).toMatchObject({ result: { resultType: 'complete' } });
    expect((await peer.request('l', 'tools/list')).result).toEqual({ content: [] });
  });

  it('is told of a failure nobody foresaw without its detail', async () => {
    await using peer = await connectPeer(transport, { script: () => Promise.reject(new Error('secret')) });
    peer.send(modernRequest(1, 'tools/call', { name: 'a' }));
    const answer = await peer.next(({ id }) => id === 1);
    expect(answer.error).toMatchObject({ code: -32603 });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});

describe.each(PIPES)('a legacy client over %s', (transport) => {
  it('may ping before it initializes, and what it sends while that is under way waits', async () => {
    let answer: (outcome: Outcome) => void = () => {};
    await using peer = await connectPeer(transport);
    const route = peer.kit.deps.current().match('/mcp') as { handler: unknown };
    const { handler } = route as { handler: (exchange: Exchange) => Promise<Outcome> };
    Object.assign(route, {
      handler: (exchange: Exchange) =>
        exchange.method === 'server/discover'
          ? new Promise<Outcome>((resolve) => {
              answer = () => resolve(handler(exchange));
            })
          : handler(exchange),
    });
    expect((await peer.request('p', 'ping')).result).toEqual({});
    peer.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    peer.send({ jsonrpc: '2.0', id: 2, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    peer.notify('notifications/initialized');
    peer.send({ jsonrpc: '2.0', id: 3, method: 'tools/list' });
    expect(await peer.next(({ id }) => id === 2)).toMatchObject({ error: { code: -32600 } });
    expect(peer.inbox).toEqual([]);
    answer(complete({}));
    expect((await peer.next(() => true)).id).toBe(1);
    expect((await peer.next(() => true)).id).toBe(3);
    expect(peer.kit.listens).toHaveLength(1);
  });

  it('may batch where its version has batches', async () => {
    await using peer = await connectLegacy(transport, { version: '2025-03-26' });
    peer.send([
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
      { jsonrpc: '2.0', id: 2, method: 'tools/list' },
      3,
    ]);
    const ids = [await peer.next(() => true), await peer.next(() => true), await peer.next(() => true)].map(
      ({ id }) => id,
    );
    expect(ids).toEqual(expect.arrayContaining([1, 2, null]));
    peer.send([{ jsonrpc: '2.0', method: 'notifications/roots/list_changed' }]);
    expect((await peer.request(4, 'ping')).result).toEqual({});
    expect(peer.inbox).toEqual([]);
  });
});

describe('the end of a pipe', () => {
  it.each(PIPES)('over %s cancels everything under way', async (transport) => {
    const peer = await connectLegacy(transport, { script: () => new Promise(() => {}) });
    peer.send(modernRequest('m', 'tools/call', { name: 'm' }));
    peer.send({ jsonrpc: '2.0', id: 'l', method: 'tools/call', params: { name: 'l' } });
    await expect.poll(() => callOf(peer, 'm') && callOf(peer, 'l') && peer.kit.listens.length).toBe(1);
    await peer[Symbol.asyncDispose]();
    await expect.poll(() => callOf(peer, 'm')?.signal.cancelled).toBe(true);
    expect(callOf(peer, 'l')?.signal.cancelled).toBe(true);
    expect(peer.kit.listens).toEqual([]);
  });
});
