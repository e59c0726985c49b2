import { connect } from 'node:net';
import { META, MODERN_VERSION, Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { HubError } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { callModern, complete, modernHeaders, modernRequest, openSession, post, send, serveKit } from './test-kit.ts';

const progress = (n: number): { method: string; params: Payload } => ({
  method: 'notifications/progress',
  params: Payload.ofValue({ progressToken: 'p', progress: n }),
});

const error = (code: number, http?: number): Outcome => ({
  kind: 'error',
  error: Payload.ofValue({ code, message: 'no' }),
  ...(http === undefined ? {} : { http }),
});

/** An exchange that stays open, and the means to end it. */
function hanging(): {
  script(exchange: Exchange): Promise<Outcome>;
  end(outcome: Outcome): void;
  seen(): Exchange | undefined;
} {
  let end: (outcome: Outcome) => void = () => {};
  let seen: Exchange | undefined;
  return {
    script(exchange) {
      seen = exchange;
      return new Promise((resolve) => {
        end = resolve;
      });
    },
    end: (outcome) => end(outcome),
    seen: () => seen,
  };
}

describe('a modern request', () => {
  it('is answered as JSON with its own id when nothing comes before the outcome', async () => {
    await using kit = await serveKit({ script: () => complete({ content: [{ type: 'text', text: 'hi' }] }) });
    for (const id of [0, '', 'x', -1, 'é"\\']) {
      const answer = await callModern(`${kit.url}/mcp`, id, 'echo');
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.headers['mcp-session-id']).toBeUndefined();
      expect(await answer.json()).toEqual({
        jsonrpc: '2.0',
        id,
        result: {
          resultType: 'complete',
          content: [{ type: 'text', text: 'hi' }],
          _meta: { [META.serverInfo]: { name: 'hatago', version: '0.1.0' } },
        },
      });
    }
  });

  it('goes down with its params, envelope, route, principal and headers', async () => {
    await using kit = await serveKit({ principalOf: (header) => ({ id: `who:${header('authorization')}` }) });
    const message = modernRequest(1, 'tools/call', {
      name: 'a',
      _meta: { [META.logLevel]: 'error', progressToken: 7 },
    });
    await post(`${kit.url}/mcp/one`, message, {
      ...modernHeaders('tools/call', 'a'),
      authorization: 'Bearer t',
      'mcp-session-id': 'ignored',
      'mcp-param-region': 'eu',
    });
    const [exchange] = kit.exchanges as [Exchange];
    expect(exchange.params.value()).toEqual((message as { params: unknown }).params);
    expect(exchange.envelope).toMatchObject({
      protocolVersion: MODERN_VERSION,
      logLevel: 'error',
      progressToken: 7,
      asks: 'deferred',
    });
    expect([exchange.route, exchange.principal.id, exchange.session]).toEqual(['/mcp/one', 'who:Bearer t', undefined]);
    expect(exchange.header?.('mcp-param-region')).toBe('eu');
  });

  it('is turned away without a principal', async () => {
    await using kit = await serveKit({ principalOf: () => undefined });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(kit.exchanges).toEqual([]);
  });

  it('is answered as a stream when something comes before the outcome', async () => {
    await using kit = await serveKit({
      script(exchange) {
        exchange.emit(progress(1));
        exchange.emit({ method: 'notifications/message', params: Payload.ofPieces(['{"level":"info",\n"data":"é"}']) });
        return complete({ content: [] });
      },
    });
    const answer = await callModern(`${kit.url}/mcp`, 5, 'a');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
      'cache-control': 'no-cache, no-transform',
    });
    expect(await answer.message()).toMatchObject({ method: 'notifications/progress', params: { progress: 1 } });
    expect(await answer.message()).toMatchObject({ params: { data: 'é' } });
    expect(await answer.message()).toMatchObject({ id: 5, result: { resultType: 'complete' } });
    expect(await answer.message()).toBeUndefined();
    expect(answer.raw).not.toContain('id:');
  });

  it.each([
    ['-32601', error(-32601), 404],
    ['-32021', error(-32021), 400],
    ['-32602', error(-32602), 200],
    ['-31002', error(-31002), 200],
    ['a status of its own', error(-31006, 429), 429],
    ['a stream that has begun', error(-32601), 200],
  ])('that fails with %s is answered with that code and HTTP status', async (name, outcome, status) => {
    await using kit = await serveKit({
      script(exchange) {
        if (name.startsWith('a stream')) exchange.emit(progress(1));
        return outcome;
      },
    });
    const answer = await callModern(`${kit.url}/mcp`, 'x', 'a');
    expect(answer.status).toBe(status);
    const body =
      status === 200 && name.startsWith('a stream')
        ? await answer.message().then(() => answer.message())
        : await answer.json();
    expect(body).toEqual({ jsonrpc: '2.0', id: 'x', error: (outcome as { error: Payload }).error.value() });
  });

  it.each([
    ['HATAGO_RATE_LIMITED', { retryAfterMs: 2_500 }, [429, '3']],
    ['HATAGO_OVERLOADED', {}, [503, '1']],
  ] as const)('is told when to come back: %s %j', async (code, detail, expected) => {
    await using kit = await serveKit({ script: () => Promise.reject(new HubError(code, detail)) });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    expect([answer.status, answer.headers['retry-after']]).toEqual(expected);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('secret path /etc/x'))],
    [
      'throws at once',
      () => {
        throw new Error('secret path /etc/x');
      },
    ],
    ['gives no object', () => complete(['secret'])],
  ])('whose handler %s is answered without any detail, and the log has it', async (_, script) => {
    await using kit = await serveKit({ script });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ id: 1, error: { code: expect.any(Number) } });
    expect(text).not.toContain('secret');
    expect(kit.logs).toMatchObject([{ level: 'error', event: 'edge.internal', method: 'tools/call' }]);
  });

  it('whose chain throws before it begins is answered without any detail', async () => {
    await using kit = await serveKit();
    Object.assign(kit.deps.current().match('/mcp') as object, {
      handler() {
        throw new HubError('HATAGO_POLICY_DENIED');
      },
    });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    expect(await answer.json()).toMatchObject({ id: 1, error: { code: -31005 } });
    expect(kit.logs).toEqual([]);
  });

  it('to a hub that cannot be built is answered, and the log says why', async () => {
    await using kit = await serveKit();
    Object.assign(kit.deps, {
      current() {
        throw new Error('secret');
      },
    });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    expect((await answer.json()).error).toMatchObject({ code: -32603 });
    expect(kit.logs).toMatchObject([{ event: 'edge.internal', cause: expect.stringContaining('secret') }]);
  });

  it('whose route is gone is answered so', async () => {
    await using kit = await serveKit();
    const generation = kit.deps.current();
    let asked = 0;
    Object.assign(kit.deps, {
      current: () => ({ ...generation, match: (path: string) => (asked++ === 0 ? generation.match(path) : undefined) }),
    });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    expect(answer.status).toBe(404);
  });

  it.each(['input_required', 'task'] as const)('may end in %s', async (kind) => {
    await using kit = await serveKit({
      script: () => ({ kind, result: Payload.ofValue({ requestState: 's', inputRequests: {}, taskId: 't' }) }),
    });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    expect((await answer.json()).result).toMatchObject({ resultType: kind, requestState: 's', taskId: 't' });
  });

  it.each([
    ['another method', { 'mcp-method': 'tools/list' }],
    ['another name', { 'mcp-name': 'b' }],
    ['another version', { 'mcp-protocol-version': '2025-11-25' }],
    ['no method', { 'mcp-method': undefined }],
  ])('B1 whose headers name %s is refused before it goes anywhere', async (_, change) => {
    await using kit = await serveKit();
    const headers = Object.fromEntries(
      Object.entries({ ...modernHeaders('tools/call', 'a'), ...change }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const answer = await post(`${kit.url}/mcp`, modernRequest(9, 'tools/call', { name: 'a' }), headers);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: 9, error: { code: -32020 } });
    expect(kit.exchanges).toEqual([]);
  });

  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'roots/list'])(
    'for %s, which its era does not have, is answered 404',
    async (method) => {
      await using kit = await serveKit();
      const answer = await post(`${kit.url}/mcp`, modernRequest(0, method), modernHeaders(method));
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ id: 0, error: { code: -32601 } });
    },
  );

  it('for another revision is told which there are', async () => {
    await using kit = await serveKit();
    const message = modernRequest(1, 'tools/list', { _meta: { [META.protocolVersion]: '2099-01-01' } });
    const answer = await post(`${kit.url}/mcp`, message, {
      ...modernHeaders('tools/list'),
      'mcp-protocol-version': '2099-01-01',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: -32022, data: { supported: [MODERN_VERSION] } } });
  });

  it('without its envelope is refused', async () => {
    await using kit = await serveKit();
    const answer = await post(
      `${kit.url}/mcp`,
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      modernHeaders('tools/list'),
    );
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: 1, error: { code: -32602 } });
  });

  it('R7 whose client goes away is cancelled at once and gets nothing more', async () => {
    const call = hanging();
    await using kit = await serveKit({ script: call.script });
    const pending = callModern(`${kit.url}/mcp`, 1, 'a').catch(() => undefined);
    await expect.poll(call.seen).toBeDefined();
    const exchange = call.seen() as Exchange;
    exchange.emit(progress(1));
    const answer = await pending;
    const cutMs = performance.now();
    const cancelled = new Promise<number>((resolve) =>
      exchange.signal.onCancel(() => resolve(performance.now() - cutMs)),
    );
    answer?.cut();
    expect(await cancelled).toBeLessThan(100);
    exchange.emit(progress(2));
    call.end(complete({ content: [] }));
    expect(answer?.raw).not.toContain('"progress":2');
    expect(kit.logs).toEqual([]);
  });

  it('R7 is cancelled too when its client goes away before anything was sent', async () => {
    const call = hanging();
    await using kit = await serveKit({ script: call.script });
    const controller = new AbortController();
    const body = JSON.stringify(modernRequest(1, 'tools/call', { name: 'a' }));
    const headers = { ...modernHeaders('tools/call', 'a'), 'content-type': 'application/json' };
    const pending = fetch(`${kit.url}/mcp`, { method: 'POST', body, headers, signal: controller.signal }).catch(
      () => {},
    );
    await expect.poll(call.seen).toBeDefined();
    controller.abort();
    await pending;
    await expect.poll(() => call.seen()?.signal.cancelled).toBe(true);
  });
});

