import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Upstream } from '../core/upstream.ts';
import { createScriptedUpstream } from '../route/scripted-upstream.ts';
import type { BuiltGeneration } from './build.ts';
import { createRetiring, type Retiring, type RetiringOptions } from './retiring.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What retiring looks at of a generation. */
type Old = Pick<BuiltGeneration, 'id' | 'holds' | 'upstreams'> & {
  calls: number;
  over: boolean;
  closed: string | undefined;
};

const shared: Upstream = createScriptedUpstream({ id: 'shared' });

function old(id: number, upstreams: readonly Upstream[] = [shared]): Old & BuiltGeneration {
  const one = {
    id,
    upstreams,
    holds: { sessions: 0, waiting: 0 },
    calls: 0,
    over: false,
    closed: undefined as string | undefined,
    running: () => one.calls,
    end() {
      one.over = true;
    },
    async close(reason: string) {
      one.closed = reason;
    },
  };
  return one as unknown as Old & BuiltGeneration;
}

function retiringOf(options: Partial<RetiringOptions> = {}): { retiring: Retiring; closed: number[] } {
  const closed: number[] = [];
  const retiring = createRetiring({
    active: () => old(99),
    drainTimeoutMs: () => 10_000,
    gracePeriodMs: () => 2000,
    max: () => 3,
    closed: ({ id }) => void closed.push(id),
    now: () => Date.now(),
    ...options,
  });
  return { retiring, closed };
}

describe('a generation that is no longer active', () => {
  it('is closed at once when nobody uses it and it has no server of its own', async () => {
    const { retiring, closed } = retiringOf();
    await retiring.add(old(1));
    expect(closed).toEqual([1]);
    expect(retiring.all()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the servers that only it has for a while after its last use', async () => {
    const { retiring, closed } = retiringOf();
    const one = old(1, [createScriptedUpstream({ id: 'own' })]);
    one.calls = 1;
    void retiring.add(one);
    await vi.advanceTimersByTimeAsync(5000);
    one.calls = 0;
    await vi.advanceTimersByTimeAsync(1900);
    one.calls = 1;
    await vi.advanceTimersByTimeAsync(100);
    one.calls = 0;
    await vi.advanceTimersByTimeAsync(1900);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(one.closed).toBe('it has drained');
  });

  it.each([
    ['a session', (one: Old) => void one.holds.sessions++],
    ['a call that waits', (one: Old) => void one.holds.waiting++],
    ['a call', (one: Old) => void one.calls++],
  ])('waits for %s, but not for ever', async (_, use) => {
    const { retiring } = retiringOf();
    const one = old(1);
    use(one);
    void retiring.add(one);
    await vi.advanceTimersByTimeAsync(9900);
    expect(one.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(one.closed).toBe('its time to drain is over');
  });

  it('waits for what a server of its own keeps for its clients', async () => {
    const { retiring } = retiringOf({ gracePeriodMs: () => 0 });
    const upstream = { ...createScriptedUpstream({ id: 'own' }), parked: 1 };
    const one = old(1, [upstream]);
    void retiring.add(one);
    await vi.advanceTimersByTimeAsync(1000);
    expect(one.closed).toBeUndefined();
    upstream.parked = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(one.closed).toBe('it has drained');
  });

  it('can be hurried, and ended', async () => {
    const { retiring } = retiringOf();
    const [slow, stuck] = [old(1), old(2)];
    slow.calls = 1;
    stuck.calls = 1;
    void retiring.add(slow);
    void retiring.add(stuck);
    const hurried = retiring.hurry(1, 500);
    await retiring.hurry(2, 0);
    expect(stuck.closed).toBe('its time to drain is over');
    await vi.advanceTimersByTimeAsync(600);
    await hurried;
    expect(slow.closed).toBe('its time to drain is over');
    expect(retiring.hurry(7, 0)).toBeUndefined();
  });

  it('gives its sessions up when there are too many of its kind, and its calls not', async () => {
    const { retiring } = retiringOf();
    const all = [old(1), old(2), old(3)];
    for (const one of all) one.holds.sessions = 1;
    const [first, second] = all as unknown as [Old, Old];
    first.calls = 1;
    for (const one of all) void retiring.add(one);
    expect(all.map(({ over }) => over)).toEqual([true, false, false]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(first.closed).toBeUndefined();
    first.calls = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect([first.closed, second.closed]).toEqual(['it has drained', undefined]);
  });

  it('is closed with the hub', async () => {
    const { retiring } = retiringOf();
    const one = old(1);
    one.calls = 1;
    void retiring.add(one);
    await retiring.close('the hub goes');
    expect(one.closed).toBe('the hub goes');
    expect(vi.getTimerCount()).toBe(0);
  });
});
