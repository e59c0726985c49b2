import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import type { UpstreamEvent } from '../core/upstream.ts';
import { LinkError, type OpenLink } from './link.ts';
import {
  buildCall,
  createScriptedServer,
  createTestClock,
  createTestUpstream,
  errorCode,
  LEGACY_SCRIPT,
  MODERN_SCRIPT,
  type Script,
  settle,
} from './scripted.ts';
import { createUpstream } from './server.ts';

const TEXT = { content: [] };

describe('an upstream', () => {
  it('connects at once when it is eager, and tells its states', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT);
    const states: string[] = [];
    test.upstream.watch(() => states.push(test.upstream.status.state));
    expect(test.upstream.status.state).toBe('starting');
    await test.upstream.settled;
    expect(states).toEqual(['ready']);
    await test.upstream.close('done');
    expect(states).toEqual(['ready', 'stopped', 'stopped']);
    expect(test.server.links[0]?.closed).toBe('done');
    expect(errorCode(await test.upstream.request(buildCall()))).toBe(-31001);
    await test.upstream.close('again');
  });

  it('connects at its first request when it is lazy, once for all of them', async () => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, 'tools/call': () => TEXT }, { start: 'lazy' });
    await test.upstream.settled;
    expect(test.server.links).toHaveLength(0);
    const outcomes = await Promise.all([test.upstream.request(buildCall()), test.upstream.request(buildCall())]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['complete', 'complete']);
    expect(test.server.links).toHaveLength(1);
    test.server.links[0]?.end();
    expect(test.upstream.status.state).toBe('stopped');
    expect((await test.upstream.request(buildCall())).kind).toBe('complete');
  });

  it('shows what it is without its secrets', () => {
    const url = 'https://host.test/mcp?token=secret';
    expect(createTestUpstream({}, { kind: 'http', url }).upstream.about).toEqual({
      type: 'http',
      url: 'https://host.test/mcp',
    });
    expect(createTestUpstream({}).upstream.about).toEqual({ type: 'stdio', command: 'server' });
    const about = { type: 'x', command: 'shown' };
    expect(createTestUpstream({}, { about }).upstream.about).toBe(about);
  });

  it('stops telling who does not listen any more', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT);
    const events: UpstreamEvent[] = [];
    test.upstream.watch((event) => events.push(event))();
    await test.upstream.settled;
    expect(events).toEqual([]);
  });
});

