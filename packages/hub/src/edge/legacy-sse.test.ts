import { describe, expect, it } from 'vitest';
import { createLegacySse, type LegacySse } from './legacy-sse.ts';
import { post, send, serveKit } from './test-kit.ts';

async function serve(options: Parameters<typeof serveKit>[0] = {}) {
  const made: { sse?: LegacySse } = {};
  const kit = await serveKit({
    ...options,
    edge: ({ deps }) => {
      made.sse = createLegacySse(deps, () => kit.edge.keeper);
      return { pages: made.sse.pages };
    },
  });
  return { kit, sse: made.sse as LegacySse };
}

const open = async (url: string, headers: Record<string, string> = {}) => {
  const stream = await send(`${url}/sse`, 'GET', headers);
  const first = await stream.event();
  return { stream, first, endpoint: new TextDecoder().decode(first?.data) };
};

describe('the transport of 2024-11-05', () => {
  it('is not there unless it is asked for', async () => {
    await using kit = await serveKit();
    expect((await send(`${kit.url}/sse`, 'GET')).status).toBe(404);
    expect((await post(`${kit.url}/messages`, {})).status).toBe(404);
  });

  it('names where to post, in its first event, and answers on the stream', async () => {
    const { kit, sse } = await serve();
    await using _ = kit;
    const { stream, first, endpoint } = await open(kit.url);
    expect(first).toMatchObject({ event: 'endpoint' });
    expect(endpoint).toMatch(/^\/messages\?sessionId=[\w-]{24}$/);
    const answer = await post(kit.url + endpoint, { jsonrpc: '2.0', id: 0, method: 'ping' });
    expect([answer.status, await answer.text()]).toEqual([202, '']);
    expect(await stream.message()).toEqual({ jsonrpc: '2.0', id: 0, result: {} });
    expect(sse.size).toBe(1);
    stream.cut();
    await expect.poll(() => sse.size).toBe(0);
    expect((await post(kit.url + endpoint, { jsonrpc: '2.0', id: 0, method: 'ping' })).status).toBe(404);
  });

  it.each([
    ['a POST to the stream', 'POST', '/sse', {}, 405],
    ['a GET of the messages', 'GET', '/messages', {}, 405],
    ['no session', 'POST', '/messages', {}, 400],
    ['an unknown session', 'POST', '/messages?sessionId=x', {}, 404],
    ['an encoding', 'POST', 'OWN', { 'content-encoding': 'gzip' }, 415],
    ['another type', 'POST', 'OWN', { 'content-type': 'text/plain' }, 415],
    ['a body over the limit', 'POST', 'OWN', { 'content-length': '200' }, 413],
    ['another principal', 'POST', 'OWN', { authorization: 'b' }, 404],
  ])('refuses %s', async (_, method, path, headers, status) => {
    const { kit } = await serve({
      limits: { maxBodyBytes: 100 },
      principalOf: (header) => ({ id: header('authorization') ?? 'a' }),
    });
    await using __ = kit;
    const { endpoint } = await open(kit.url);
    const all: Record<string, string> = { 'content-type': 'application/json', ...(headers as Record<string, string>) };
    const body = method === 'GET' ? undefined : all['content-length'] === undefined ? '{}' : 'x'.repeat(200);
    const answer = await send(kit.url + (path === 'OWN' ? endpoint : path), method, all, body);
    expect(answer.status).toBe(status);
  });

  it('ends its streams when the hub closes, and opens none while it drains', async () => {
    const { kit, sse } = await serve();
    await using _ = kit;
    const { stream, endpoint } = await open(kit.url);
    sse.drain();
    expect((await send(`${kit.url}/sse`, 'GET')).status).toBe(503);
    await post(kit.url + endpoint, { jsonrpc: '2.0', id: 0, method: 'ping' });
    expect(await stream.message()).toMatchObject({ id: 0, error: { code: -31007 } });
    sse.close('bye');
    expect(await stream.message()).toBeUndefined();
    await expect.poll(() => sse.size).toBe(0);
  });
});
