import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { UpstreamEvent } from '../core/upstream.ts';
import { buildCall, INITIALIZED, seen } from './scripted.ts';
import { createUpstream } from './server.ts';
import { json, serve, stream } from './testing/http-server.ts';

const TEXT = { content: [{ type: 'text', text: 'done' }] };

/** A server over HTTP that forgets its sessions when told to, and what it was asked in each. */
async function forgetful() {
  let session = 1;
  const streams = new Set<ServerResponse>();
  const heard: string[] = [];
  const results: Record<string, unknown> = { 'tools/call': TEXT, ping: {}, 'resources/subscribe': {} };
  const server = await serve((got, res) => {
    const { id, method } = got.method === 'POST' ? JSON.parse(got.body) : { id: 0, method: 'GET' };
    if (method === 'server/discover') return res.writeHead(400).end();
    if (method === 'initialize') {
      return json(res, { jsonrpc: '2.0', id, result: INITIALIZED }, 200, { 'mcp-session-id': `s${session}` });
    }
    const known = got.headers['mcp-session-id'] === `s${session}`;
    if (id !== undefined) heard.push(known ? `${method} s${session}` : `${method} 404`);
    if (!known) return res.writeHead(404).end();
    if (method === 'GET') return void streams.add(stream(res, ': open'));
    if (id === undefined) return res.writeHead(202).end();
    return json(res, { jsonrpc: '2.0', id, result: results[method] });
  });
  const forget = (): void => {
    session++;
    for (const open of streams) open.end();
    streams.clear();
  };
  return { server, heard, forget };
}

describe('a session that its server has forgotten', () => {
  async function connected() {
    const { server, heard, forget } = await forgetful();
    const upstream = createUpstream(
      { id: 'x', kind: 'http', url: server.url },
      { now: () => performance.now(), hubInfo: { name: 'h', version: '0' } },
    );
    await upstream.settled;
    upstream.subscribe('resource', 'a://1');
    await vi.waitFor(() => expect(heard).toEqual(expect.arrayContaining(['GET s1', 'resources/subscribe s1'])));
    heard.length = 0;
    const end = async (): Promise<void> => {
      await upstream.close('done');
      await server[Symbol.asyncDispose]();
    };
    return { upstream, heard, forget, [Symbol.asyncDispose]: end };
  }

  it('is begun anew for the call that meets it, which does not fail', async () => {
    await using it = await connected();
    it.forget();
    expect(seen(await it.upstream.request(buildCall()))).toEqual({ kind: 'complete', result: TEXT });
    expect(it.heard.filter((line) => line.startsWith('tools'))).toEqual(['tools/call 404', 'tools/call s2']);
  });

  it('is begun anew while nobody calls, and what is followed is subscribed again', async () => {
    await using it = await connected();
    const events: UpstreamEvent[] = [];
    it.upstream.watch((event) => events.push(event));
    it.forget();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'updated', uri: 'a://1' }), 5000);
    await vi.waitFor(() => expect(it.heard).toEqual(expect.arrayContaining(['GET s2', 'resources/subscribe s2'])));
    expect(it.heard.slice(0, 2)).toEqual(['GET 404', 'ping 404']);
  });
});
