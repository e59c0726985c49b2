import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import { type HttpSpec, openHttp } from './http.ts';
import type { Link, LinkDeps } from './link.ts';
import { event, type Got, json, serve, stream, type TestServer } from './testing/http-server.ts';
import { createRecorder, notification, type Recorder, request } from './testing/recorder.ts';

type Opened = Recorder & AsyncDisposable & { link: Link };

async function open(
  to: Pick<TestServer, 'url'>,
  deps: Partial<LinkDeps> = {},
  more: Partial<HttpSpec> = {},
): Promise<Opened> {
  const recorder = createRecorder();
  const backoff = { minMs: 1, maxMs: 2 };
  const link = await openHttp({ url: to.url, ...more }, recorder.events, {
    signal: NEVER,
    note: recorder.note,
    backoff,
    ...deps,
  });
  return { ...recorder, link, [Symbol.asyncDispose]: () => link.close('end of test') };
}

const idOf = (got: Got): number => (JSON.parse(got.body) as { id: number }).id;
const result = (id: number, value: unknown = {}) => ({ jsonrpc: '2.0', id, result: value });
const note = (method: string) => ({ jsonrpc: '2.0', method });

describe('openHttp', () => {
  it('posts a message and reports its JSON answer as related to it', async () => {
    await using server = await serve((got, res) => json(res, result(idOf(got), { text: '旅籠' })));
    await using it = await open(server, {}, { headers: { 'X-Key': 'v', Accept: 'text/html' } });
    it.link.send(request(0, '{"a":"é"}'));
    await it.until('message');
    expect(it.link.attributed).toBe(true);
    expect(it.seen).toEqual([{ type: 'message', value: result(0, { text: '旅籠' }), relatedTo: 0 }]);
    expect(server.got[0]).toMatchObject({
      method: 'POST',
      url: '/mcp',
      body: '{"jsonrpc":"2.0","id":0,"method":"m","params":{"a":"é"}}',
    });
    expect(server.got[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'x-key': 'v',
    });
    expect(server.got[0]?.headers).not.toHaveProperty('mcp-method');
    expect(server.got[0]?.headers).not.toHaveProperty('mcp-protocol-version');
  });

  it('sends what a modern message says in headers too', async () => {
    await using server = await serve((got, res) => json(res, result(idOf(got))));
    await using it = await open(server);
    it.link.setSession?.('never sent', '2025-11-25');
    const headers = [['Mcp-Param-Region', 'eu']] as const;
    it.link.send(request(1, '{}', { version: '2026-07-28', method: 'tools/call', name: 'añadir', headers }));
    await it.until('message');
    expect(server.got[0]?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': `=?base64?${Buffer.from('añadir').toString('base64')}?=`,
      'mcp-param-region': 'eu',
    });
    expect(server.got[0]?.headers).not.toHaveProperty('mcp-session-id');
  });

  it('carries many calls at a time over connections it keeps', async () => {
    const ports = new Set<number>();
    await using server = await serve((got, res, req) => {
      ports.add(req.socket.remotePort as number);
      json(res, result(idOf(got)));
    });
    await using it = await open(server);
    for (let id = 0; id < 20; id++) it.link.send(request(id));
    await it.until('message', 20);
    const before = ports.size;
    for (let id = 20; id < 30; id++) {
      it.link.send(request(id));
      await it.until('message', id + 1);
    }
    expect(it.all('message').every((one) => (one.value as { id: number }).id === one.relatedTo)).toBe(true);
    expect(ports.size).toBe(before);
  });

  it('reports the session of an answer and sends it from then on, until the session is ended on close', async () => {
    await using server = await serve((got, res) => json(res, result(idOf(got)), 200, { 'Mcp-Session-Id': 's-1' }));
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message');
    expect(it.seen.map((one) => one.type)).toEqual(['session', 'message']);
    it.link.setSession?.('s-1', '2025-06-18');
    it.link.send(request(2));
    await it.until('message', 2);
    await it.link.close('done');
    expect(
      server.got.map((got) => [got.method, got.headers['mcp-session-id'], got.headers['mcp-protocol-version']]),
    ).toEqual([
      ['POST', undefined, undefined],
      ['POST', 's-1', '2025-06-18'],
      ['DELETE', 's-1', '2025-06-18'],
    ]);
  });

  it('reports every message of a stream as related to its call, up to the answer', async () => {
    await using server = await serve((_got, res) => {
      stream(
        res,
        ': hi',
        event(note('a')),
        event({ jsonrpc: '2.0', id: 9, method: 'ask' }),
        event(result(4)),
        event(note('after')),
      );
      res.end();
    });
    await using it = await open(server);
    it.link.send(request(4));
    await it.until('message', 3);
    it.link.send(request(4));
    await it.until('message', 6);
    expect(
      it
        .all('message')
        .map((one) => [one.relatedTo, one.value])
        .slice(0, 3),
    ).toEqual([
      [4, note('a')],
      [4, { jsonrpc: '2.0', id: 9, method: 'ask' }],
      [4, result(4)],
    ]);
    expect(JSON.stringify(it.seen)).not.toContain('after');
  });

  it('splits a batch in a JSON answer', async () => {
    await using server = await serve((got, res) => json(res, [note('a'), result(idOf(got))]));
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message', 2);
    expect(it.all('message').map((one) => one.value)).toEqual([note('a'), result(1)]);
  });

  it('does not wait for answers to notifications, and notes that one was refused', async () => {
    await using server = await serve((got, res) => res.writeHead(got.body.includes('bad') ? 400 : 202).end());
    await using it = await open(server);
    it.link.send(notification('fine'));
    it.link.send(notification('bad'));
    await it.until('note');
    expect(it.seen).toEqual([{ type: 'note', note: { type: 'protocol', message: expect.stringContaining('400') } }]);
  });

  it.each([
    ['an HTTP error', 500, 'text/plain', 'oops', { kind: 'http', status: 500, body: Buffer.from('oops') }],
    ['an error page that is JSON', 502, 'application/json', '{"error":1', { kind: 'http', status: 502 }],
    ['a missing login', 401, 'text/plain', '', { kind: 'auth', status: 401 }],
    ['a missing right', 403, 'application/json', '{"jsonrpc":"2.0","id":null,"error":{}}', { kind: 'auth' }],
    ['an acceptance without an answer', 202, 'text/plain', '', { kind: 'protocol', status: 202 }],
    ['another content type', 200, 'text/html', '<html>', { kind: 'protocol', status: 200 }],
    ['broken JSON', 200, 'application/json', '{"jsonrpc":', { kind: 'protocol' }],
    [
      'an answer to somebody else',
      200,
      'application/json',
      '{"jsonrpc":"2.0","id":77,"result":{}}',
      { kind: 'protocol' },
    ],
    ['a stream without an answer', 200, 'text/event-stream', ': hi\n\n', { kind: 'lost' }],
    ['a stream of something else', 200, 'text/event-stream', 'data: hello\n\n', { kind: 'protocol' }],
  ])('fails a call that is answered by %s', async (_what, status, type, body, failure) => {
    await using server = await serve((_got, res) => res.writeHead(status, { 'content-type': type }).end(body));
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('failed');
    expect(it.all('failed')).toEqual([{ type: 'failed', id: 1, failure: expect.objectContaining(failure) }]);
  });

  it.each([1, null, undefined])('takes a JSON-RPC error with id %s in an HTTP error for the answer', async (id) => {
    const body = { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } };
    await using server = await serve((_got, res) => json(res, body, 404));
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message');
    expect(it.seen).toEqual([{ type: 'message', value: JSON.parse(JSON.stringify(body)), relatedTo: 1, status: 404 }]);
  });

  it('tells a session that is gone from a path that is not there, and hands over a challenge', async () => {
    await using server = await serve((got, res) => {
      if (idOf(got) === 3) json(res, {}, 401, { 'www-authenticate': 'Bearer scope="a"' });
      else json(res, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }, 404);
    });
    await using it = await open(server);
    it.link.setSession?.('old', '2025-11-25');
    it.link.send(request(1));
    await it.until('failed');
    it.link.send(request(2, '{}', { version: '2026-07-28' }));
    await it.until('message');
    it.link.send(request(3));
    await it.until('failed', 2);
    expect(it.all('failed').map((one) => [one.failure.kind, one.failure.headers?.['www-authenticate']])).toEqual([
      ['session_gone', undefined],
      ['auth', 'Bearer scope="a"'],
    ]);
  });

  it.each(['json', 'event'])('discards an answer over the limit (%s)', async (form) => {
    await using server = await serve((got, res) => {
      const value = result(idOf(got), 'x'.repeat(5000));
      if (form === 'json') json(res, value);
      else stream(res, event(value)).end();
    });
    await using it = await open(server, { maxMessageBytes: 1000 });
    it.link.send(request(1));
    await it.until('failed');
    expect(it.seen).toEqual([{ type: 'failed', id: 1, failure: expect.objectContaining({ kind: 'too_large' }) }]);
  });

  it('tells what never left from what was lost', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using it = await open({ url });
    it.link.send(request(1));
    await it.until('failed');
    server.close();
    await once(server, 'close');
    it.link.send(request(2));
    expect(it.all('failed')).toHaveLength(1);
    await it.until('failed', 2);
    expect(it.all('failed').map((one) => [one.id, one.failure.kind])).toEqual([
      [1, 'lost'],
      [2, 'unsent'],
    ]);
  });

  it('follows redirects on the same origin and no others', async () => {
    await using other = await serve((_got, res) => json(res, {}));
    await using server = await serve((got, res) => {
      if (got.url === '/mcp') res.writeHead(307, { location: '/mcp/' }).end();
      else if (idOf(got) === 1) json(res, result(1));
      else res.writeHead(307, { location: other.url }).end();
    });
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message');
    it.link.send(request(2));
    await it.until('failed');
    expect(it.all('failed')[0]?.failure).toMatchObject({ kind: 'http', status: 307 });
    expect(server.got.map((got) => got.body === server.got[0]?.body || got.body === server.got[2]?.body)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(other.got).toEqual([]);
  });

  it('gives up on redirects in a circle', async () => {
    await using server = await serve((_got, res) => res.writeHead(308, { location: '/mcp' }).end());
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('failed');
    expect(it.all('failed')[0]?.failure).toMatchObject({ kind: 'http', status: 308 });
    expect(server.got).toHaveLength(4);
  });

  it('ends the request of a cancelled call and says no more of it', async () => {
    let closed = (): void => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    await using server = await serve((_got, res) => {
      stream(res, event(note('started')));
      res.on('close', closed);
    });
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message');
    it.link.cancel(1);
    await gone;
    expect(it.seen).toHaveLength(1);
  });

  it('keeps few streams open that had their answer and were not ended', async () => {
    const streaming = new Set<number>();
    let fewer = (): void => {};
    const gaveWay = new Promise<void>((resolve) => {
      fewer = resolve;
    });
    await using server = await serve((got, res) => {
      const id = idOf(got);
      streaming.add(id);
      res.on('close', () => {
        streaming.delete(id);
        fewer();
      });
      stream(res, event(result(id)));
    });
    await using it = await open(server);
    for (let id = 1; id <= 17; id++) {
      it.link.send(request(id));
      await it.until('message', id);
    }
    await gaveWay;
    expect(streaming.size).toBe(16);
    expect(streaming.has(1)).toBe(false);
    expect(it.all('failed')).toEqual([]);
  });

  it('says nothing after it was closed, and ends what is open', async () => {
    await using server = await serve((_got, res) => void stream(res, event(note('started'))));
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message');
    await it.link.close('done');
    it.link.send(request(2));
    expect(it.seen).toHaveLength(1);
  });

  it('takes a path with two slashes for a path', async () => {
    await using server = await serve((got, res) => {
      if (got.url === '/mcp') res.writeHead(308, { location: '/.//evil.test/mcp' }).end();
      else if (got.url === '//evil.test/mcp') res.writeHead(307, { location: 'end' }).end();
      else json(res, result(idOf(got)));
    });
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message');
    it.link.send(request(2));
    await it.until('message', 2);
    expect(server.got.map((got) => got.url)).toEqual([
      '/mcp',
      '//evil.test/mcp',
      '//evil.test/end',
      '//evil.test/mcp',
      '//evil.test/end',
    ]);
  });

  it.each([
    ['ftp://x/', 'http://'],
    ['nonsense', 'not valid'],
    ['http://user:secret@host/', 'header'],
  ])('refuses the URL %s', async (url, message) => {
    const refused = open({ url });
    await expect(refused).rejects.toMatchObject({
      name: 'LinkError',
      failure: { message: expect.stringContaining(message) },
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
  });

  it('refuses headers that cannot be sent', async () => {
    const spec = { headers: { 'X-A': 'a\r\nX-B: b' } };
    await expect(open({ url: 'http://127.0.0.1/' }, {}, spec)).rejects.toMatchObject({ name: 'LinkError' });
  });
});
