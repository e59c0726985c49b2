import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { createSessions } from '../session/sessions.ts';
import { complete, openSession, post, send, serveKit } from './test-kit.ts';

const changed = { method: 'notifications/tools/list_changed', params: Payload.ofValue({}) };

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

describe('a session over HTTP', () => {
  it('has an id of at least 128 bits in visible ASCII, known to its answer alone', async () => {
    await using kit = await serveKit();
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await openSession(`${kit.url}/mcp`)).id));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{24,}$/);
    expect(kit.deps.sessions.size).toBe(20);
  });

  it('is not opened when the servers cannot be asked', async () => {
    await using kit = await serveKit();
    Object.assign(kit.deps.current().match('/mcp') as object, {
      handler: async () => ({ kind: 'error', error: Payload.ofValue({ code: -31001, message: 'down' }) }),
    });
    const answer = await post(`${kit.url}/mcp`, {
      jsonrpc: '2.0',
      id: 3,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25' },
    });
    expect([answer.status, answer.headers['mcp-session-id']]).toEqual([200, undefined]);
    expect(await answer.json()).toMatchObject({ id: 3, error: { code: -31001 } });
    expect(kit.deps.sessions.size).toBe(0);
  });

  it('is not opened when there are too many', async () => {
    await using kit = await serveKit({ sessions: createSessions({ maxSessions: 1, now: () => 0 }) });
    const first = await openSession(`${kit.url}/mcp`);
    expect((await openSession(`${kit.url}/mcp`)).id).toBe('undefined');
    await send(`${kit.url}/mcp`, 'DELETE', first.headers);
    expect((await openSession(`${kit.url}/mcp`)).id).not.toBe('undefined');
  });

  it.each([
    ['POST without an id', 'POST', undefined, 400],
    ['POST with an unknown id', 'POST', 'unknown', 404],
    ['GET without an id', 'GET', undefined, 405],
    ['GET with an unknown id', 'GET', 'unknown', 404],
    ['DELETE without an id', 'DELETE', undefined, 405],
    ['DELETE with an unknown id', 'DELETE', 'unknown', 404],
  ])('answers %s', async (_, method, id, status) => {
    await using kit = await serveKit();
    const headers = {
      accept: '*/*',
      'content-type': 'application/json',
      ...(id === undefined ? {} : { 'mcp-session-id': id }),
    };
    const body = method === 'POST' ? '{"jsonrpc":"2.0","id":"r","method":"tools/list"}' : undefined;
    const answer = await send(`${kit.url}/mcp`, method, headers, body);
    expect(answer.status).toBe(status);
    const { id: echoed } = await answer.json();
    expect(echoed).toBe(method === 'POST' ? 'r' : null);
  });

  it('B11 does not exist for another principal, nor under another route', async () => {
    await using kit = await serveKit({ principalOf: (header) => ({ id: header('authorization') ?? 'nobody' }) });
    const own = await openSession(`${kit.url}/mcp`, { headers: { authorization: 'a' } });
    const stream = await own.stream();
    const foreign: Record<string, string>[] = [{ ...own.headers, authorization: 'b' }, { 'mcp-session-id': own.id }];
    for (const headers of foreign) {
      expect((await post(`${kit.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).status).toBe(404);
      expect((await send(`${kit.url}/mcp`, 'GET', { ...headers, accept: '*/*' })).status).toBe(404);
      expect((await send(`${kit.url}/mcp`, 'GET', { ...headers, 'last-event-id': '0-0' })).status).toBe(404);
      expect((await send(`${kit.url}/mcp`, 'DELETE', headers)).status).toBe(404);
    }
    expect((await post(`${kit.url}/mcp/one`, { jsonrpc: '2.0', id: 1, method: 'ping' }, own.headers)).status).toBe(404);
    await expect.poll(() => kit.listens.length).toBe(1);
    kit.listens[0]?.emit(changed);
    expect(await stream.message()).toMatchObject({ method: changed.method });
    expect((await own.request(1, 'ping')).status).toBe(200);
  });

  it('B11 is not found by guessing', async () => {
    await using kit = await serveKit();
    const { id } = await openSession(`${kit.url}/mcp`);
    for (let i = 0; i < 10_000; i++) {
      expect(kit.deps.sessions.find(`${id.slice(0, -3)}${i.toString(36).padStart(3, '0')}`, 'other')).toBeUndefined();
    }
  });

  it.each([
    ['2025-11-25', 200],
    [' 2025-06-18 ', 200],
    [undefined, 200],
    ['1.0', 400],
    ['2024-01-01', 400],
    ['', 400],
  ])('with version header %j is answered %i', async (version, status) => {
    await using kit = await serveKit();
    const { id } = await openSession(`${kit.url}/mcp`);
    const headers = { 'mcp-session-id': id, ...(version === undefined ? {} : { 'mcp-protocol-version': version }) };
    const answer = await post(`${kit.url}/mcp`, { jsonrpc: '2.0', id: 'v', method: 'ping' }, headers);
    expect([answer.status, (await answer.json()).id]).toEqual([status, 'v']);
  });

  it.each([
    ['GET', '1999-01-01', 400],
    ['GET', '2026-07-28', 400],
    ['GET', ' 2025-06-18 ', 200],
    ['GET', undefined, 200],
    ['DELETE', '1999-01-01', 400],
    ['DELETE', '2025-11-25', 204],
    ['DELETE', undefined, 204],
  ])('to %s with version header %j is answered %i', async (method, version, status) => {
    await using kit = await serveKit();
    const { id } = await openSession(`${kit.url}/mcp`);
    const headers = { 'mcp-session-id': id, ...(version === undefined ? {} : { 'mcp-protocol-version': version }) };
    const answer = await send(`${kit.url}/mcp`, method, { accept: 'text/event-stream', ...headers });
    expect(answer.status).toBe(status);
    if (status === 400) {
      expect((await answer.json()).error).toMatchObject({ code: -32022, data: { requested: version } });
      expect(kit.deps.sessions.find(id, 'local')).toBeDefined();
    }
    answer.cut();
  });

  it('ends with DELETE: its calls are cancelled, its streams close, its id is unknown', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const session = await openSession(`${kit.url}/mcp`);
    const stream = await session.stream();
    await expect.poll(() => kit.listens.length).toBe(1);
    const pending = session.request(1, 'tools/call', { name: 'a' });
    await expect.poll(() => calls.size).toBe(1);
    const deleted = await send(`${kit.url}/mcp`, 'DELETE', session.headers);
    expect([deleted.status, await deleted.text()]).toEqual([204, '']);
    expect(calls.get('a')?.exchange.signal.cancelled).toBe(true);
    expect([(await pending).status, await (await pending).text()]).toEqual([202, '']);
    expect(await stream.message()).toBeUndefined();
    expect(kit.listens).toEqual([]);
    expect((await session.request(2, 'ping')).status).toBe(404);
    expect(kit.edge.keeper.size).toBe(0);
  });

  it('ends by itself when it was idle for an hour, but not while something is under way', async () => {
    const { script, calls } = held();
    await using kit = await serveKit({ script });
    const [idle, calling, streaming] = await Promise.all([1, 2, 3].map(() => openSession(`${kit.url}/mcp`)));
    const pending = calling?.request(1, 'tools/call', { name: 'a' });
    const stream = await streaming?.stream();
    await expect.poll(() => calls.size).toBe(1);
    kit.clock.nowMs += 3_599_999;
    kit.deps.sessions.sweep();
    expect(kit.deps.sessions.size).toBe(3);
    kit.clock.nowMs += 1;
    kit.deps.sessions.sweep();
    expect(kit.deps.sessions.size).toBe(2);
    expect((await idle?.request(1, 'ping'))?.status).toBe(404);
    calls.get('a')?.end(DONE);
    expect((await pending)?.status).toBe(200);
    stream?.cut();
    await expect.poll(() => [...kit.deps.sessions.all()].some(({ busy }) => busy)).toBe(false);
    kit.clock.nowMs += 3_600_000;
    kit.deps.sessions.sweep();
    expect(kit.deps.sessions.size).toBe(0);
  });
});

describe('the standing stream', () => {
  it('is one per session, and free again once it is closed', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`);
    const first = await session.stream();
    expect(first.headers['content-type']).toBe('text/event-stream');
    const second = await session.stream();
    expect(second.status).toBe(409);
    first.cut();
    await expect.poll(async () => (await session.stream()).status).toBe(200);
  });

  it('needs a client that takes streams', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`);
    const answer = await send(`${kit.url}/mcp`, 'GET', { ...session.headers, accept: 'application/json' });
    expect(answer.status).toBe(406);
  });

  it('resumes where it was, with what came while it was closed, and replaces the one still open', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`);
    const first = await session.stream();
    const primed = await first.event();
    expect(primed).toMatchObject({ id: '0-0' });
    expect(primed?.data.length).toBe(0);
    expect(first.raw).toContain('retry: 1000\n');
    await expect.poll(() => kit.listens.length).toBe(1);
    const emit = (uri: string): void =>
      kit.listens[0]?.emit({ method: 'notifications/resources/updated', params: Payload.ofValue({ uri }) });
    emit('a:1');
    const seen = await first.event();
    expect(seen?.id).toBe('0-1');
    first.cut();
    await expect.poll(() => [...kit.deps.sessions.all()][0]?.busy).toBe(false);
    emit('a:2');
    emit('a:3');
    const second = await session.stream(seen?.id);
    expect(await second.message()).toMatchObject({ params: { uri: 'a:2' } });
    expect(await second.message()).toMatchObject({ params: { uri: 'a:3' } });
    const third = await session.stream('0-3');
    expect(await second.message()).toBeUndefined();
    emit('a:4');
    expect(await third.message()).toMatchObject({ params: { uri: 'a:4' } });
    expect(kit.listens).toHaveLength(1);
  });

  it('is not primed for clients that do not know an empty event', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`, { version: '2025-06-18' });
    const stream = await session.stream();
    await expect.poll(() => kit.listens.length).toBe(1);
    kit.listens[0]?.emit(changed);
    expect((await stream.event())?.id).toBe('0-1');
    expect(stream.raw).not.toContain('retry');
  });

  it('is listened for until it can no longer be resumed', async () => {
    await using kit = await serveKit();
    const session = await openSession(`${kit.url}/mcp`);
    const stream = await session.stream();
    await expect.poll(() => kit.listens.length).toBe(1);
    stream.cut();
    await expect.poll(() => [...kit.deps.sessions.all()][0]?.busy).toBe(false);
    kit.clock.nowMs += 299_999;
    kit.deps.sessions.sweep();
    expect(kit.listens).toHaveLength(1);
    kit.clock.nowMs += 1;
    kit.deps.sessions.sweep();
    expect(kit.listens).toHaveLength(0);
    const again = await session.stream();
    await expect.poll(() => kit.listens.length).toBe(1);
    kit.listens[0]?.emit(changed);
    expect(await again.message()).toMatchObject({ method: changed.method });
  });
});
