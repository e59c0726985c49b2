import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import { openHttp } from './http.ts';
import type { Link, LinkDeps } from './link.ts';
import { event, type Got, serve, stream, type TestServer } from './testing/http-server.ts';
import { createRecorder, type Recorder, request } from './testing/recorder.ts';

type Opened = Recorder & AsyncDisposable & { link: Link };

async function open(to: TestServer, deps: Partial<LinkDeps> = {}): Promise<Opened> {
  const recorder = createRecorder();
  const backoff = { minMs: 1, maxMs: 2 };
  const link = await openHttp({ url: to.url }, recorder.events, {
    signal: NEVER,
    note: recorder.note,
    backoff,
    ...deps,
  });
  return { ...recorder, link, [Symbol.asyncDispose]: () => link.close('end of test') };
}

/** A server whose GETs are answered by the functions in turn. */
const streams = (post: (res: ServerResponse) => void, ...gets: ((res: ServerResponse, got: Got) => void)[]) =>
  serve((got, res) => {
    if (got.method === 'POST') post(res);
    else gets.shift()?.(res, got);
  });

const result = (id: number) => ({ jsonrpc: '2.0', id, result: {} });
const note = (method: string) => ({ jsonrpc: '2.0', method });
const PRIMED = 'id: e1\nretry: 30\ndata:';
const unexpected = (res: ServerResponse): void => void res.writeHead(500).end();

describe('a stream that ends before its answer', () => {
  it('is resumed from its last event after the delay the server asked for', async () => {
    let endedAt = 0;
    let askedAt = 0;
    await using server = await streams(
      (res) => {
        stream(res, PRIMED, event(note('a'), 'e2')).end();
        endedAt = performance.now();
      },
      (res) => {
        askedAt = performance.now();
        stream(res, event(note('b'), 'e3'), event(result(1), 'e4'), event(note('of another stream')));
      },
    );
    await using it = await open(server);
    it.link.setSession?.('s', '2025-11-25');
    it.link.send(request(1));
    await it.until('message', 3);
    expect(it.all('message').map((one) => [one.value, one.relatedTo])).toEqual([
      [note('a'), 1],
      [note('b'), 1],
      [result(1), 1],
    ]);
    expect(server.got[1]?.headers).toMatchObject({
      accept: 'text/event-stream',
      'last-event-id': 'e2',
      'mcp-session-id': 's',
      'mcp-protocol-version': '2025-11-25',
    });
    // A timer may fire within the millisecond before its time.
    expect(askedAt - endedAt).toBeGreaterThanOrEqual(28);
  });

  it('is resumed again and again while that brings something, also after broken connections and errors', async () => {
    await using server = await streams(
      (res) => void stream(res, PRIMED.replace('30', '0'), ': written').write('', () => res.destroy()),
      (res) => res.destroy(),
      (res) => res.writeHead(503).end(),
      (res) => stream(res, event(note('a'), 'e2')).end(),
      (res) => stream(res, event(result(1))).end(),
    );
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('message', 2);
    expect(server.got.slice(1).map((got) => got.headers['last-event-id'])).toEqual(['e1', 'e1', 'e1', 'e2']);
  });

  it.each([
    ['the server does not do that', 405],
    ['the server forgot the session', 404],
  ])('is lost when %s', async (_why, status) => {
    await using server = await streams(
      (res) => stream(res, PRIMED).end(),
      (res) => res.writeHead(status).end(),
    );
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('failed');
    expect(it.all('failed')).toEqual([{ type: 'failed', id: 1, failure: expect.objectContaining({ kind: 'lost' }) }]);
  });

  it('is lost when resuming it brings nothing for too long', async () => {
    await using server = await serve((_got, res) =>
      stream(res, 'retry: 0\n', ...(_got.method === 'POST' ? [PRIMED.replace('30', '0')] : [])).end(),
    );
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('failed');
    expect(it.all('failed')[0]?.failure.kind).toBe('lost');
    expect(server.got).toHaveLength(9);
  });

  it('is lost at once when it is a modern one', async () => {
    await using server = await streams((res) => stream(res, PRIMED).end(), unexpected);
    await using it = await open(server);
    it.link.send(request(1, '{}', { version: '2026-07-28' }));
    await it.until('failed');
    expect(it.all('failed')[0]?.failure.kind).toBe('lost');
    expect(server.got).toHaveLength(1);
  });

  it('is left alone when its call was cancelled meanwhile', async () => {
    await using server = await streams((res) => stream(res, PRIMED.replace('30', '5')).end(), unexpected);
    await using it = await open(server);
    it.link.send(request(1));
    await it.until('note');
    it.link.cancel(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.got).toHaveLength(1);
    expect(it.seen).toHaveLength(1);
  });
});

describe("the server's own stream", () => {
  it('is opened, its messages belong to no call, and it is opened again from its last event', async () => {
    await using server = await streams(
      unexpected,
      (res) => stream(res, event(note('a'), 'x1')).end(),
      (res) => void stream(res, event(note('b'))),
    );
    await using it = await open(server);
    it.link.setSession?.('s', '2025-11-25');
    it.link.openStream?.();
    await it.until('message', 2);
    expect(it.seen.map((one) => (one.type === 'stream' ? one.state : one.type))).toEqual([
      'open',
      'message',
      'note',
      'reopened',
      'message',
    ]);
    expect(it.all('message').map((one) => one.relatedTo)).toEqual([undefined, undefined]);
    expect(server.got.map((got) => [got.headers['last-event-id'], got.headers['mcp-session-id']])).toEqual([
      [undefined, 's'],
      ['x1', 's'],
    ]);
  });

  it('is tried again after errors of the server and of the network', async () => {
    await using server = await streams(
      unexpected,
      (res) => res.writeHead(503).end(),
      (res) => res.destroy(),
      (res) => void stream(res, event(note('a'))),
    );
    await using it = await open(server);
    it.link.openStream?.();
    await it.until('message');
    expect(it.all('stream')).toEqual([{ type: 'stream', state: 'open' }]);
  });

  it.each([405, 404, 401, 200])('is done without when the server answers %i without one', async (status) => {
    await using server = await streams(unexpected, (res) => res.writeHead(status).end(), unexpected);
    await using it = await open(server);
    it.link.openStream?.();
    await it.until('stream');
    expect(it.seen).toEqual([{ type: 'stream', state: 'none' }]);
  });

  it.each([
    ['gone', 404],
    ['none', 405],
  ] as const)('of a session is %s when the server answers %i', async (state, status) => {
    await using server = await streams(unexpected, (res) => res.writeHead(status).end(), unexpected);
    await using it = await open(server);
    it.link.setSession?.('s', '2025-11-25');
    it.link.openStream?.();
    await it.until('stream');
    expect(it.seen).toEqual([{ type: 'stream', state }]);
  });

  it('is opened again after an event over the limit', async () => {
    await using server = await streams(
      unexpected,
      (res) => void stream(res, event(note('x'.repeat(3000)))),
      (res) => void stream(res, event(note('a'))),
    );
    await using it = await open(server, { maxMessageBytes: 1000 });
    it.link.openStream?.();
    await it.until('message');
    expect(it.all('message').map((one) => one.value)).toEqual([note('a')]);
  });
});
