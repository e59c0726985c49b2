import { createSseParser, Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../core/exchange.ts';
import { createFetch } from './fetch.ts';
import { createHttpEdge } from './http.ts';
import { complete, createKit, type KitOptions, modernHeaders, modernRequest } from './test-kit.ts';

const URL_ = 'http://localhost/mcp';
const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

function serve(options: KitOptions = {}) {
  const kit = createKit(options);
  const edge = createHttpEdge(kit.deps);
  return { kit, edge, handle: createFetch(edge) };
}

const call = (name: string, init: RequestInit = {}): Request =>
  new Request(URL_, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...modernHeaders('tools/call', name) },
    body: JSON.stringify(modernRequest(1, 'tools/call', { name })),
    ...init,
  });

async function read(response: Response, most: number): Promise<Record<string, unknown>[]> {
  const messages: Record<string, unknown>[] = [];
  const parser = createSseParser({
    maxEventBytes: 1e8,
    onEvent: ({ data }) => data.length > 0 && messages.push(JSON.parse(new TextDecoder().decode(data))),
  });
  const reader = response.body?.getReader();
  while (messages.length < most) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) break;
    parser.push(chunk.value);
  }
  reader?.releaseLock();
  return messages;
}

const progress = { method: 'notifications/progress', params: Payload.ofValue({ progressToken: 1, progress: 1 }) };

describe('the fetch-shaped edge', () => {
  it('answers JSON', async () => {
    const { handle } = serve({ script: () => complete({ content: ['é'] }) });
    const response = await handle(call('a'));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).toMatchObject({ id: 1, result: { content: ['é'] } });
  });

  it('answers a stream, and its end is the end of the answer', async () => {
    const { handle, edge } = serve({
      script(exchange) {
        exchange.emit(progress);
        return complete({ content: [] });
      },
    });
    const response = await handle(call('a'));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await read(response, 9)).toMatchObject([{ method: progress.method }, { id: 1 }]);
    expect(edge.keeper.size).toBe(0);
  });

  it.each(['the body is cancelled', 'the request is aborted'])('cancels when %s', async (how) => {
    let seen: Exchange | undefined;
    const { handle } = serve({
      script(exchange) {
        seen = exchange;
        exchange.emit(progress);
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const response = await handle(call('a', { signal: controller.signal }));
    if (how === 'the body is cancelled') await response.body?.cancel();
    else controller.abort();
    expect(seen?.signal.cancelled).toBe(true);
    seen?.emit(progress);
  });

  it('cuts a reader that takes nothing', async () => {
    const { handle, edge, kit } = serve();
    const response = await handle(
      new Request(URL_, {
        method: 'POST',
        headers: { ...JSON_TYPE, ...modernHeaders('subscriptions/listen') },
        body: JSON.stringify(modernRequest(1, 'subscriptions/listen', { notifications: {} })),
      }),
    );
    edge.keeper.sweep();
    kit.clock.nowMs += 30_000;
    edge.keeper.sweep();
    expect(kit.listens).toEqual([]);
    await expect(response.text()).rejects.toThrow('closed');
    expect(edge.keeper.size).toBe(0);
  });

  it('judges the host of the URL, the header before it, and the origin', async () => {
    const { handle } = serve({ allowedOrigins: ['https://app.example'] });
    expect((await handle(new Request('http://evil.test/mcp', { method: 'POST' }))).status).toBe(403);
    expect((await handle(call('a', { headers: { origin: 'https://evil.test' } }))).status).toBe(403);
    const allowed = await handle(new Request(URL_, { method: 'OPTIONS', headers: { origin: 'https://app.example' } }));
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
  });

  it('keeps sessions, their streams and their remote address', async () => {
    const remotes: unknown[] = [];
    const { handle, kit } = serve({
      principalOf: (_, remote) => {
        remotes.push(remote);
        return { id: 'a' };
      },
    });
    const body = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}';
    const opened = await handle(new Request(URL_, { method: 'POST', headers: JSON_TYPE, body }), '192.0.2.1');
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') as string };
    const stream = await handle(new Request(`${URL_}?x=1`, { headers: { accept: 'text/event-stream', ...session } }));
    kit.listens[0]?.emit({ method: 'notifications/tools/list_changed', params: Payload.ofValue({}) });
    expect(await read(stream, 1)).toMatchObject([{ method: 'notifications/tools/list_changed' }]);
    expect((await handle(new Request(URL_, { method: 'DELETE', headers: session }))).status).toBe(204);
    expect(remotes[0]).toBe('192.0.2.1');
  });

  it('refuses a body over the limit, whatever it says of its length', async () => {
    const { handle } = serve({ limits: { maxBodyBytes: 100 } });
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(60)),
    });
    const request = new Request(URL_, { method: 'POST', headers: JSON_TYPE, body, duplex: 'half' } as RequestInit);
    expect((await handle(request)).status).toBe(413);
    expect((await handle(new Request(URL_, { method: 'POST', headers: JSON_TYPE }))).status).toBe(400);
  });
});
