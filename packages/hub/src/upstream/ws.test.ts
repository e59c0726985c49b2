import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createCanceller, NEVER } from '../core/cancel.ts';
import type { Link, LinkDeps } from './link.ts';
import { serve } from './testing/http-server.ts';
import { createRecorder, notification, type Recorder, request } from './testing/recorder.ts';
import { openWebSocket } from './ws.ts';

type Opened = Recorder & AsyncDisposable & { link: Link };

async function open(url: string, deps: Partial<LinkDeps> = {}): Promise<Opened> {
  const recorder = createRecorder();
  const spec = { url, headers: { 'X-Key': 'v', 'Sec-WebSocket-Protocol': 'other' } };
  const link = await openWebSocket(spec, recorder.events, { signal: NEVER, note: recorder.note, ...deps });
  return { ...recorder, link, [Symbol.asyncDispose]: () => link.close('end of test') };
}

interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly keys: unknown[];
  readonly protocols: string[];
}

async function upstream(onMessage: (text: string, socket: WebSocket) => void): Promise<Upstream> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const keys: unknown[] = [];
  const protocols: string[] = [];
  server.on('connection', (socket, req) => {
    keys.push(req.headers['x-key']);
    protocols.push(socket.protocol);
    socket.on('message', (data, isBinary) => onMessage(isBinary ? 'binary' : String(data), socket));
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    keys,
    protocols,
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

const answer = (id: number) => ({ jsonrpc: '2.0', id, result: {} });

describe('openWebSocket', () => {
  it('exchanges one message per text frame, in order', async () => {
    await using server = await upstream((text, socket) => {
      const { id, params } = JSON.parse(text) as { id: number; params: unknown };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: params }));
    });
    await using it = await open(server.url);
    for (let id = 0; id < 10; id++) it.link.send(request(id, '{"t":"旅籠"}'));
    await it.until('message', 10);
    expect(it.all('message').map((one) => one.value)).toEqual(
      Array.from({ length: 10 }, (_, id) => ({ jsonrpc: '2.0', id, result: { t: '旅籠' } })),
    );
    expect(server.keys).toEqual(['v']);
    expect(server.protocols).toEqual(['mcp']);
  });

  it('splits batches, fails the call of a broken answer and notes what is no message', async () => {
    await using server = await upstream((_text, socket) => {
      socket.send('hello');
      socket.send('{"jsonrpc":"2.0","id":7,"result":{tru');
      socket.send(Buffer.from(JSON.stringify([answer(1), answer(2)])));
    });
    await using it = await open(server.url);
    it.link.send(notification());
    await it.until('message', 2);
    expect(it.seen.map((one) => (one.type === 'failed' ? [one.id, one.failure.kind] : one.type))).toEqual([
      'note',
      [7, 'protocol'],
      'message',
      'message',
    ]);
  });

  it('is closed once when the server ends it, and sends nothing after that', async () => {
    await using server = await upstream((_text, socket) => socket.close(1001));
    await using it = await open(server.url);
    it.link.send(request(1));
    await it.until('closed');
    it.link.send(request(2));
    expect(it.all('failed')).toEqual([]);
    await it.until('failed');
    expect(it.seen).toEqual([
      { type: 'closed', failure: { kind: 'lost', message: 'the connection was closed (1001)' } },
      { type: 'failed', id: 2, failure: expect.objectContaining({ kind: 'unsent' }) },
    ]);
  });

  it('gives up the request whose answer is over the limit, and goes on', async () => {
    await using server = await upstream((_text, socket) => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(2000) } }));
      socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'x'.repeat(2000) }));
      socket.send(JSON.stringify(answer(2)));
    });
    await using it = await open(server.url, { maxMessageBytes: 1000 });
    it.link.send(request(1));
    await it.until('message');
    expect(it.seen.map((one) => one.type)).toEqual(['failed', 'note', 'message']);
    expect(it.all('failed')).toMatchObject([{ id: 1, failure: { kind: 'too_large' } }]);
  });

  it('is closed by a message far over the limit', async () => {
    await using server = await upstream((_text, socket) => socket.send('x'.repeat(5000)));
    await using it = await open(server.url, { maxMessageBytes: 1000 });
    it.link.send(request(1));
    await it.until('closed');
    expect(it.seen).toHaveLength(1);
  });

  it('says nothing when it is closed from here', async () => {
    await using server = await upstream(() => {});
    await using it = await open(server.url);
    await it.link.close('done');
    await it.link.close('twice');
    expect(it.seen).toEqual([]);
  });

  it.each([
    [401, 'auth'],
    [500, 'http'],
  ])('does not open when the server answers HTTP %i', async (status, kind) => {
    await using server = await serve(() => {});
    await using refusing = await refuse(status);
    await expect(open(refusing.url)).rejects.toMatchObject({ name: 'LinkError', failure: { kind, status } });
    await expect(open(server.url)).rejects.toMatchObject({ failure: { message: expect.stringContaining('ws://') } });
  });

  it('does not open where nobody listens, nor when it is not wanted any more', async () => {
    const server = await upstream(() => {});
    const canceller = createCanceller();
    canceller.cancel('stopping');
    await expect(open(server.url, { signal: canceller })).rejects.toMatchObject({ message: 'stopping' });
    await server[Symbol.asyncDispose]();
    await expect(open(server.url)).rejects.toMatchObject({ failure: { kind: 'unsent' } });
  });
});

async function refuse(status: number): Promise<AsyncDisposable & { url: string }> {
  const { createServer } = await import('node:http');
  const server = createServer();
  server.on('upgrade', (_req, socket) => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
