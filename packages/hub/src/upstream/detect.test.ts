import { type Scanned, scan } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { LinkFailure } from './link.ts';
import {
  buildCall,
  createScriptedServer,
  createTestUpstream,
  DISCOVERED,
  INITIALIZED,
  LEGACY_SCRIPT,
  MODERN_SCRIPT,
  remembering,
  type ScriptedServer,
  settle,
  type TestUpstream,
} from './scripted.ts';

const HTTP = { kind: 'http', url: 'http://127.0.0.1:1/mcp' } as const;

/** Fails a request of the hub by the link. */
function refusing(test: () => ScriptedServer, failure: LinkFailure) {
  return ({ id, link }: { id?: number; link: number }) => {
    test().links[link]?.fail(id as number, failure);
    return undefined;
  };
}

const http = (status: number, body = ''): LinkFailure => ({
  kind: 'http',
  status,
  body: new TextEncoder().encode(body),
  message: `HTTP ${status}`,
});

const methods = ({ server }: TestUpstream): string[] => server.heard.map(({ method }) => method);

describe('a server over stdio', () => {
  it('that answers server/discover is modern', async () => {
    const test = createTestUpstream(MODERN_SCRIPT);
    await test.upstream.settled;
    expect(test.upstream.status.offers).toMatchObject({ era: 'modern', serverInfo: { name: 'new' } });
    expect(test.server.heard[0]?.params).toEqual({
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'hatago', version: '0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    });
  });

  it.each([
    ['an unknown method', { error: { code: -32601, message: 'x' } }],
    ['whatever error', { error: { code: -32000, message: 'Server not initialized' } }],
    ['a result of something else', { tools: [] }],
    ['the older versions it knows', { error: { code: -32022, message: 'x', data: { supported: ['2025-11-25'] } } }],
  ])('that answers with %s is initialized in place', async (_name, answer) => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, 'server/discover': () => answer });
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('legacy');
    expect(test.server.links).toHaveLength(1);
  });

  it('that asks before its era is known is refused, and answered when it pings', async () => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, 'server/discover': () => undefined });
    await settle();
    test.server.say({ jsonrpc: '2.0', id: 1, method: 'elicitation/create', params: {} });
    test.server.say({ jsonrpc: '2.0', id: 2, method: 'ping' });
    test.server.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    expect(test.server.answers.get(1)).toMatchObject({ error: { code: -32601 } });
    expect(test.server.answers.get(2)).toMatchObject({ result: {} });
    await test.upstream.close('done');
  });

  it('that exits at the probe is started once more and initialized', async () => {
    const test = createTestUpstream({
      ...LEGACY_SCRIPT,
      'server/discover': ({ link }) => {
        test.server.links[link]?.end({ kind: 'lost', message: 'exit 1' });
      },
    });
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('legacy');
    expect(test.server.heard.map(({ method, link }) => [method, link])).toEqual([
      ['server/discover', 0],
      ['initialize', 1],
      ['notifications/initialized', 1],
    ]);
  });

  it('that keeps silent for 2 s is initialized in place', async () => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, 'server/discover': () => undefined });
    await test.clock.advance(1900);
    expect(methods(test)).toEqual(['server/discover']);
    await test.clock.advance(200);
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('legacy');
    expect(test.server.links).toHaveLength(1);
  });

  it('that is only slow to start is modern all the same', async () => {
    const test = createTestUpstream({
      ...MODERN_SCRIPT,
      'server/discover': () => undefined,
      initialize: () => undefined,
    });
    await test.clock.advance(5000);
    test.server.reply(test.server.last('server/discover'), DISCOVERED);
    test.server.reply(test.server.last('initialize'), { error: { code: -32601, message: 'x' } });
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('modern');
  });

  it('that refuses initialize first and answers the probe after it is modern', async () => {
    const test = createTestUpstream({
      ...MODERN_SCRIPT,
      'server/discover': () => undefined,
      initialize: () => undefined,
    });
    await test.clock.advance(5000);
    test.server.reply(test.server.last('initialize'), { error: { code: -32601, message: 'x' } });
    test.server.reply(test.server.last('server/discover'), DISCOVERED);
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('modern');
  });

  it('that keeps silent and then exits is started once more', async () => {
    const test = createTestUpstream({
      ...LEGACY_SCRIPT,
      'server/discover': () => undefined,
      initialize: ({ link }) => {
        if (link > 0) return INITIALIZED;
        test.server.links[link]?.end();
        return undefined;
      },
    });
    await test.clock.advance(2100);
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('legacy');
    expect(test.server.links).toHaveLength(2);
  });

  it('that never answers fails at its time, and nothing of it is left', async () => {
    const test = createTestUpstream({});
    await test.clock.advance(20_200);
    await test.upstream.settled;
    expect(test.upstream.status).toMatchObject({ state: 'failed', error: 'it took too long to connect' });
    expect(test.server.links.every(({ closed }) => closed !== undefined)).toBe(true);
  });
});

