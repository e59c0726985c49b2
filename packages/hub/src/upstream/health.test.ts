import { describe, expect, it } from 'vitest';
import {
  buildCall,
  createTestUpstream,
  errorCode,
  LEGACY_SCRIPT,
  MODERN_SCRIPT,
  type Script,
  settle,
} from './scripted.ts';
import type { UpstreamSpec } from './spec.ts';

const health = { intervalMs: 1000, timeoutMs: 200, failures: 3 };
const ERAS: [era: string, script: Script, probe: string][] = [
  ['legacy', { ...LEGACY_SCRIPT, ping: () => ({}) }, 'ping'],
  ['modern', MODERN_SCRIPT, 'server/discover'],
];

describe.each(ERAS)('health checks of a %s server', (_, script, probe) => {
  const start = async (spec: Partial<UpstreamSpec> = {}) => {
    const test = createTestUpstream(script, { health, ...spec });
    await test.upstream.settled;
    const before = test.server.count(probe);
    return { ...test, asked: () => test.server.count(probe) - before };
  };
  const state = ({ upstream }: ReturnType<typeof createTestUpstream>) => upstream.supervised?.supervision;

  it('are made while nobody uses it, and end with it', async () => {
    const test = await start();
    await test.clock.advance(3500);
    expect(test.asked()).toBe(3);
    expect(state(test)).toMatchObject({ state: 'RUNNING', failures: 0, restarts: 0 });
    await test.upstream.close('done');
    await test.clock.advance(10_000);
    expect(test.asked()).toBe(3);
  });

  it('that are not answered in a row have it ended and started again', async () => {
    const test = await start();
    const answer = test.server.script[probe];
    test.server.script[probe] = undefined;
    await test.clock.advance(1000 + 200 + 1000 + 200);
    expect(state(test)).toMatchObject({ state: 'RUNNING', failures: 2 });
    const call = test.upstream.request(buildCall());
    await test.clock.advance(1100);
    test.server.script[probe] = answer;
    await test.clock.advance(200);
    expect(errorCode(await call)).toBe(-31002);
    expect(test.server.links[0]?.closed).toBe('it did not answer 3 health checks in a row');
    expect(state(test)).toMatchObject({ state: 'CRASHED', reason: 'it did not answer 3 health checks in a row' });
    await test.clock.advance(500);
    expect(state(test)).toMatchObject({ state: 'RUNNING', failures: 0, restarts: 1 });
  });

  it('that are answered now and then, or with an error, leave it alone', async () => {
    const test = await start();
    const answer = test.server.script[probe];
    for (let i = 0; i < 4; i++) {
      test.server.script[probe] = undefined;
      await test.clock.advance(2300);
      test.server.script[probe] = i % 2 === 0 ? answer : () => ({ error: { code: -32601, message: 'no such method' } });
      await test.clock.advance(1300);
    }
    expect(state(test)).toMatchObject({ state: 'RUNNING', restarts: 0 });
  });

  it('are made of connections of sessions too, one of which falls alone', async () => {
    const test = await start({ isolation: 'session' });
    void test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    expect(test.server.links).toHaveLength(2);
    const answer = test.server.script[probe];
    test.server.script[probe] = (heard) => (heard.link === 1 ? undefined : answer?.(heard));
    await test.clock.advance(5000);
    expect(test.server.links.map(({ closed }) => closed === undefined)).toEqual([true, false]);
    expect(state(test)).toMatchObject({ state: 'RUNNING', restarts: 0 });
  });
});
