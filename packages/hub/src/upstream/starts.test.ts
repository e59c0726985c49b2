import { describe, expect, it } from 'vitest';
import { createCanceller, NEVER } from '../core/cancel.ts';
import type { LogEvent } from '../core/log.ts';
import type { Upstream } from '../core/upstream.ts';
import { LinkError, type OpenLink } from './link.ts';
import { createScriptedServer, createTestClock, LEGACY_SCRIPT, settle, type TestClock } from './scripted.ts';
import { createUpstream } from './server.ts';
import type { UpstreamSpec } from './spec.ts';
import { createStarts } from './starts.ts';

describe('the bound on starts', () => {
  it('lets so many begin at a time and the others in their order', async () => {
    const clock = createTestClock();
    const starts = createStarts({ max: 2, schedule: clock.schedule });
    const begun: number[] = [];
    const gives: (() => void)[] = [];
    for (let i = 0; i < 4; i++) void starts.enter(NEVER).then((give) => gives.push(give) && begun.push(i));
    await settle();
    expect(begun).toEqual([0, 1]);
    gives[1]?.();
    gives[1]?.();
    await settle();
    expect(begun).toEqual([0, 1, 2]);
  });

  it('takes the place of a start back that waits rather than works', async () => {
    const clock = createTestClock();
    const starts = createStarts({ max: 1, schedule: clock.schedule });
    const give = await starts.enter(NEVER);
    let second = false;
    void starts.enter(NEVER).then(() => {
      second = true;
    });
    await clock.advance(299);
    expect(second).toBe(false);
    await clock.advance(1);
    expect(second).toBe(true);
    give();
    const third = starts.enter(NEVER);
    await clock.advance(300);
    expect(await third).toBeTypeOf('function');
  });

  it('forgets who does not want to start any more, and passes the place on', async () => {
    const clock = createTestClock();
    const starts = createStarts({ max: 1, schedule: clock.schedule });
    const give = await starts.enter(NEVER);
    const [early, late] = [createCanceller(), createCanceller()];
    const refused = [starts.enter(early), starts.enter(late)].map((entered) => entered.catch((error) => error));
    const last = starts.enter(NEVER);
    early.cancel('stopped');
    give();
    late.cancel('stopped');
    const errors = await Promise.all(refused);
    expect(errors.every((error) => error instanceof LinkError)).toBe(true);
    expect(await last).toBeTypeOf('function');
  });
});

describe('dependsOn', () => {
  function run(servers: Record<string, Partial<UpstreamSpec> & { fails?: boolean }>): {
    readonly opened: string[];
    readonly logged: LogEvent[];
    readonly clock: TestClock;
    readonly upstreams: ReadonlyMap<string, Upstream>;
  } {
    const clock = createTestClock();
    const starts = createStarts({ schedule: clock.schedule });
    const upstreams = new Map<string, Upstream>();
    const opened: string[] = [];
    const logged: LogEvent[] = [];
    for (const [id, { fails, ...spec }] of Object.entries(servers)) {
      const scripted = createScriptedServer({ script: LEGACY_SCRIPT });
      const open: OpenLink = async (events, signal) => {
        opened.push(id);
        await new Promise<void>((resolve) => clock.schedule(100, resolve));
        if (fails) throw new LinkError({ kind: 'unsent', message: 'broken' });
        return scripted.open(events, signal);
      };
      const deps = {
        now: clock.now,
        schedule: clock.schedule,
        random: () => 1,
        hubInfo: { name: 'h', version: '0' },
        starts,
        log: (event: LogEvent) => void logged.push(event),
      };
      const whole: UpstreamSpec = { id, kind: 'stdio', command: id, restart: { max: 0 }, ...spec };
      upstreams.set(id, createUpstream(whole, deps, { open }));
    }
    return { opened, logged, clock, upstreams };
  }

  it('starts servers after those they depend on, the lazy ones of those too', async () => {
    const { opened, clock } = run({
      app: { dependsOn: ['api'] },
      api: { dependsOn: ['db', 'cache'] },
      db: {},
      cache: { start: 'lazy' },
      idle: { start: 'lazy' },
    });
    await clock.advance(99);
    expect(opened.sort()).toEqual(['cache', 'db']);
    await clock.advance(50);
    expect(opened).toHaveLength(3);
    expect(opened[2]).toBe('api');
    await clock.advance(200);
    expect(opened.slice(3)).toEqual(['app']);
  });

  it('does not wait for ever for one that cannot be started, nor for one that is not there', async () => {
    const { opened, logged, clock } = run({ app: { dependsOn: ['db', 'nowhere'] }, db: { fails: true } });
    await clock.advance(150);
    expect(opened).toEqual(['db', 'app']);
    expect(logged.map(({ message }) => message)).toContain('dependsOn names no server: nowhere');
  });

  it('does not keep a server from being stopped while it waits', async () => {
    const { upstreams, clock, opened } = run({ app: { dependsOn: ['db'] }, db: {} });
    const app = upstreams.get('app')?.supervised;
    await clock.advance(50);
    const stopped = app?.stop('by hand');
    await settle();
    await stopped;
    expect(app?.supervision.state).toBe('STOPPED');
    await clock.advance(200);
    expect(opened).toEqual(['db']);
  });

  it('reports a circle and starts its servers all the same', async () => {
    const { opened, logged, clock } = run({
      a: { dependsOn: ['b'] },
      b: { dependsOn: ['a'] },
      c: { dependsOn: ['a'] },
    });
    await clock.advance(250);
    expect(opened.sort()).toEqual(['a', 'b', 'c']);
    const circles = logged.filter(({ event }) => event === 'upstream.depends_circle');
    expect(circles.map(({ message }) => message)).toContain('dependsOn goes round in a circle: a → b → a');
  });
});