describe('a server over HTTP', () => {
  it.each([400, 404, 405, 415])('that answers the probe with %i is initialized', async (status) => {
    const test: TestUpstream = createTestUpstream(
      { ...LEGACY_SCRIPT, 'server/discover': refusing(() => test.server, http(status, 'no')) },
      HTTP,
    );
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('legacy');
    expect(test.server.links).toHaveLength(1);
  });

  it.each([
    ['500', http(500)],
    ['503', http(503)],
    ['401', { kind: 'auth', status: 401, message: 'sign in' } as LinkFailure],
    ['a refused connection', { kind: 'unsent', message: 'ECONNREFUSED' } as LinkFailure],
  ])('that answers the probe with %s says nothing of its era', async (_name, failure) => {
    const test: TestUpstream = createTestUpstream(
      { ...LEGACY_SCRIPT, 'server/discover': refusing(() => test.server, failure) },
      HTTP,
    );
    await test.upstream.settled;
    expect(test.upstream.status).toMatchObject({ state: 'failed', error: failure.message });
    expect(methods(test)).toEqual(['server/discover']);
  });

  it('that puts an error into a 5xx says nothing of its era', async () => {
    const test: TestUpstream = createTestUpstream({
      ...LEGACY_SCRIPT,
      'server/discover': ({ id, link }) => {
        const error = { jsonrpc: '2.0', id, error: { code: -32603, message: 'down' } };
        const source = new TextEncoder().encode(JSON.stringify(error));
        test.server.links[link]?.events.message(scanned(source), id, 500);
      },
    });
    await test.upstream.settled;
    expect(test.upstream.status).toMatchObject({ state: 'failed', error: 'answered with an error: down (-32603)' });
  });

  it.each([400, 404, 405])('that refuses initialize with %i is tried over HTTP+SSE', async (status) => {
    const sse = createScriptedServer({ script: LEGACY_SCRIPT });
    const verdicts = remembering();
    const test: TestUpstream = createTestUpstream(
      {
        'server/discover': refusing(() => test.server, http(404)),
        initialize: refusing(() => test.server, http(status)),
      },
      HTTP,
      { sse, deps: { verdicts } },
    );
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('legacy');
    expect(sse.count('initialize')).toBe(1);
    expect(test.server.links[0]?.closed).toBeDefined();
    expect(verdicts.known.get('test')).toMatchObject({ era: 'legacy', sse: true });
  });

  it('is told by its first answer when there is no HTTP+SSE either', async () => {
    const sse: ScriptedServer = createScriptedServer({ script: { initialize: refusing(() => sse, http(404, 'x')) } });
    const test: TestUpstream = createTestUpstream(
      { 'server/discover': refusing(() => test.server, http(404)), initialize: refusing(() => test.server, http(405)) },
      HTTP,
      { sse },
    );
    await test.upstream.settled;
    expect(test.upstream.status).toMatchObject({ state: 'failed', error: 'HTTP 405' });
  });
});