describe('a modern notification', () => {
  it.each(['notifications/cancelled', 'notifications/anything'])('%s is accepted', async (method) => {
    await using kit = await serveKit();
    const answer = await post(
      `${kit.url}/mcp`,
      { jsonrpc: '2.0', method, params: { requestId: 1 } },
      modernHeaders(method),
    );
    expect([answer.status, await answer.text()]).toEqual([202, '']);
  });
});

describe('a listen', () => {
  const open = async (url: string, id: unknown) =>
    post(`${url}/mcp`, modernRequest(id, 'subscriptions/listen', { notifications: { toolsListChanged: true } }), {
      ...modernHeaders('subscriptions/listen'),
    });

  it('streams what is emitted and is ended with a result when the hub closes', async () => {
    await using kit = await serveKit();
    const stream = await open(kit.url, 'l"1');
    expect(await stream.message()).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    kit.listens[0]?.emit({ method: 'notifications/tools/list_changed', params: Payload.ofValue({}) });
    expect(await stream.message()).toMatchObject({ method: 'notifications/tools/list_changed' });
    kit.edge.close();
    expect(await stream.message()).toEqual({
      jsonrpc: '2.0',
      id: 'l"1',
      result: { resultType: 'complete', _meta: { [META.subscriptionId]: 'l"1' } },
    });
    expect(await stream.message()).toBeUndefined();
    expect(kit.listens).toEqual([]);
  });

  it('is kept alive with comments while it is quiet', async () => {
    await using kit = await serveKit();
    const stream = await open(kit.url, 1);
    await stream.message();
    kit.clock.nowMs += 14_000;
    kit.edge.keeper.sweep();
    expect(stream.raw).not.toContain(':\x20keep');
    kit.clock.nowMs += 1_000;
    kit.edge.keeper.sweep();
    await expect.poll(() => stream.raw).toContain(': keep-alive\n\n');
    expect(kit.listens).toHaveLength(1);
    stream.cut();
    await expect.poll(() => kit.listens).toEqual([]);
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
  });

  it.each([
    ['takes nothing for 30 s', { maxBufferedBytes: 1e9 }, 30_000, 'nothing read'],
    ['leaves more than 1 MiB unread', {}, 1_000, 'too much unread'],
    ['is flooded within a moment', { maxBufferedBytes: 100_000 }, 0, 'far too much unread'],
  ])('R7 whose reader %s is closed', async (_, limits, patienceMs, reason) => {
    await using kit = await serveKit({ limits });
    const body = JSON.stringify(modernRequest(1, 'subscriptions/listen', { notifications: {} }));
    const headers = { ...modernHeaders('subscriptions/listen'), 'content-type': 'application/json', host: 'localhost' };
    const lines = Object.entries({ ...headers, 'content-length': body.length }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const socket = connect(kit.listener.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    socket.write(`POST /mcp HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
    await expect.poll(() => kit.listens.length).toBe(1);
    const exchange = kit.listens[0] as Exchange;
    const big = { method: 'notifications/resources/updated', params: Payload.ofValue({ uri: 'x'.repeat(1_000_000) }) };
    for (let i = 0; i < 12; i++) exchange.emit(big);
    if (patienceMs > 0) {
      kit.edge.keeper.sweep();
      expect(exchange.signal.cancelled).toBe(false);
      await new Promise((resolve) => setImmediate(resolve));
      kit.edge.keeper.sweep();
      kit.clock.nowMs += patienceMs;
      kit.edge.keeper.sweep();
    }
    await expect.poll(() => exchange.signal.cancelled).toBe(true);
    expect(kit.logs).toMatchObject([{ event: 'edge.slow_reader', reason }]);
    socket.destroy();
  });

  it('whose reader keeps up gets a burst of any size', async () => {
    await using kit = await serveKit();
    const stream = await open(kit.url, 1);
    await stream.message();
    const big = { method: 'notifications/resources/updated', params: Payload.ofValue({ uri: 'x'.repeat(1_000_000) }) };
    for (let i = 0; i < 12; i++) kit.listens[0]?.emit(big);
    kit.edge.keeper.sweep();
    for (let i = 0; i < 12; i++) expect(await stream.message()).toMatchObject({ method: big.method });
    kit.edge.keeper.sweep();
    expect(kit.logs).toEqual([]);
  });
});

describe('a hub that drains', () => {
  it('refuses new requests with their id and says when to come back', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`);
    kit.edge.drain();
    const answer = await callModern(`${kit.url}/mcp`, 'q', 'a');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({ id: 'q', error: { code: -31007, data: { kind: expect.any(String) } } });
    expect((await session.request(1, 'tools/list')).status).toBe(503);
    expect((await session.stream()).status).toBe(503);
    expect((await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
    expect((await send(`${kit.url}/mcp`, 'DELETE', session.headers)).status).toBe(204);
  });
});
