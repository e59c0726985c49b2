import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { modernRequest, serveKit } from './test-kit.ts';
import { createWsEdge, type WsEdge } from './ws.ts';

interface Opened {
  readonly socket: WebSocket;
  readonly status: number | undefined;
}

function open(url: string, protocols: string[] = ['mcp'], headers: Record<string, string> = {}): Promise<Opened> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'), protocols, { headers });
    socket.on('open', () => resolve({ socket, status: undefined }));
    socket.on('unexpected-response', (_, response) => resolve({ socket, status: response.statusCode }));
    socket.on('error', () => {});
  });
}

async function serve(options: Parameters<typeof serveKit>[0] = {}) {
  const made: { edge?: WsEdge } = {};
  const kit = await serveKit({
    ...options,
    upgrade: async ({ deps }, edge) => {
      made.edge = await createWsEdge(deps, edge);
      return made.edge.upgrade;
    },
  });
  return { kit, edge: made.edge as WsEdge };
}

const kitResult = Payload.ofBytes(Buffer.from(JSON.stringify({ content: ['x'.repeat(1_000_000)] })));
const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', resolve));

describe('a WebSocket handshake', () => {
  it.each([
    ['a foreign origin', '/ws', ['mcp'], { origin: 'https://evil.test' }, 403],
    ['a rebound host', '/ws', ['mcp'], { host: 'evil.test' }, 403],
    ['two hosts', '/ws', ['mcp'], { host: ['localhost', 'evil.test'] }, 400],
    ['a cookie without an origin', '/ws', ['mcp'], { cookie: 'a=b' }, 403],
    ['another path', '/mcp', ['mcp'], {}, 404],
    ['another subprotocol', '/ws', ['graphql-ws'], {}, 400],
    ['no subprotocol', '/ws', [], {}, 400],
  ])('A4 with %s is refused', async (_, path, protocols, headers, status) => {
    const { kit, edge } = await serve();
    await using __ = kit;
    const answer = await open(kit.url + path, protocols, headers as unknown as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(edge.size).toBe(0);
    if (status === 403) expect(kit.logs[0]?.event).toMatch(/^sec\.(host|origin)_rejected$/);
  });

  it('needs a known principal', async () => {
    const { kit } = await serve({
      principalOf: (header) => (header('authorization') === 'ok' ? { id: 'a' } : undefined),
    });
    await using _ = kit;
    expect((await open(`${kit.url}/ws`)).status).toBe(401);
    const { socket } = await open(`${kit.url}/ws?x=1`, ['other', 'mcp'], { authorization: 'ok' });
    expect(socket.protocol).toBe('mcp');
    socket.terminate();
  });
});

describe('a WebSocket client', () => {
  it('may not send binary messages or messages over the limit', async () => {
    const { kit } = await serve({ limits: { maxMessageBytes: 1_000 } });
    await using _ = kit;
    const binary = await open(`${kit.url}/ws`);
    binary.socket.send(Buffer.from('{}'));
    expect(await closed(binary.socket)).toBe(1003);
    const long = await open(`${kit.url}/ws`);
    long.socket.send('x'.repeat(1_001));
    expect(await closed(long.socket)).toBe(1009);
  });

  it('is pinged while it is quiet and cut when it takes nothing', async () => {
    const { kit, edge } = await serve({ script: () => ({ kind: 'complete', result: kitResult }) });
    await using _ = kit;
    const { socket } = await open(`${kit.url}/ws`);
    const pinged = new Promise((resolve) => socket.once('ping', resolve));
    kit.clock.nowMs += 15_000;
    kit.edge.keeper.sweep();
    await pinged;
    socket.pause();
    for (let id = 0; id < 12; id++) socket.send(JSON.stringify(modernRequest(id, 'tools/call', { name: 'a' })));
    await expect.poll(() => kit.exchanges.length).toBe(12);
    for (let sweep = 0; sweep < 3; sweep++) {
      kit.edge.keeper.sweep();
      kit.clock.nowMs += 30_000;
    }
    await expect.poll(() => edge.size).toBe(0);
    expect(kit.logs).toMatchObject([{ event: 'edge.slow_reader' }]);
    socket.terminate();
  });

  it('is refused while the hub drains and sent away when it closes', async () => {
    const { kit, edge } = await serve();
    await using _ = kit;
    const { socket } = await open(`${kit.url}/ws`);
    edge.drain();
    const answer = new Promise((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))));
    socket.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    expect(await answer).toMatchObject({ id: 1, error: { code: -31007 } });
    expect((await open(`${kit.url}/ws`)).status).toBe(503);
    const code = closed(socket);
    edge.close('bye');
    expect(await code).toBe(1001);
    await expect.poll(() => edge.size).toBe(0);
  });
});