describe('a configured era', () => {
  it('legacy is never probed', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { protocol: 'legacy' });
    await test.upstream.settled;
    expect(methods(test)).toEqual(['initialize', 'notifications/initialized']);
  });

  it('legacy over HTTP+SSE is never probed', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { kind: 'sse', url: 'http://127.0.0.1:1/sse' });
    await test.upstream.settled;
    expect(methods(test)).toEqual(['initialize', 'notifications/initialized']);
  });

  it('modern is never given up', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { protocol: 'modern' });
    await test.upstream.settled;
    expect(test.upstream.status.state).toBe('failed');
    expect(test.server.count('initialize')).toBe(0);
  });

  it('modern may take its time', async () => {
    const test = createTestUpstream({ 'server/discover': () => undefined }, { protocol: 'modern' });
    await test.clock.advance(15_000);
    test.server.reply(test.server.last('server/discover'), DISCOVERED);
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('modern');
  });

  it.each(['auto', 'modern'] as const)('%s asks once more where a version is refused and named', async (protocol) => {
    const error = { code: -32022, message: 'x', data: { supported: ['2026-07-28'] } };
    const refused = createTestUpstream({ 'server/discover': () => ({ error }) }, { protocol });
    await refused.upstream.settled;
    expect(refused.upstream.status.error).toContain('refused server/discover');
    expect(methods(refused)).toEqual(['server/discover', 'server/discover']);

    const test = createTestUpstream(
      { 'server/discover': () => (test.server.count('server/discover') === 1 ? { error } : DISCOVERED) },
      { protocol },
    );
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('modern');
  });

  it('modern fails where server/discover is refused as modern servers do', async () => {
    const error = { code: -32022, message: 'x', data: { supported: ['2027-01-01'] } };
    const test = createTestUpstream({ 'server/discover': () => ({ error }) });
    await test.upstream.settled;
    expect(test.upstream.status.error).toContain('refused server/discover');
  });
});

describe('a verdict', () => {
  it('is remembered for 24 hours, then found out again', async () => {
    const verdicts = remembering();
    const first = createTestUpstream(LEGACY_SCRIPT, {}, { deps: { verdicts } });
    await first.upstream.settled;
    expect(verdicts.known.get('test')).toEqual({
      era: 'legacy',
      sse: undefined,
      expiresAt: first.clock.now() + 86_400_000,
    });
    await first.clock.advance(1000);
    first.server.links[0]?.end();
    await first.clock.advance(1000);
    expect(methods(first)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
      'initialize',
      'notifications/initialized',
    ]);
    await first.clock.advance(86_400_000);
    first.server.links[1]?.end();
    await first.clock.advance(1000);
    expect(first.server.count('server/discover')).toBe(2);
  });

  it('that no longer holds is found out again at once', async () => {
    const verdicts = remembering({ era: 'legacy', expiresAt: 2_000_000_000 });
    const test = createTestUpstream(
      { ...MODERN_SCRIPT, initialize: () => ({ error: { code: -32601, message: 'x' } }) },
      {},
      { deps: { verdicts } },
    );
    await test.upstream.settled;
    expect(test.upstream.status.offers?.era).toBe('modern');
    expect(verdicts.known.get('test')).toMatchObject({ era: 'modern' });
    expect(test.server.links).toHaveLength(2);
  });

  it('is kept where the server could not be reached', async () => {
    const verdicts = remembering({ era: 'legacy', expiresAt: 2_000_000_000 });
    const test: TestUpstream = createTestUpstream({ initialize: refusing(() => test.server, http(503)) }, HTTP, {
      deps: { verdicts },
    });
    await test.upstream.settled;
    expect(test.upstream.status.state).toBe('failed');
    expect(methods(test)).toEqual(['initialize']);
    expect(verdicts.known.get('test')?.era).toBe('legacy');
  });

  it('for HTTP+SSE goes straight there', async () => {
    const sse = createScriptedServer({ script: LEGACY_SCRIPT });
    const verdicts = remembering({ era: 'legacy', sse: true, expiresAt: 2_000_000_000 });
    const test = createTestUpstream({}, HTTP, { sse, deps: { verdicts } });
    await test.upstream.settled;
    expect(test.server.links).toEqual([]);
    expect(sse.count('initialize')).toBe(1);
    await settle();
    expect((await test.upstream.request(buildCall({ method: 'server/discover', params: {} }))).kind).toBe('error');
  });
});

function scanned(source: Uint8Array): Scanned {
  const result = scan(source);
  if (!result.ok) throw new Error('not JSON');
  return result.value;
}
