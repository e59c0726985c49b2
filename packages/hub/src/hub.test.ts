import { PassThrough } from 'node:stream';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from './control/schema.ts';
import { createApp } from './edge/app.ts';
import type { JsonRpcMessage } from './edge/embedded.ts';
import { createHub, type Hub, type HubOptions } from './hub.ts';

const VERSION = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
const META = { ...VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** A server in memory with one tool; it answers as soon as `release` resolves. */
function memoryServer(release: Promise<void> = Promise.resolve()): { fetch(request: Request): Promise<Response> } {
  const results: Record<string, (params: { arguments?: { text?: string } }) => object | Promise<object>> = {
    'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }),
    'tools/list': () => ({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }),
    'tools/call': async (params) => {
      await release;
      return { content: [{ type: 'text', text: params.arguments?.text ?? '' }] };
    },
  };
  return {
    async fetch(request) {
      const { id, method, params } = (await request.json()) as { id?: number; method: string; params: object };
      if (id === undefined) return new Response(null, { status: 202 });
      const answer = await results[method]?.(params);
      const caching = { ttlMs: 1000, cacheScope: 'public', resultType: 'complete' };
      return Response.json({ jsonrpc: '2.0', id, result: { ...caching, ...answer } });
    },
  };
}

const hubs: Hub[] = [];
afterEach(() => Promise.all(hubs.splice(0).map((hub) => hub.stop('the test is over', { graceMs: 0 }))));

function start(options: HubOptions = {}, server = memoryServer()): Hub {
  const hub = createHub({ version: '1.2.3', ...options });
  hubs.push(hub);
  hub.register({ id: 'memory', upstream: { kind: 'in-process', handler: server }, tags: ['kept'] });
  return hub;
}

const callEcho = (id: number, text: string): JsonRpcMessage => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'memory_echo', arguments: { text }, _meta: META },
});