describe('reconnecting', () => {
  it('comes after a lost connection, by itself, and what it offered stays known meanwhile', async () => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, 'tools/call': () => TEXT });
    await test.upstream.settled;
    test.upstream.subscribe('resource', 'a://1');
    test.server.links[0]?.end({ kind: 'lost', message: 'the process was killed' });
    expect(test.upstream.status).toMatchObject({
      state: 'failed',
      error: 'the process was killed',
      offers: { era: 'legacy' },
    });
    await test.clock.advance(500);
    expect(test.upstream.status).toMatchObject({ state: 'ready', error: undefined });
    expect(test.server.count('resources/subscribe')).toBe(2);
    expect((await test.upstream.request(buildCall())).kind).toBe('complete');
  });

  it.each([
    ['legacy', LEGACY_SCRIPT],
    ['modern', MODERN_SCRIPT],
  ])('to a %s server counts what is followed as changed, for nobody could say so meanwhile', async (_era, script) => {
    const test = createTestUpstream(script);
    test.upstream.subscribe('resource', 'a://1');
    const updated: string[] = [];
    test.upstream.watch((event) => {
      if (event.type === 'updated') updated.push(event.uri);
    });
    await test.upstream.settled;
    expect(updated).toEqual([]);
    test.server.links[0]?.end();
    await test.clock.advance(1000);
    expect(test.upstream.status.state).toBe('ready');
    expect(updated).toEqual(['a://1']);
  });

  it('does not wait when a call comes first', async () => {
    const test = createTestUpstream({ ...LEGACY_SCRIPT, 'tools/call': () => TEXT });
    await test.upstream.settled;
    test.server.links[0]?.end();
    expect((await test.upstream.request(buildCall())).kind).toBe('complete');
    await test.clock.advance(100_000);
    expect(test.server.links).toHaveLength(2);
  });

  it('backs off from 0.5 s to 30 s, and calls fail at once meanwhile', async () => {
    const clock = createTestClock();
    const attempts: number[] = [];
    const open: OpenLink = () => {
      attempts.push(clock.now());
      return Promise.reject(new LinkError({ kind: 'unsent', message: 'no such program' }));
    };
    const upstream = createUpstream(
      { id: 'broken', kind: 'stdio', command: 'x' },
      { now: clock.now, schedule: clock.schedule, random: () => 1, hubInfo: { name: 'h', version: '0' } },
      { open },
    );
    await upstream.settled;
    expect(upstream.status).toMatchObject({ state: 'failed', error: 'no such program' });
    await clock.advance(120_000);
    const gaps = attempts.slice(1).map((at, i) => at - (attempts[i] as number));
    expect(gaps.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    const outcome = await upstream.request(buildCall());
    expect(errorCode(outcome)).toBe(-31001);
    expect(JSON.stringify(outcome.kind === 'error' && outcome.error.value())).not.toContain('no such program');
    const before = attempts.length;
    await upstream.close('done');
    await clock.advance(120_000);
    expect(attempts).toHaveLength(before);
  });

  it('says that something went wrong inside, and logs what', async () => {
    const clock = createTestClock();
    const logged: unknown[] = [];
    const upstream = createUpstream(
      { id: 'x', kind: 'stdio', start: 'lazy' },
      {
        now: clock.now,
        schedule: clock.schedule,
        hubInfo: { name: 'h', version: '0' },
        log: (event) => logged.push(event),
      },
      { open: () => Promise.reject(new TypeError('a bug')) },
    );
    expect(errorCode(await upstream.request(buildCall()))).toBe(-31001);
    expect(upstream.status.error).toBe('an internal failure; see the log');
    expect(JSON.stringify(logged)).toContain('a bug');
    await upstream.close('done');
  });

  it('is given up while the upstream is being closed', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT);
    await test.upstream.close('early');
    expect(test.upstream.status.state).toBe('stopped');
    expect(test.server.links.every(({ closed }) => closed !== undefined)).toBe(true);
  });

  it('takes no longer than connectMs to open', async () => {
    const clock = createTestClock();
    const upstream = createUpstream(
      { id: 'x', kind: 'http', url: 'http://x.test/', timeouts: { connectMs: 1000 } },
      { now: clock.now, schedule: clock.schedule, hubInfo: { name: 'h', version: '0' } },
      {
        open: (_events, signal) =>
          new Promise((_, reject) => {
            signal.onCancel((message) => reject(new LinkError({ kind: 'unsent', message })));
          }),
      },
    );
    await clock.advance(1000);
    await upstream.settled;
    expect(upstream.status).toMatchObject({ state: 'failed', error: 'it took too long to connect' });
    await upstream.close('done');
  });
});

