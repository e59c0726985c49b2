import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerState } from '../core/supervised.ts';
import type { Upstream } from '../core/upstream.ts';
import { LinkError, type OpenLink } from './link.ts';
import { buildCall, createScriptedServer, createTestClock, LEGACY_SCRIPT, settle, type TestClock } from './scripted.ts';
import { createUpstream } from './server.ts';
import { TRANSITIONS } from './server-states.ts';
import type { UpstreamSpec } from './spec.ts';

/** What may happen to a server; numbers are milliseconds that pass. */
type Step = 'start' | 'stop' | 'restart' | 'crash' | 'hang' | 'call' | 'reload' | 'break' | 'mend' | 'turn' | number;

/** A machine with one program on it, which counts how often that runs. */
interface Machine {
  readonly open: OpenLink;
  /** How many run now. */
  running: number;
  most: number;
  /** Whether the program can be started. */
  broken: boolean;
  /** Whether it answers. */
  hung: boolean;
  crash(): void;
}

const START_MS = 30;
const END_MS = 20;

function createMachine(clock: TestClock): Machine {
  const server = createScriptedServer({
    script: {
      ...LEGACY_SCRIPT,
      ping: () => (machine.hung ? undefined : {}),
      'tools/call': () => (machine.hung ? undefined : { content: [] }),
    },
  });
  const after = (ms: number): Promise<void> => new Promise((resolve) => clock.schedule(ms, resolve));
  const machine: Machine = {
    running: 0,
    most: 0,
    broken: false,
    hung: false,
    crash: () => server.links.findLast(({ closed }) => closed === undefined)?.end(),
    async open(events, signal) {
      machine.most = Math.max(machine.most, ++machine.running);
      machine.hung = false;
      await after(START_MS);
      if (machine.broken || signal.cancelled) {
        await after(END_MS);
        machine.running--;
        throw new LinkError({ kind: 'unsent', message: 'it cannot be started' });
      }
      const link = await server.open(events, signal);
      let gone: Promise<void> | undefined;
      return {
        ...link,
        close(reason) {
          // What a program leaves behind takes its time, also after a crash.
          gone ??= link
            .close(reason)
            .then(() => after(END_MS))
            .then(() => void machine.running--);
          return gone;
        },
      };
    },
  };
  return machine;
}

/** Plays the steps and says what was wrong; undefined when nothing was. */
async function play(steps: readonly Step[], spec: Partial<UpstreamSpec>): Promise<string | undefined> {
  const clock = createTestClock();
  const machine = createMachine(clock);
  const faults: string[] = [];
  let waiting = 0;
  let held = false;
  const make = (): Upstream => {
    const upstream = createUpstream(
      {
        id: 'one',
        kind: 'stdio',
        command: 'one',
        restart: { max: 3, delayMs: 100 },
        health: { intervalMs: 400, timeoutMs: 50, failures: 2 },
        ...spec,
      },
      { now: clock.now, schedule: clock.schedule, random: () => 1, hubInfo: { name: 'h', version: '0' } },
      { open: machine.open },
    );
    let state: ServerState = spec.start === 'lazy' ? 'STOPPED' : 'STARTING';
    upstream.watch((event) => {
      if (event.type !== 'state') return;
      const next = upstream.supervised?.supervision.state as ServerState;
      if (next !== state && !TRANSITIONS[state].includes(next)) faults.push(`${state} → ${next}`);
      state = next;
    });
    return upstream;
  };
  let upstream = make();
  const note = (promise: Promise<unknown> | undefined): void => {
    // Whether it came up is not the question here, only that everybody is told in the end.
    waiting++;
    const told = (): void => void waiting--;
    promise?.then(told, told);
  };
  const acts: Record<Exclude<Step, number>, () => Promise<void> | void> = {
    start: () => {
      held = false;
      note(upstream.supervised?.start());
    },
    stop: () => {
      held = true;
      note(upstream.supervised?.stop('by hand'));
    },
    restart: () => {
      held = false;
      note(upstream.supervised?.restart('by hand'));
    },
    crash: () => machine.crash(),
    hang: () => {
      machine.hung = true;
    },
    call: () => note(upstream.request(buildCall())),
    async reload() {
      const closed = upstream.close('replaced');
      await clock.advance(500);
      await closed;
      if (machine.running !== 0) faults.push(`${machine.running} run after the end`);
      held = false;
      upstream = make();
    },
    break: () => {
      machine.broken = true;
    },
    mend: () => {
      machine.broken = false;
    },
    turn: () => settle(),
  };
  for (const step of steps) await (typeof step === 'number' ? clock.advance(step) : acts[step]());
  machine.broken = false;
  await clock.advance(5000);
  if (waiting > 0) faults.push(`${waiting} wait for ever`);
  const { state, reason } = upstream.supervised?.supervision ?? {};
  const givenUp = state === 'CRASHED' && upstream.status.held === true && reason?.includes('started again 3 times');
  const fine = held
    ? state === 'STOPPED'
    : state === 'RUNNING' || givenUp === true || (spec.start === 'lazy' && state === 'STOPPED');
  if (!fine) faults.push(`it ends ${state} (${reason}), ${held ? 'stopped' : 'not stopped'} by hand`);
  if (machine.running !== (state === 'RUNNING' ? 1 : 0)) faults.push(`${machine.running} run while it is ${state}`);
  if (held && upstream.status.held !== true) faults.push('its status does not say that it is stopped by hand');
  const closed = upstream.close('done');
  await clock.advance(1000);
  await closed;
  if (machine.running !== 0) faults.push(`${machine.running} run after the end`);
  if (machine.most > 1) faults.push(`${machine.most} ran at a time`);
  if (clock.timers > 0) faults.push(`${clock.timers} timers are left`);
  return faults.length === 0 ? undefined : faults.join('; ');
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Step>('start', 'stop', 'restart') },
  { weight: 3, arbitrary: fc.constantFrom<Step>('crash', 'call', 'call', 'turn') },
  { weight: 2, arbitrary: fc.constantFrom<Step>('hang', 'reload', 'break', 'mend') },
  { weight: 3, arbitrary: fc.constantFrom<Step>(1, 10, 25, 60, 150, 1000, 20_000) },
);

describe('a supervised server, whatever happens to it', () => {
  it('takes only legal steps, never runs twice, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 16 }),
        fc.constantFrom<Partial<UpstreamSpec>>({}, { start: 'lazy' }, { start: 'lazy', idleStopMs: 2000 }),
        async (steps, spec) => {
          expect(await play(steps, spec)).toBeUndefined();
        },
      ),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 10_000) },
    );
  }, 180_000);
});
