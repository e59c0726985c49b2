import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScriptedUpstream, type ScriptedUpstream } from '../route/scripted-upstream.ts';
import type { BuiltGeneration } from './build.ts';
import { planChange } from './plan.ts';
import { parseConfig } from './schema.ts';
import { warmUp } from './warm-up.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new Promise<void>(() => {});

interface Plan {
  readonly before: object;
  readonly after: object;
  readonly settings?: object;
  readonly overtaken?: Promise<void>;
  readonly aborted?: Promise<void>;
}

/** Begins to warm up; `new` servers have not settled and old ones are ready. */
function begin({ before, after, settings = {}, overtaken = NEVER, aborted = NEVER }: Plan) {
  const [old, next] = [before, after].map((mcpServers) => {
    const parsed = parseConfig({ ...settings, mcpServers });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    return parsed.value;
  }) as [BuiltGeneration['config'], BuiltGeneration['config']];
  const started: Record<string, ScriptedUpstream> = {};
  const woken: string[] = [];
  const members = Object.entries(next.mcpServers).map(([id, server]) => {
    const upstream = createScriptedUpstream({ id, state: server.start === 'lazy' ? 'stopped' : 'starting' });
    started[id] = upstream;
    const wake = (): Promise<void> => {
      woken.push(id);
      return upstream.settled;
    };
    return { upstream, inventory: { settled: upstream.settled, wake } };
  });
  const generation = { config: next, members } as unknown as BuiltGeneration;
  const active = {
    config: old,
    upstreams: Object.keys(old.mcpServers).map((id) => createScriptedUpstream({ id })),
  } as unknown as BuiltGeneration;
  let done: boolean | undefined;
  const diff = planChange(old, next, '/');
  void warmUp({ next: generation, active, diff, overtaken, aborted }).then((value) => {
    done = value;
  });
  return { started, woken, done: () => done };
}

const A = { command: 'x' };
const CHANGED = { before: { a: A }, after: { a: { ...A, args: ['2'] } } };
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('warmUp', () => {
  it('waits for a changed server until its first attempt is over', async () => {
    const { started, done } = begin(CHANGED);
    await pass(15_000);
    expect(done()).toBeUndefined();
    started['a']?.settle();
    await pass(0);
    expect(done()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits no longer than the server has to connect', async () => {
    const { done } = begin({ ...CHANGED, settings: { limits: { settleMs: 100 } } });
    await pass(20_000);
    expect(done()).toBeUndefined();
    await pass(200);
    expect(done()).toBe(true);
  });

  it('waits for added servers as long as it is told to', async () => {
    const added = { before: {}, after: { a: A } };
    const at = begin(added);
    await pass(0);
    expect(at.done()).toBe(true);
    const later = begin({ ...added, settings: { rollover: { warmupMs: 500 } } });
    await pass(400);
    expect(later.done()).toBeUndefined();
    await pass(200);
    expect(later.done()).toBe(true);
  });

  it('does not wait for one that begins only after the old one has ended', async () => {
    const replace = { ...A, rollover: 'replace' };
    const { done } = begin({ before: { a: replace }, after: { a: { ...replace, args: ['2'] } } });
    await pass(0);
    expect(done()).toBe(true);
  });

  it('starts a lazy server whose old form was running', async () => {
    const lazy = { ...A, start: 'lazy' };
    const { woken } = begin({ before: { a: A }, after: { a: { ...lazy, args: ['2'] } } });
    expect(woken).toEqual(['a']);
  });

  it('gives way to a newer configuration, but not in its first moments', async () => {
    const { done } = begin({ ...CHANGED, overtaken: Promise.resolve(), settings: { limits: { settleMs: 1000 } } });
    await pass(900);
    expect(done()).toBeUndefined();
    await pass(200);
    expect(done()).toBe(false);
  });

  it('ends at once when the hub goes', async () => {
    const { done } = begin({ ...CHANGED, aborted: Promise.resolve() });
    await pass(0);
    expect(done()).toBe(false);
  });
});