describe('a server over HTTP', () => {
  const HTTP = { kind: 'http', url: 'http://127.0.0.1:1/mcp' } as const;
  const REFUSED = { kind: 'unsent', message: 'connection refused' } as const;

  it.each([['legacy', LEGACY_SCRIPT, 'ping'] as const, ['modern', MODERN_SCRIPT, 'server/discover'] as const])(
    'of the %s era that is not there any more is found out by the first call, and taken back when it is',
    async (_era, script, probe) => {
      const test = createTestUpstream(script, HTTP, { attributed: true });
      await test.upstream.settled;
      const again = test.server.script[probe];
      test.server.script[probe] = ({ id, link }) => test.server.links[link]?.fail(id as number, REFUSED);
      const outcome = test.upstream.request(buildCall());
      test.server.links[0]?.fail(test.server.last('tools/call').id as number, REFUSED);
      expect(errorCode(await outcome)).toBe(-31001);
      await settle();
      expect(test.upstream.status).toMatchObject({ state: 'failed', error: 'connection refused' });
      expect(test.server.links[0]?.closed).toBeDefined();
      test.server.script[probe] = again;
      await test.clock.advance(1000);
      expect(test.upstream.status.state).toBe('ready');
    },
  );

  it.each([['legacy', LEGACY_SCRIPT, 'ping'] as const, ['modern', MODERN_SCRIPT, 'server/discover'] as const])(
    'of the %s era that answers otherwise stays as it is',
    async (_era, script, probe) => {
      const test = createTestUpstream({ ...script, ping: () => ({}) }, HTTP, { attributed: true });
      await test.upstream.settled;
      const asked = test.server.count(probe);
      const outcomes = [0, 1].map(() => test.upstream.request(buildCall()));
      for (const { id, method } of [...test.server.heard]) {
        if (method === 'tools/call') test.server.links[0]?.fail(id as number, { kind: 'lost', message: 'reset' });
      }
      expect((await Promise.all(outcomes)).map(errorCode)).toEqual([-31002, -31002]);
      await settle();
      expect(test.server.count(probe)).toBe(asked + 1);
      expect(test.upstream.status.state).toBe('ready');
    },
  );

  it('that loses the stream of changes and cannot be reached is found out without any call', async () => {
    const test = createTestUpstream(MODERN_SCRIPT, HTTP, { attributed: true });
    await test.upstream.settled;
    await settle();
    test.server.script['server/discover'] = ({ id, link }) => test.server.links[link]?.fail(id as number, REFUSED);
    test.server.links[0]?.fail(test.server.last('subscriptions/listen').id as number, REFUSED);
    await settle();
    expect(test.upstream.status.state).toBe('failed');
  });

  it('is tried for as long as it takes, whatever the limit on processes', async () => {
    const test = createTestUpstream({}, { ...HTTP, restart: { max: 1 } }, { attributed: true });
    test.server.script['server/discover'] = ({ id, link }) => test.server.links[link]?.fail(id as number, REFUSED);
    await test.upstream.settled;
    await test.clock.advance(300_000);
    expect(test.upstream.status).toMatchObject({ state: 'failed', error: 'connection refused' });
    Object.assign(test.server.script, MODERN_SCRIPT);
    await test.clock.advance(30_000);
    expect(test.upstream.supervised?.supervision).toMatchObject({ state: 'RUNNING', pids: [], reason: undefined });
  });

  it('that needs credentials has its calls told so', async () => {
    const test = createTestUpstream({}, HTTP, { attributed: true });
    const auth = { kind: 'auth', status: 401, message: 'sign in' } as const;
    test.server.script['server/discover'] = ({ id, link }) => test.server.links[link]?.fail(id as number, auth);
    await test.upstream.settled;
    expect(test.upstream.status).toMatchObject({ state: 'failed', error: 'sign in' });
    expect(errorCode(await test.upstream.request(buildCall()))).toBe(-31011);
  });
});

describe('timers', () => {
  it('are not needed to hold a stream of changes open', async () => {
    const test = createTestUpstream(MODERN_SCRIPT);
    await test.clock.advance(1000);
    expect(test.server.count('subscriptions/listen')).toBe(1);
    expect(test.clock.timers).toBe(0);
  });
});

