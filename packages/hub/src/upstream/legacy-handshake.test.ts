import { describe, expect, it } from 'vitest';
import {
  buildCall,
  createTestUpstream,
  INITIALIZED,
  LEGACY_SCRIPT,
  type Script,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

const TEXT = { content: [] };

async function connected(script: Script = {}, spec: Partial<UpstreamSpec> = {}): Promise<TestUpstream> {
  const test = createTestUpstream({ ...LEGACY_SCRIPT, ...script }, spec, { attributed: spec.kind === 'http' });
  await test.upstream.settled;
  expect(test.upstream.status.offers?.era).toBe('legacy');
  return test;
}

describe('the handshake', () => {
  it('asks for the newest revision with all that the hub relays, then says it is initialized', async () => {
    const { server, upstream } = await connected();
    expect(server.last('initialize').params).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: { roots: {}, sampling: { tools: {} }, elicitation: { form: {}, url: {} } },
      clientInfo: { name: 'hatago', version: '0' },
    });
    expect(server.heard.map(({ method }) => method)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
    ]);
    expect(server.links[0]?.streams).toBe(1);
    expect(upstream.status.offers).toMatchObject({
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'old', version: '1' },
      instructions: undefined,
    });
  });

  it('takes the revision the server answers with', async () => {
    const { upstream } = await connected({ initialize: () => ({ ...INITIALIZED, protocolVersion: '2024-11-05' }) });
    expect(upstream.status.offers?.protocolVersion).toBe('2024-11-05');
  });

  it('asks again for the newest one the server names when it refuses', async () => {
    const supported = ['2025-03-26', '2025-06-18'];
    const { server, upstream } = await connected({
      initialize: ({ params }) =>
        params.protocolVersion === '2025-11-25'
          ? { error: { code: -32602, message: 'Unsupported protocol version', data: { supported } } }
          : { ...INITIALIZED, protocolVersion: params.protocolVersion },
    });
    expect(server.count('initialize')).toBe(2);
    expect(upstream.status.offers?.protocolVersion).toBe('2025-06-18');
  });

  it.each([
    ['a revision nobody knows', { ...INITIALIZED, protocolVersion: '1999-01-01' }],
    ['no revision', {}],
    ['an error', { error: { code: -32603, message: 'broken' } }],
  ])('fails on %s', async (_name, answer) => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, initialize: () => answer });
    await test.upstream.settled;
    expect(test.upstream.status.state).toBe('failed');
    expect(test.upstream.status.error).toBeTruthy();
  });

  it('shows tasks of the server as the extension they are in the modern shape', async () => {
    const capabilities = { tasks: { requests: { tools: { call: {} } } }, tools: {} };
    const { upstream } = await connected({ initialize: () => ({ ...INITIALIZED, capabilities }) });
    expect(upstream.status.offers?.capabilities).toEqual({
      tools: {},
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    });
  });

  it('declares what the caller has with capabilities: session, on a connection per kind of caller', async () => {
    const { server, upstream } = await connected({ 'tools/call': () => TEXT }, { capabilities: 'session' });
    expect(server.last('initialize').params.capabilities).toEqual({});
    const callers = [
      {},
      { sampling: {}, x: 1 },
      { elicitation: { url: {} } },
      { elicitation: {}, roots: {} },
      { sampling: { other: 1 } },
    ];
    for (const capabilities of callers) await upstream.request(buildCall({ capabilities }));
    const declared = server.heard
      .filter(({ method }) => method === 'initialize')
      .map(({ params }) => params.capabilities);
    expect(declared).toEqual([
      {},
      { sampling: {} },
      { elicitation: { url: {} } },
      { roots: {}, elicitation: { form: {} } },
    ]);
    const links = server.heard.filter(({ method }) => method === 'tools/call').map(({ link }) => link);
    expect(links).toEqual([0, 1, 2, 3, 1]);
  });
});
