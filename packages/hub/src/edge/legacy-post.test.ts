import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { complete, openSession, serveKit } from './test-kit.ts';

const progress = (n: number): { method: string; params: Payload } => ({
  method: 'notifications/progress',
  params: Payload.ofValue({ progressToken: 1, progress: n }),
});

/** Calls that stay open until the test ends them, by tool name. */
function held(): {
  script(exchange: Exchange): Promise<Outcome>;
  calls: Map<string, { exchange: Exchange; end(outcome: Outcome): void }>;
} {
  const calls = new Map<string, { exchange: Exchange; end(outcome: Outcome): void }>();
  return {
    calls,
    script: (exchange) =>
      new Promise((resolve) => calls.set(exchange.params.text('name') as string, { exchange, end: resolve })),
  };
}

const DONE = complete({ content: ['done'] });

describe('the answer to a POST', () => {
  it('is JSON when nothing comes before it, even with an accept header that prefers streams', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`);
    const answer = await session.request(1, 'tools/call', { name: 'a' });
    expect(answer.headers['content-type']).toBe('application/json');
    expect(kit.edge.keeper.size).toBe(0);
  });

  it.each([
    ['2025-11-25', true],
    ['2025-06-18', false],
    ['2025-03-26', false],
  ])('is a stream with ids when something does; in %s primed = %s', async (version, primed) => {
    await using kit = await serveKit({
      script(exchange) {
        exchange.emit(progress(1));
        return DONE;
      },
    });
    const session = await openSession(`${kit.url}/mcp`, { version });
    for (const number of [1, 2]) {
      const answer = await session.request(number, 'tools/call', { name: 'a' });
      expect(answer.headers['content-type']).toBe('text/event-stream');
      if (primed) expect(await answer.event()).toMatchObject({ id: `${number}-0` });
      expect(await answer.event()).toMatchObject({ id: `${number}-1`, event: 'message' });
      expect(await answer.message()).toMatchObject({ id: number, result: { content: ['done'] } });
      expect(await answer.event()).toBeUndefined();
      expect(answer.raw.includes('retry: 1000')).toBe(primed);
    }
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
  });

  it('is JSON for a client that takes nothing else, and what comes before it goes over the standing stream', async () => {
    await using kit = await serveKit({
      limits: { lateStreamMs: 0 },
      script(exchange) {
        exchange.emit(progress(1));
        kit.edge.keeper.sweep();
        return DONE;
      },
    });
    const session = await openSession(`${kit.url}/mcp`);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } };
    const ask = async (): Promise<unknown> => {
      const answer = await session.post(call, { accept: 'application/json' });
      expect(answer.headers['content-type']).toBe('application/json');
      return answer.json();
    };
    expect(await ask()).toMatchObject({ id: 1, result: { content: ['done'] } });
    const stream = await session.stream();
    expect(await ask()).toMatchObject({ id: 1, result: { content: ['done'] } });
    expect(await stream.message()).toMatchObject({ params: { progress: 1 } });
    stream.cut();
  });

  it.each([
    [failure('HATAGO_OVERLOADED'), [503, '1']],
    [failure('HATAGO_RATE_LIMITED', { retryAfterMs: 2_500 }), [429, '3']],
    [{ ...failure('HATAGO_INTERNAL'), http: 503 }, [503, undefined]],
    [failure('HATAGO_METHOD_NOT_FOUND'), [200, undefined]],
    [DONE, [200, undefined]],
  ])('says when to come back, and nothing else by its status: %j is %j', async (outcome, expected) => {
    await using kit = await serveKit({ script: () => outcome });
    const session = await openSession(`${kit.url}/mcp`);
    const answer = await session.request(1, 'tools/call', { name: 'a' });
    expect([answer.status, answer.headers['retry-after']]).toEqual(expected);
    expect(await answer.json()).toMatchObject({ id: 1 });
  });

  it('says when to come back where a session has too much in flight', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script, limits: { maxInFlight: 1 } });
    const session = await openSession(`${kit.url}/mcp`);
    const first = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    const answer = await session.request(2, 'tools/call', { name: 'b' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect((await answer.json()).error).toMatchObject({ code: -31007, data: { retryAfterMs: 1_000 } });
    calls.get('a')?.end(DONE);
    await first;
  });

  it('goes on after the client is gone, and is there when it comes back', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    calls.get('a')?.exchange.emit(progress(1));
    const answer = await pending;
    expect(await answer.message()).toMatchObject({ params: { progress: 1 } });
    answer.cut();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    expect(calls.get('a')?.exchange.signal.cancelled).toBe(false);
    calls.get('a')?.exchange.emit(progress(2));
    const resumed = await session.stream('1-1');
    expect(await resumed.message()).toMatchObject({ params: { progress: 2 } });
    resumed.cut();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    calls.get('a')?.end(DONE);
    await new Promise((resolve) => setImmediate(resolve));
    const last = await session.stream('1-2');
    expect(await last.message()).toMatchObject({ id: 1, result: { content: ['done'] } });
    expect(await last.message()).toBeUndefined();
    // Everything was delivered, so nothing is kept.
    await expect.poll(async () => (await session.stream('1-2')).status).toBe(400);
  });

  it.each([
    ['has fallen out of the buffer', { replayEvents: 2 }, 3, DONE, 400],
    ['is larger than the buffer', { replayBytes: 500 }, 0, complete({ content: ['x'.repeat(1_000)] }), 400],
    ['is there, though what came before it is not', { replayEvents: 2 }, 1, DONE, 200],
  ])('cannot be resumed unless it is there: one that %s', async (_, limits, others, end, status) => {
    const { script, calls } = held();
    await using kit = await serveKit({ script, limits });
    const session = await openSession(`${kit.url}/mcp`);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    for (const n of [1, 2]) calls.get('a')?.exchange.emit(progress(n));
    (await pending).cut();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    calls.get('a')?.end(end);
    const other = session.request(2, 'tools/call', { name: 'b' });
    await expect.poll(() => calls.size).toBe(2);
    calls.get('b')?.exchange.emit(progress(1));
    // Nobody reads what follows, so that it takes the place of what came before.
    (await other).cut();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    for (let n = 2; n <= others; n++) calls.get('b')?.exchange.emit(progress(n));
    const resumed = await session.stream('1-0');
    expect(resumed.status).toBe(status);
    if (status !== 200) return;
    expect(await resumed.message()).toMatchObject({ params: { progress: 2 } });
    expect(await resumed.message()).toMatchObject({ id: 1, result: { content: ['done'] } });
  });

  it('is kept at the cost of streams that somebody reads', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script, limits: { replayEvents: 3 } });
    const session = await openSession(`${kit.url}/mcp`);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    calls.get('a')?.exchange.emit(progress(1));
    (await pending).cut();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    calls.get('a')?.end(DONE);
    const other = session.request(2, 'tools/call', { name: 'b' });
    await expect.poll(() => calls.size).toBe(2);
    for (let n = 1; n <= 9; n++) calls.get('b')?.exchange.emit(progress(n));
    await other;
    const resumed = await session.stream('1-1');
    expect(await resumed.message()).toMatchObject({ id: 1, result: { content: ['done'] } });
    calls.get('b')?.end(DONE);
  });

  it('can be resumed for five minutes and not longer', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    calls.get('a')?.exchange.emit(progress(1));
    (await pending).cut();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    calls.get('a')?.end(DONE);
    kit.clock.nowMs += 300_000;
    kit.deps.sessions.sweep();
    const answer = await session.stream('1-0');
    expect([answer.status, (await answer.json()).error]).toMatchObject([400, { code: -32600 }]);
  });

  it.each(['nonsense', '1-', '-1', '1-1-1', '99-0', '99999999999999999999-1'])(
    'cannot be resumed from %s',
    async (id) => {
      await using kit = await serveKit();
      const session = await openSession(`${kit.url}/mcp`);
      expect((await session.stream(id)).status).toBe(400);
    },
  );

  it('becomes a stream when it takes long, so that it can be resumed', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    kit.clock.nowMs += 4_999;
    kit.edge.keeper.sweep();
    expect(kit.edge.keeper.size).toBe(1);
    kit.clock.nowMs += 1;
    kit.edge.keeper.sweep();
    const answer = await pending;
    expect(await answer.event()).toMatchObject({ id: '1-0' });
    calls.get('a')?.end(DONE);
    expect(await answer.message()).toMatchObject({ id: 1 });
  });

  it('is given up when its client is gone before it became a stream; its questions fail at once', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`, { capabilities: { roots: {} } });
    const controller = new AbortController();
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}';
    const headers = { ...session.headers, 'content-type': 'application/json' };
    const pending = fetch(`${kit.url}/mcp`, { method: 'POST', body, headers, signal: controller.signal }).catch(
      () => {},
    );
    await expect.poll(() => calls.size).toBe(1);
    controller.abort();
    await pending;
    await expect
      .poll(() => {
        kit.edge.keeper.sweep();
        return kit.edge.keeper.size;
      })
      .toBe(0);
    expect(calls.get('a')?.exchange.signal.cancelled).toBe(false);
    calls.get('a')?.exchange.emit(progress(1));
    const result = Payload.ofValue({ inputRequests: { r: { method: 'roots/list' } } });
    calls.get('a')?.end({ kind: 'input_required', result });
    await expect.poll(() => [...kit.deps.sessions.all()][0]?.busy).toBe(false);
    expect(calls.size).toBe(1);
  });

  it('is an empty stream end when the client took the call back after it began', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    calls.get('a')?.exchange.emit(progress(1));
    const answer = await pending;
    await answer.message();
    await session.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(await answer.message()).toBeUndefined();
  });
});