describe('isolation: session', () => {
  const script: Script = { ...LEGACY_SCRIPT, 'tools/call': () => TEXT };
  const links = (server: { heard: { method: string; link: number }[] }) =>
    server.heard.filter(({ method }) => method === 'tools/call').map(({ link }) => link);

  it.each([['legacy', script] as const, ['modern', { ...MODERN_SCRIPT, 'tools/call': () => TEXT }] as const])(
    'gives each session of a %s server a connection of its own, shared by its calls',
    async (_era, scripted) => {
      const test = createTestUpstream(scripted, { isolation: 'session' });
      await test.upstream.settled;
      for (const session of ['a', 'b', 'a', undefined]) await test.upstream.request(buildCall({ session }));
      expect(links(test.server)).toEqual([1, 2, 1, 0]);
    },
  );

  it('lets calls of one session run together', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { isolation: 'session' });
    await test.upstream.settled;
    for (let n = 0; n < 3; n++) void test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    expect(links(test.server)).toEqual([1, 1, 1]);
  });

  it('closes connections nobody uses any more', async () => {
    const test = createTestUpstream(script, { isolation: 'session', limits: { sessionIdleMs: 60_000 } });
    await test.upstream.settled;
    await test.upstream.request(buildCall({ session: 'a' }));
    await test.clock.advance(50_000);
    await test.upstream.request(buildCall({ session: 'a' }));
    await test.clock.advance(50_000);
    expect(test.server.links[1]?.closed).toBeUndefined();
    await test.clock.advance(30_000);
    expect(test.server.links[1]?.closed).toBe('idle');
    await test.upstream.request(buildCall({ session: 'a' }));
    expect(links(test.server)).toEqual([1, 1, 2]);
  });

  it('makes room by closing the one unused for longest, and refuses when all are in use', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { isolation: 'session', limits: { maxLeased: 2 } });
    await test.upstream.settled;
    const first = test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    void test.upstream.request(buildCall({ session: 'b' }));
    await settle();
    expect(errorCode(await test.upstream.request(buildCall({ session: 'c' })))).toBe(-31007);
    test.server.reply(test.server.heard.find(({ method }) => method === 'tools/call') as never, TEXT);
    await first;
    void test.upstream.request(buildCall({ session: 'c' }));
    await settle();
    expect(test.server.links[1]?.closed).toBe('its place is needed');
    expect(links(test.server)).toEqual([1, 2, 3]);
  });

  it('loses a session connection alone, and opens it again at the next call', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, { isolation: 'session' });
    await test.upstream.settled;
    const lost = test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    test.server.links[1]?.end();
    expect(errorCode(await lost)).toBe(-31002);
    expect(test.upstream.status.state).toBe('ready');
    void test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    expect(links(test.server)).toEqual([1, 2]);
    await test.upstream.close('done');
    expect(test.server.links.every(({ closed }) => closed !== undefined)).toBe(true);
    expect(errorCode(await test.upstream.request(buildCall({ session: 'a' })))).toBe(-31001);
  });

  it('tells a call whose connection could not be opened that it was not sent', async () => {
    const scripted = createScriptedServer({ script: LEGACY_SCRIPT });
    let broken = false;
    const clock = createTestClock();
    const upstream = createUpstream(
      { id: 'x', kind: 'stdio', isolation: 'session' },
      { now: clock.now, schedule: clock.schedule, hubInfo: { name: 'h', version: '0' } },
      {
        open: (events, signal) =>
          broken ? Promise.reject(new LinkError({ kind: 'unsent', message: 'no' })) : scripted.open(events, signal),
      },
    );
    await upstream.settled;
    broken = true;
    expect(errorCode(await upstream.request(buildCall({ session: 'a' })))).toBe(-31001);
    await upstream.close('done');
  });
});

describe('waiting for a connection of an interactive server', () => {
  const deps = { verdicts: { get: () => ({ interactive: true }), put: () => {} } };

  it('ends with the deadline, with the caller, and with the upstream', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, {}, { deps });
    await test.upstream.settled;
    void test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    const signal = createCanceller();
    const cancelled = test.upstream.request(buildCall({ session: 'a', signal }));
    const late = test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    signal.cancel('gone');
    expect(errorCode(await cancelled)).toBe(-31007);
    await test.clock.advance(59_000);
    const closing = test.upstream.request(buildCall({ session: 'a' }));
    await test.clock.advance(1000);
    expect([-31007, -31003]).toContain(errorCode(await late));
    await test.upstream.close('done');
    expect(errorCode(await closing)).toBeLessThan(-31000);
  });

  it('goes on with a new connection when the leased one is lost', async () => {
    const test = createTestUpstream(LEGACY_SCRIPT, {}, { deps });
    await test.upstream.settled;
    const first = test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    const second = test.upstream.request(buildCall({ session: 'a' }));
    await settle();
    test.server.links[1]?.end();
    expect(errorCode(await first)).toBe(-31002);
    await settle();
    test.server.reply(test.server.last('tools/call'), TEXT);
    expect((await second).kind).toBe('complete');
    expect(test.server.last('tools/call').link).toBe(2);
  });
});
