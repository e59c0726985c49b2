import { describe, expect, it } from 'vitest';
import { HUB } from '../core/exchange.ts';
import { buildCall, createTestUpstream, errorCode, LEGACY_SCRIPT, settle, type TestUpstream } from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

const TEXT = { content: [] };
const LISTS = { 'tools/list': () => ({ tools: [] }) };
const script = { ...LEGACY_SCRIPT, ...LISTS, 'tools/call': () => TEXT };
const lazy = (spec: Partial<UpstreamSpec> = {}): TestUpstream => createTestUpstream(script, { start: 'lazy', ...spec });
const state = ({ upstream }: TestUpstream) => upstream.supervised?.supervision.state;
const list = buildCall({ method: 'tools/list', params: {}, principal: HUB });

describe('a server that is started by its first use', () => {
  it('is stopped when nobody used it for its time, and not before', async () => {
    const test = lazy({ idleStopMs: 60_000 });
    await test.upstream.request(buildCall());
    for (let i = 0; i < 3; i++) {
      await test.clock.advance(50_000);
      expect(state(test)).toBe('RUNNING');
      await test.upstream.request(buildCall());
    }
    await test.clock.advance(80_000);
    expect(state(test)).toBe('STOPPED');
    expect(test.upstream.supervised?.supervision.reason).toBeUndefined();
    expect(test.server.links[0]?.closed).toBe('nobody uses it');
    expect((await test.upstream.request(buildCall())).kind).toBe('complete');
    expect(test.upstream.supervised?.supervision).toMatchObject({ state: 'RUNNING', restarts: 0 });
  });

  it('stays for as long as it takes when no time is set, once it was used', async () => {
    const test = lazy();
    await test.upstream.request(buildCall());
    await test.clock.advance(86_400_000);
    expect(state(test)).toBe('RUNNING');
    expect(test.clock.timers).toBe(0);
  });

  it('is stopped again when it was started only to learn what it offers', async () => {
    const test = lazy();
    await test.upstream.request(list);
    await test.clock.advance(20_000);
    expect(state(test)).toBe('STOPPED');
  });

  it.each([
    ['a call is under way', (test: TestUpstream) => void test.upstream.request(buildCall())],
    ['somebody follows a resource of it', (test: TestUpstream) => void test.upstream.subscribe('resource', 'a://1')],
  ])('stays while %s', async (_, begin) => {
    const test = createTestUpstream(
      { ...LEGACY_SCRIPT, ...LISTS },
      {
        start: 'lazy',
        idleStopMs: 1000,
        timeouts: { requestMs: 0, totalMs: 0 },
      },
    );
    await test.upstream.request(list);
    begin(test);
    await settle();
    await test.clock.advance(100_000);
    expect(state(test)).toBe('RUNNING');
  });

  it('stays while a session has a connection of its own, and goes after it', async () => {
    const test = lazy({ idleStopMs: 1000, isolation: 'session' });
    await test.upstream.request(buildCall({ session: 'a' }));
    await test.clock.advance(10_000);
    expect(state(test)).toBe('RUNNING');
    test.upstream.sessionEnded?.('a');
    await test.clock.advance(2000);
    expect(state(test)).toBe('STOPPED');
    expect(test.server.links.every(({ closed }) => closed !== undefined)).toBe(true);
  });
});

describe('a server that starts with the hub', () => {
  it('is stopped too where a time is set, and started by its next use', async () => {
    const test = createTestUpstream(script, { idleStopMs: 1000 });
    await test.upstream.settled;
    await test.clock.advance(2000);
    expect(state(test)).toBe('STOPPED');
    expect((await test.upstream.request(buildCall())).kind).toBe('complete');
  });
});

describe('a session that ends', () => {
  it('takes its connections with it, also one that is being opened', async () => {
    const test = createTestUpstream(script, { isolation: 'session' });
    await test.upstream.settled;
    await test.upstream.request(buildCall({ session: 'a' }));
    await test.upstream.request(buildCall({ session: 'b' }));
    const opening = test.upstream.request(buildCall({ session: 'c' }));
    test.upstream.sessionEnded?.('a');
    test.upstream.sessionEnded?.('c');
    expect(errorCode(await opening)).toBe(-31001);
    await settle();
    const open = test.server.links.flatMap(({ closed }, link) => (closed === undefined ? [link] : []));
    expect(open).toEqual([0, 2]);
    test.upstream.sessionEnded?.('unknown');
  });
});
