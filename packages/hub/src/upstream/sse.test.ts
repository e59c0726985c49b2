import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createCanceller, NEVER } from '../core/cancel.ts';
import type { Link, LinkDeps } from './link.ts';
import { openSse } from './sse.ts';
import { event, type Got, serve, stream, type TestServer } from './testing/http-server.ts';
import { createRecorder, notification, type Recorder, request } from './testing/recorder.ts';

type Opened = Recorder & AsyncDisposable & { link: Link };

async function open(to: TestServer, deps: Partial<LinkDeps> = {}): Promise<Opened> {
  const recorder = createRecorder();
  const spec = { url: to.url, headers: { 'X-Key': 'v' } };
  const link = await openSse(spec, recorder.events, { signal: NEVER, note: recorder.note, ...deps });
  return { ...recorder, link, [Symbol.asyncDispose]: () => link.close('end of test') };
}

const endpoint = (address: string): string => `event: endpoint\ndata: ${address}`;
/** A server with one stream, that answers POSTs with the function. */
const server = (address: string, post: (got: Got, res: ServerResponse, events: ServerResponse) => void) => {
  let events: ServerResponse;
  return serve((got, res) => {
    if (got.method === 'GET') events = stream(res, endpoint(address));
    else post(got, res, events);
  });
};
const say = (to: ServerResponse, value: unknown): boolean => to.write(`${event(value)}\n\n`);

describe('openSse', () => {
  it('posts to the address the server names and reads answers from its stream', async () => {
    await using upstream = await server('/messages?sessionId=1', (got, res, events) => {
      say(events, { jsonrpc: '2.0', id: (JSON.parse(got.body) as { id: number }).id, result: {} });
      res.writeHead(202).end('Accepted');
    });
    await using it = await open(upstream);
    it.link.send(request(1));
    it.link.send(request(2));
    await it.until('message', 2);
    expect(it.link.attributed).toBe(false);
    expect(it.all('message').map((one) => one.relatedTo)).toEqual([undefined, undefined]);
    expect(upstream.got.map((got) => [got.method, got.url, got.headers['x-key']])).toEqual([
      ['GET', '/mcp', 'v'],
      ['POST', '/messages?sessionId=1', 'v'],
      ['POST', '/messages?sessionId=1', 'v'],
    ]);
  });

  it.each([
    [404, 'session_gone'],
    [401, 'auth'],
    [500, 'http'],
  ])('fails a request whose POST is answered with %i', async (status, kind) => {
    await using upstream = await server('/m', (_got, res) => res.writeHead(status).end());
    await using it = await open(upstream);
    it.link.send(request(1));
    it.link.send(notification());
    await it.until('failed');
    await it.until('note');
    expect(it.all('failed')).toEqual([{ type: 'failed', id: 1, failure: expect.objectContaining({ kind, status }) }]);
  });

  it('is closed when the stream ends, and sends nothing after that', async () => {
    await using upstream = await server('/m', (_got, res, events) => {
      events.end();
      res.writeHead(202).end();
    });
    await using it = await open(upstream);
    it.link.send(request(1));
    await it.until('closed');
    it.link.send(request(2));
    await it.until('failed');
    expect(it.seen).toEqual([
      { type: 'closed', failure: expect.objectContaining({ kind: 'lost' }) },
      { type: 'failed', id: 2, failure: expect.objectContaining({ kind: 'unsent' }) },
    ]);
  });

  it('gives up the request whose answer is over the limit, and goes on', async () => {
    await using upstream = await server('/m', (_got, res, events) => {
      say(events, 'hello');
      say(events, { jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(3000) } });
      say(events, { jsonrpc: '2.0', id: 2, result: {} });
      res.writeHead(202).end();
    });
    await using it = await open(upstream, { maxMessageBytes: 1000 });
    it.link.send(notification());
    await it.until('message');
    expect(it.seen.map((one) => one.type)).toEqual(['note', 'failed', 'message']);
    expect(it.all('failed')).toMatchObject([{ id: 1, failure: { kind: 'too_large' } }]);
  });

  it('is closed by an event without end', async () => {
    await using upstream = await server('/m', (_got, res, events) => {
      say(events, { jsonrpc: '2.0', method: 'x'.repeat(5000) });
      res.writeHead(202).end();
    });
    await using it = await open(upstream, { maxMessageBytes: 1000 });
    it.link.send(notification());
    await it.until('closed');
    expect(it.all('closed')).toMatchObject([{ failure: { kind: 'protocol' } }]);
  });

  it.each(['http://evil.test/m', 'https://127.0.0.1/m', '//evil.test/m', 'http://'])(
    'refuses the address %s',
    async (address) => {
      await using upstream = await server(address, () => {});
      await expect(open(upstream)).rejects.toMatchObject({ name: 'LinkError', failure: { kind: 'protocol' } });
    },
  );

  it.each([
    [405, 'text/plain', 'http'],
    [403, 'text/plain', 'auth'],
    [200, 'text/html', 'protocol'],
    [200, 'text/event-stream', 'lost'],
  ])('does not open when the server answers %i %s', async (status, type, kind) => {
    await using upstream = await serve((_got, res) => res.writeHead(status, { 'content-type': type }).end());
    await expect(open(upstream)).rejects.toMatchObject({ failure: { kind } });
  });

  it('stops opening when that is not wanted any more', async () => {
    const canceller = createCanceller();
    await using upstream = await serve((_got, res) => {
      stream(res, ': wait');
      canceller.cancel('took too long');
    });
    await expect(open(upstream, { signal: canceller })).rejects.toMatchObject({ message: 'took too long' });
  });
});
