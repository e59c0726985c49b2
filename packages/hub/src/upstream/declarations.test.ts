import { describe, expect, it } from 'vitest';
import {
  buildCall,
  createTestUpstream,
  errorCode,
  MODERN_SCRIPT,
  type Script,
  seen,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

const OK = { resultType: 'complete', content: [] };
const HTTP = { kind: 'http', url: 'http://127.0.0.1:1/mcp' } as const;

async function connected(script: Script = {}, spec: Partial<UpstreamSpec> = HTTP): Promise<TestUpstream> {
  const test = createTestUpstream({ ...MODERN_SCRIPT, ...script }, spec, { attributed: true });
  await test.upstream.settled;
  expect(test.upstream.status.offers?.era).toBe('modern');
  return test;
}

describe('Mcp-Param headers', () => {
  const tool = (name: string, header?: string) => ({
    name,
    inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': header } } },
  });
  const list = (...tools: unknown[]) => ({ resultType: 'complete', tools, ttlMs: 0, cacheScope: 'private' });
  const region = { params: { name: 'a', arguments: { region: 'eu' } } };

  it('are derived from the arguments by what tools/list declared', async () => {
    const { upstream, server } = await connected({
      'tools/list': () => list(tool('a', 'Region'), tool('b')),
      'tools/call': () => OK,
    });
    await upstream.request(buildCall(region));
    expect(server.last('tools/call').out.headers).toBeUndefined();
    await upstream.request(buildCall({ method: 'tools/list', params: {} }));
    await upstream.request(buildCall(region));
    expect(server.last('tools/call').out.headers).toEqual([['Mcp-Param-Region', 'eu']]);
    await upstream.request(buildCall({ params: { name: 'b', arguments: { region: 'eu' } } }));
    expect(server.last('tools/call').out.headers).toBeUndefined();
  });

  it('are sent on every connection, though tools are listed on the shared one', async () => {
    const { upstream, server } = await connected(
      { 'tools/list': () => list(tool('a', 'Region')), 'tools/call': () => OK },
      { ...HTTP, isolation: 'session' },
    );
    await upstream.request(buildCall({ method: 'tools/list', params: {} }));
    await upstream.request(buildCall({ ...region, session: 's1' }));
    expect(server.last('tools/call')).toMatchObject({ link: 1, out: { headers: [['Mcp-Param-Region', 'eu']] } });
  });

  it('that may not be declared cost the tool its place in the list, others keep their bytes', async () => {
    const { upstream, logged } = await connected({
      'tools/list': () => list(tool('a', 'Region'), tool('bad', 'Authorization'), tool('c')),
    });
    const outcome = await upstream.request(buildCall({ method: 'tools/list', params: {} }));
    expect(seen(outcome)).toEqual({ kind: 'complete', result: list(tool('a', 'Region'), tool('c')) });
    expect(logged).toContainEqual(expect.objectContaining({ event: 'sec.tool_rejected', tool: 'bad' }));
  });

  it('that the server misses have its tools listed again and the call sent once more', async () => {
    let calls = 0;
    const { upstream, server } = await connected({
      'tools/list': ({ params }) =>
        params.cursor === undefined ? { ...list(), nextCursor: '2' } : list(tool('a', 'Region')),
      'tools/call': () => (++calls === 1 ? { error: { code: -32020, message: 'header' } } : OK),
    });
    expect(seen(await upstream.request(buildCall(region)))).toEqual({ kind: 'complete', result: OK });
    expect(server.last('tools/call').out.headers).toEqual([['Mcp-Param-Region', 'eu']]);
    expect(server.count('tools/list')).toBe(2);
  });

  it('that the server refuses twice are not relayed', async () => {
    const { upstream, server } = await connected({
      'tools/list': () => ({ error: { code: -32603, message: 'no' } }),
      'tools/call': () => ({ error: { code: -32020, message: 'header' } }),
    });
    expect(errorCode(await upstream.request(buildCall(region)))).toBe(-31010);
    expect(server.count('tools/call')).toBe(2);
  });
});