describe('a batch', () => {
  const one = (id: unknown, method: string, params: unknown = {}): unknown => ({ jsonrpc: '2.0', id, method, params });
  const told = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };

  it('of the version that has them is answered as one array', async () => {
    await using kit = await serveKit({ script: ({ params }) => complete({ content: [params.text('name')] }) });
    const session = await openSession(`${kit.url}/mcp`, { version: '2025-03-26' });
    const answer = await session.post([one(1, 'ping'), told, one(2, 'tools/call', { name: 'b' }), one({}, 'ping'), 7]);
    expect(answer.status).toBe(200);
    const answers = (await answer.json()) as unknown as { id: unknown }[];
    expect(answers).toHaveLength(4);
    expect(answers).toEqual(
      expect.arrayContaining([
        { jsonrpc: '2.0', id: 1, result: {} },
        { jsonrpc: '2.0', id: 2, result: { content: ['b'] } },
        { jsonrpc: '2.0', id: null, error: expect.objectContaining({ code: -32600 }) },
      ]),
    );
  });

  it('is answered as a stream when something comes before its answers', async () => {
    await using kit = await serveKit({
      script(exchange) {
        exchange.emit(progress(1));
        return DONE;
      },
    });
    const session = await openSession(`${kit.url}/mcp`, { version: '2025-03-26' });
    const answer = await session.post([one(1, 'ping'), one(2, 'tools/call', { name: 'b' })]);
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(await answer.message()).toMatchObject({ id: 1 });
    expect(await answer.message()).toMatchObject({ params: { progress: 1 } });
    expect(await answer.message()).toMatchObject({ id: 2 });
    expect(await answer.message()).toBeUndefined();
  });

  it('of which nothing has to be answered is accepted', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`, { version: '2025-03-26' });
    const answer = await session.post([told, { jsonrpc: '2.0', id: 5, result: {} }]);
    expect([answer.status, await answer.text()]).toEqual([202, '']);
  });

  it('of which the only call is taken back is accepted', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`, { version: '2025-03-26' });
    const pending = session.post([one(1, 'tools/call', { name: 'a' })]);
    await expect.poll(() => calls.size).toBe(1);
    await session.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect((await pending).status).toBe(202);
  });

  it.each([
    ['another version', '2025-06-18', [one(1, 'ping')]],
    ['no elements', '2025-03-26', []],
    ['too many elements', '2025-03-26', Array.from({ length: 101 }, (_, at) => one(at, 'ping'))],
    [
      'a modern element',
      '2025-03-26',
      [one(1, 'ping', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } })],
    ],
  ])('with %s is refused', async (_, version, elements) => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`, { version });
    const answer = await session.post(elements);
    expect(answer.status).toBe(400);
    expect((await answer.json()).error).toMatchObject({ code: -32600 });
  });
});