describe('a hub inside a program', () => {
  it('answers each request with its own id', async () => {
    const hub = start();
    await hub.settled;
    const answers = await Promise.all([hub.handleRequest(callEcho(0, 'a')), hub.handleRequest(callEcho(0, 'b'))]);
    expect(answers.map(({ id, result }) => [id, (result as { content: { text: string }[] }).content[0]?.text])).toEqual(
      [
        [0, 'a'],
        [0, 'b'],
      ],
    );
  });

  it('serves a legacy client too, and hands on what it is told', async () => {
    const told: JsonRpcMessage[] = [];
    const hub = start({ onMessage: (message) => told.push(message) });
    const init = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const answer = await hub.handleRequest({ jsonrpc: '2.0', id: 'i', method: 'initialize', params: init });
    expect(answer).toMatchObject({ id: 'i', result: { serverInfo: { name: 'hatago', version: '1.2.3' } } });
    hub.forwardNotification({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const list = await hub.handleRequest({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
    expect((list['result'] as { tools: { name: string }[] }).tools.map((tool) => tool.name)).toEqual(['memory_echo']);
    expect(told.every((message) => !('id' in message))).toBe(true);
  });

  it('shows its servers', async () => {
    const hub = start();
    await hub.settled;
    expect(hub.servers()).toMatchObject([{ id: 'memory', status: 'ready', tools: 1, error: null }]);
  });

  it('takes no further server once it has started', () => {
    const hub = start();
    hub.start();
    expect(() => hub.register({ id: 'late', upstream: { kind: 'in-process' } })).toThrow(
      'late must be registered before',
    );
  });

  it('finishes what is under way before it stops, and then answers nothing more', async () => {
    let release: () => void = () => {};
    const hub = start({}, memoryServer(new Promise((resolve) => (release = resolve))));
    await hub.settled;
    const call = hub.handleRequest(callEcho(1, 'late'));
    const stopped = hub.stop('going');
    release();
    expect(await call).toMatchObject({ id: 1, result: { content: [{ text: 'late' }] } });
    await stopped;
  });
});

describe('a hub whose configuration changes', () => {
  it('keeps what was registered, serves it as the new one says, and tells of it', async () => {
    const hub = start();
    await hub.settled;
    const seen: string[] = [];
    hub.events.listen((event) => void (event.type === 'generation' && seen.push(`${event.generation} ${event.state}`)));
    const parsed = parseConfig({ toolNaming: { separator: '-' } });
    if (!parsed.ok) throw new Error('not a configuration');
    const result = await hub.controller.apply({ ok: true, config: parsed.value, warnings: [] });
    expect(result).toMatchObject({ outcome: 'applied', generation: 2, diff: { settings: ['toolNaming'] } });
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } } as const;
    expect((await hub.handleRequest(list))['result']).toMatchObject({ tools: [{ name: 'memory-echo' }] });
    expect(seen).toContain('2 active');
    expect(hub.controller.config.toolNaming.separator).toBe('-');
    expect(await hub.controller.reload()).toMatchObject({ outcome: 'failed', generation: 2 });
  });
});

describe('a hub behind fetch', () => {
  it('is a Hono app to be mounted in another', async () => {
    const hub = start();
    const app = new Hono().route('/', createApp(hub));
    const { id: _, ...discover } = callEcho(0, '');
    const body = JSON.stringify({ ...discover, id: 7, method: 'server/discover', params: { _meta: META } });
    const headers = { ...HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' };
    const response = await app.request('http://localhost/mcp', { method: 'POST', headers, body });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      id: 7,
      result: { resultType: 'complete', capabilities: { tools: {} } },
    });
  });

  it('turns away a foreign Host', async () => {
    const response = await start().fetch(
      new Request('http://evil.test/mcp', { method: 'POST', headers: HEADERS, body: '{}' }),
    );
    expect(response.status).toBe(403);
  });

  it('tells probes when it is ready, and the rest at /mcp/<server>, /mcp/@<tag> and nowhere else', async () => {
    const hub = start();
    await hub.settled;
    const status = async (path: string): Promise<number> =>
      (await hub.fetch(new Request(`http://localhost${path}`))).status;
    expect(await status('/livez')).toBe(200);
    expect(await status('/readyz')).toBe(200);
    expect(await status('/mcp/memory')).not.toBe(404);
    expect(await status('/mcp/@kept')).not.toBe(404);
    expect(await status('/mcp/other')).toBe(404);
    expect(await status('/mcp/@other')).toBe(404);
    expect((await hub.fetch(new Request('http://localhost/livez', { method: 'POST' }))).status).toBe(405);
  });
});

describe('a hub that listens', () => {
  it('serves HTTP, HTTP+SSE and says when it goes away', async () => {
    const parsed = parseConfig({ http: { legacySse: true, webSocket: true, port: 0 } });
    if (!parsed.ok) throw new Error('not a configuration');
    const hub = start({ config: parsed.value });
    const { url, port } = await hub.listen();
    expect(url).toBe(`http://127.0.0.1:${port}/mcp`);
    await hub.settled;
    const answer = await hub.fetch(new Request(`http://127.0.0.1:${port}/readyz`));
    expect(await answer.json()).toMatchObject({ status: 'ok', servers: { ready: 1 } });
    await hub.stop('done', { graceMs: 0 });
    expect((await hub.fetch(new Request(`http://127.0.0.1:${port}/readyz`))).status).toBe(503);
  });

  it('serves one client over a pair of streams until it goes', async () => {
    const hub = start();
    const input = new PassThrough();
    const output = new PassThrough();
    const pipe = hub.serveStdio({ input, output });
    const line = new Promise<string>((resolve) => output.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    input.write(`${JSON.stringify(callEcho(3, 'over a pipe'))}\n`);
    expect(JSON.parse(await line)).toMatchObject({ id: 3, result: { content: [{ text: 'over a pipe' }] } });
    input.end();
    await pipe.done;
  });
});
