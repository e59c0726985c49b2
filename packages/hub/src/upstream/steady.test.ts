import { describe, expect, it } from 'vitest';
import { HUB, LOCAL } from '../core/exchange.ts';
import {
  buildCall,
  createTestUpstream,
  DISCOVERED,
  MODERN_SCRIPT,
  remembering,
  seen,
  type TestUpstream,
} from './scripted.ts';

const methods = ({ server }: TestUpstream): string[] => server.heard.map(({ method }) => method);
const discover = () => ({ ...DISCOVERED, capabilities: { tools: {} } });
const TOOLS = { tools: [{ name: 'a' }], resultType: 'complete' };
const steady = () => remembering({ era: 'modern', steady: true, expiresAt: 2_000_000_000 });
const listOf = ({ upstream }: TestUpstream, principal = HUB) =>
  upstream.request(buildCall({ method: 'tools/list', params: {}, principal })).then(seen);

describe('a modern server known for tools that do not change', () => {
  it('has its tools asked for in the same turn as what it is, once', async () => {
    const script = { 'server/discover': discover, 'tools/list': () => TOOLS };
    const test = createTestUpstream(script, {}, { deps: { verdicts: steady() } });
    await test.upstream.settled;
    expect(methods(test)).toEqual(['server/discover', 'tools/list']);
    expect(test.server.last('tools/list').params).toEqual(test.server.last('server/discover').params);
    expect(await listOf(test, LOCAL)).toEqual({ kind: 'complete', result: TOOLS });
    expect(test.server.count('tools/list')).toBe(2);
    expect(await listOf(test)).toEqual({ kind: 'complete', result: TOOLS });
    expect(test.server.count('tools/list')).toBe(2);
    expect(await listOf(test)).toEqual({ kind: 'complete', result: TOOLS });
    expect(test.server.count('tools/list')).toBe(3);
  });

  it('has the time of a request for them, not that of connecting', async () => {
    const script = { 'server/discover': discover, 'tools/list': () => undefined };
    const timeouts = { connectMs: 100, requestMs: 5000 };
    const test = createTestUpstream(script, { timeouts }, { deps: { verdicts: steady() } });
    await test.upstream.settled;
    const listed = listOf(test);
    await test.clock.advance(3000);
    test.server.reply(test.server.last('tools/list'), TOOLS);
    expect(await listed).toEqual({ kind: 'complete', result: TOOLS });
    expect(test.server.count('tools/list')).toBe(1);
  });

  it('is one that announces no changes when it is first met', async () => {
    const verdicts = remembering();
    const test = createTestUpstream({ 'server/discover': discover }, {}, { deps: { verdicts } });
    await test.upstream.settled;
    expect(methods(test)).toEqual(['server/discover']);
    expect(verdicts.known.get('test')).toMatchObject({ era: 'modern', steady: true });
  });

  it.each([
    ['announces changes now', MODERN_SCRIPT['server/discover']],
    ['could not list them yet', discover],
  ])('is asked again where it %s', async (_, discovered) => {
    const verdicts = steady();
    const refused = { error: { code: -32603, message: 'not yet' } };
    const test: TestUpstream = createTestUpstream(
      { 'server/discover': discovered, 'tools/list': () => (test.server.count('tools/list') === 1 ? refused : TOOLS) },
      {},
      { deps: { verdicts } },
    );
    await test.upstream.settled;
    expect(await listOf(test)).toEqual({ kind: 'complete', result: TOOLS });
    expect(verdicts.known.get('test')?.steady).toBe(discovered === discover);
  });
});
