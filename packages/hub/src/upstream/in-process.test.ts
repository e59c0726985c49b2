import { describe, expect, it } from 'vitest';
import { createCanceller, NEVER } from '../core/cancel.ts';
import { openInProcess } from './in-process.ts';
import type { Link } from './link.ts';
import { createRecorder, type Recorder, request } from './testing/recorder.ts';

type Opened = Recorder & AsyncDisposable & { link: Link };
type Fetch = (request: Request) => Response | Promise<Response>;

async function open(fetch: Fetch): Promise<Opened> {
  const recorder = createRecorder();
  const link = await openInProcess({ handler: { fetch } }, recorder.events, { signal: NEVER, note: recorder.note });
  return { ...recorder, link, [Symbol.asyncDispose]: () => link.close('end of test') };
}

const answerTo = async (req: Request): Promise<unknown> => {
  const { id, params } = (await req.json()) as { id: number; params: unknown };
  return { jsonrpc: '2.0', id, result: params };
};
const events = (...texts: string[]): Response =>
  new Response(texts.map((text) => `data: ${text}\n\n`).join(''), { headers: { 'content-type': 'text/event-stream' } });

describe('openInProcess', () => {
  it('hands the handler a request and reports its JSON answer', async () => {
    const seen: [string, string, string | null][] = [];
    await using it = await open(async (req) => {
      seen.push([req.method, new URL(req.url).pathname, req.headers.get('mcp-method')]);
      return Response.json(await answerTo(req));
    });
    it.link.send(request(0, '{"a":"旅籠"}', { version: '2026-07-28' }));
    expect(seen).toEqual([]);
    await it.until('message');
    expect(it.seen).toEqual([
      { type: 'message', value: { jsonrpc: '2.0', id: 0, result: { a: '旅籠' } }, relatedTo: 0 },
    ]);
    expect(seen).toEqual([['POST', '/mcp', 'm']]);
  });

  it('reads a stream', async () => {
    await using it = await open(async (req) =>
      events('{"jsonrpc":"2.0","method":"a"}', JSON.stringify(await answerTo(req))),
    );
    it.link.send(request(3));
    await it.until('message', 2);
    expect(it.all('message').map((one) => one.relatedTo)).toEqual([3, 3]);
  });

  it('opens the server’s own stream with the session, and ends the session on close', async () => {
    const seen: [string, string | null][] = [];
    await using it = await open((req) => {
      seen.push([req.method, req.headers.get('mcp-session-id')]);
      return req.method === 'GET' ? new Response(null, { status: 405 }) : new Response(null, { status: 204 });
    });
    it.link.setSession?.('s', '2025-11-25');
    it.link.openStream?.();
    await it.until('stream');
    await it.link.close('done');
    expect(it.seen).toEqual([{ type: 'stream', state: 'none' }]);
    expect(seen).toEqual([
      ['GET', 's'],
      ['DELETE', 's'],
    ]);
  });

  it('aborts the request of a cancelled call, before and after its stream has begun', async () => {
    let cancelled = (): void => {};
    const ended = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    let aborted = (): void => {};
    const gone = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    await using it = await open((req) => {
      req.signal.addEventListener('abort', aborted);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"jsonrpc":"2.0","method":"a"}\n\n')),
        cancel: cancelled,
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    it.link.send(request(1));
    it.link.cancel(1);
    it.link.send(request(2));
    await it.until('message');
    it.link.cancel(2);
    await Promise.all([ended, gone]);
    expect(it.seen).toHaveLength(1);
  });

  it('fails the call when the handler throws, without telling what', async () => {
    await using it = await open(() => {
      throw new Error('secret');
    });
    it.link.send(request(1));
    await it.until('failed');
    expect(it.seen).toEqual([{ type: 'failed', id: 1, failure: { kind: 'lost', message: 'the handler failed' } }]);
  });

  it('fails the call when its answer breaks off', async () => {
    await using it = await open(() => {
      const body = new ReadableStream({
        pull: (controller) => controller.error(new Error('broken')),
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    });
    it.link.send(request(1));
    await it.until('failed');
    expect(it.all('failed')[0]?.failure).toEqual({ kind: 'lost', message: 'the answer broke off' });
  });

  it('does not open when that is not wanted any more', async () => {
    const canceller = createCanceller();
    canceller.cancel('stopping');
    const { events: on, note } = createRecorder();
    const opening = openInProcess({ handler: { fetch: () => new Response() } }, on, { signal: canceller, note });
    await expect(opening).rejects.toMatchObject({ name: 'LinkError', message: 'stopping' });
  });
});
