import { describe, expect, it } from 'vitest';
import type { ServerState } from '../core/supervised.ts';
import { DEFAULT_RESTART, type RestartPolicy } from './restart-policy.ts';
import { createTestClock, settle } from './scripted.ts';
import { assertTransition } from './server-states.ts';
import { STABLE_MS, Supervisor } from './supervisor.ts';

interface Thing {
  readonly number: number;
}

function make(policy: Partial<RestartPolicy> = {}, awaitsUse = false) {
  const clock = createTestClock();
  const states: ServerState[] = [];
  const ended: string[] = [];
  let opened = 0;
  const world = { works: true };
  const supervisor: Supervisor<Thing> = new Supervisor<Thing>({
    restart: { ...DEFAULT_RESTART, ...policy },
    async open(signal) {
      await new Promise<void>((resolve) => clock.schedule(10, resolve));
      if (!world.works || signal.cancelled) throw new Error('no');
      return { number: ++opened };
    },
    async end({ number }, reason) {
      ended.push(`${number}: ${reason}`);
      await new Promise<void>((resolve) => clock.schedule(5, resolve));
    },
    endOthers: async (reason) => void ended.push(`others: ${reason}`),
    explain: (error) => (error as Error).message,
    awaitsUse: () => awaitsUse,
    changed: () => {
      if (states.at(-1) !== supervisor.state) states.push(supervisor.state);
    },
    now: clock.now,
    wallNow: clock.now,
    schedule: clock.schedule,
    random: () => 1,
  });
  const crash = (message = 'it fell'): void => supervisor.lost(supervisor.instance as Thing, message);
  return { supervisor, clock, states, ended, world, crash, opened: () => opened };
}

describe('a supervisor', () => {
  it('tells how long it is in its state, why, and when it goes on', async () => {
    const { supervisor, clock, crash } = make();
    void supervisor.ensure();
    await clock.advance(1000);
    expect(supervisor.supervision([7])).toEqual({
      state: 'RUNNING',
      pids: [7],
      restarts: 0,
      failures: 0,
      reason: undefined,
      since: 1_000_010,
      retryAt: undefined,
    });
    crash();
    expect(supervisor.supervision([])).toMatchObject({
      state: 'CRASHED',
      failures: 1,
      reason: 'it fell',
      since: 1_001_000,
      retryAt: 1_001_500,
    });
    await clock.advance(600);
    expect(supervisor.supervision([])).toMatchObject({
      state: 'RUNNING',
      restarts: 1,
      failures: 0,
      retryAt: undefined,
    });
  });

  it('begins to count anew after one that lasted', async () => {
    const { supervisor, clock, crash } = make({ max: 2, delayMs: 100 });
    void supervisor.ensure();
    await clock.advance(100);
    for (let i = 0; i < 10; i++) {
      crash();
      expect(supervisor.givenUp).toBe(false);
      await clock.advance(STABLE_MS + 1000);
    }
    expect(supervisor.supervision([])).toMatchObject({ state: 'RUNNING', restarts: 10 });
    for (let i = 0; i < 3; i++) {
      crash('it fell at once');
      await clock.advance(1000);
    }
    expect(supervisor.supervision([])).toMatchObject({
      state: 'CRASHED',
      reason: 'it fell at once, after it was started again 2 times',
      retryAt: undefined,
    });
    expect(await supervisor.ensure()).toBeUndefined();
  });

  it('is left alone at once where nothing is started again', async () => {
    const { supervisor, clock, crash } = make({ max: 0 });
    void supervisor.ensure();
    await clock.advance(100);
    crash();
    expect(supervisor.reason).toBe('it fell');
    const started = supervisor.start();
    await clock.advance(100);
    await started;
    expect(supervisor.state).toBe('RUNNING');
  });

  it('waits for its next use where it need not run, and is given up all the same', async () => {
    const { supervisor, clock, crash, states } = make({ max: 1 }, true);
    for (let i = 0; i < 2; i++) {
      void supervisor.ensure();
      await clock.advance(100);
      crash();
      await clock.advance(100);
    }
    expect(states).toEqual([
      ...['STARTING', 'RUNNING', 'CRASHED', 'STOPPING', 'STOPPED'],
      ...['STARTING', 'RUNNING', 'CRASHED'],
    ]);
    expect(supervisor.held).toBe(true);
  });

  it('leaves alone what sessions have when it fell or rests, and ends that too when it is stopped by hand', async () => {
    const { supervisor, clock, crash, ended } = make({}, true);
    void supervisor.ensure();
    await clock.advance(100);
    crash();
    await clock.advance(100);
    void supervisor.ensure();
    await clock.advance(100);
    supervisor.rest();
    await clock.advance(100);
    expect(ended).toEqual(['1: it fell', '2: nobody uses it']);
    void supervisor.ensure();
    await clock.advance(100);
    const stopped = supervisor.stop('by hand');
    await clock.advance(100);
    await stopped;
    expect(ended.slice(2).sort()).toEqual(['3: by hand', 'others: by hand']);
  });

  it('joins what is asked for while something is under way to one stop and one start', async () => {
    const { supervisor, clock, opened, states } = make();
    const told = Array.from({ length: 50 }, (_, i) =>
      (i % 2 === 0 ? supervisor.start() : supervisor.stop('by hand')).then(
        () => 'done',
        (error: Error) => error.message,
      ),
    );
    const last = supervisor.start();
    await clock.advance(1000);
    await last;
    const outcomes = await Promise.all(told);
    expect(outcomes.filter((_, i) => i % 2 === 1).every((outcome) => outcome === 'done')).toBe(true);
    expect(outcomes.filter((_, i) => i % 2 === 0)).toContain('it was stopped meanwhile');
    expect(supervisor.state).toBe('RUNNING');
    expect(opened()).toBe(1);
    expect(states.filter((state) => state === 'RUNNING')).toHaveLength(1);
  });

  it('lets those who come during a restart have what comes up then', async () => {
    const { supervisor, clock } = make();
    void supervisor.ensure();
    await clock.advance(100);
    const restarted = supervisor.restart('by hand');
    await settle();
    expect(supervisor.state).toBe('STOPPING');
    const got = supervisor.ensure();
    await clock.advance(100);
    await restarted;
    expect(await got).toEqual({ number: 2 });
  });

  it('tells those who start it why it does not come up, and tries again by itself', async () => {
    const { supervisor, clock, world } = make();
    world.works = false;
    const failed = supervisor.start().catch((error: Error) => error.message);
    await clock.advance(100);
    expect(await failed).toBe('no');
    world.works = true;
    await clock.advance(1000);
    expect(supervisor.state).toBe('RUNNING');
  });

  it('refuses to be started once it is closed', async () => {
    const { supervisor, clock } = make();
    const closed = supervisor.close('over');
    await clock.advance(100);
    await closed;
    await expect(supervisor.start()).rejects.toThrow('stopped meanwhile');
    expect(supervisor.state).toBe('STOPPED');
  });
});

describe('assertTransition', () => {
  it('throws for what may not follow', () => {
    expect(() => assertTransition('STOPPED', 'RUNNING')).toThrow('a server cannot go from STOPPED to RUNNING');
    expect(() => assertTransition('STOPPED', 'STARTING')).not.toThrow();
  });
});
