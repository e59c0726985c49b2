import { Payload } from '@hatago/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { complete, type ExchangeOptions, exchangeOf } from './scripted-upstream.ts';
import { createUsedStates, type UsedStatesOptions } from './used-states.ts';

const A = { k: { action: 'accept', content: { a: 1, b: 2 } } };
const SAME_AS_A = { k: { content: { b: 2, a: 1 }, action: 'accept' } };
const B = { k: { action: 'decline' } };

/** States with a clock that stands still, and a server whose calls the test ends. */
function createKit(options: Partial<UsedStatesOptions> = {}) {
  const clock = { nowMs: 0 };
  const states = createUsedStates({ now: () => clock.nowMs, ...options });
  const sent: { exchange: Exchange; end(outcome: Outcome): void; fail(error: Error): void }[] = [];
  const exchange = (answers?: object, more: ExchangeOptions = {}) =>
    exchangeOf('tools/call', answers === undefined ? {} : { inputResponses: answers }, more);
  const use = (state: string, from: Exchange = exchange(A)): Promise<Outcome> | undefined =>
    states.use(state, from, (run) => new Promise((end, fail) => sent.push({ exchange: run, end, fail })));
  /** Uses a state and ends its call. */
  const used = async (state: string, outcome: Outcome): Promise<void> => {
    const end = use(state);
    sent.at(-1)?.end(outcome);
    await end;
  };
  return { clock, sent, exchange, use, used };
}

const DONE = complete({ content: ['done'] });
const progress = (progressToken: unknown): { method: string; params: Payload } => ({
  method: 'notifications/progress',
  params: Payload.ofValue({ progressToken, progress: 1 }),
});
const tokened = (progressToken: string | undefined): ExchangeOptions => ({
  envelope: { ...exchangeOf('tools/call').envelope, progressToken },
});

describe('a request state', () => {
  it.each([
    ['the same answers', A, SAME_AS_A, true],
    ['no answers, as before', undefined, undefined, true],
    ['other answers', A, B, false],
    ['no answers any more', A, undefined, false],
    ['answers where there were none', undefined, {}, false],
  ])('that is used again with %s', async (_, first, second, joins) => {
    const { use, exchange, sent } = createKit();
    const running = use('s', exchange(first));
    const meanwhile = use('s', exchange(second));
    sent[0]?.end(DONE);
    expect(await running).toBe(DONE);
    expect(await meanwhile).toBe(joins ? DONE : undefined);
    expect(await use('s', exchange(second))).toBe(joins ? DONE : undefined);
    expect(sent).toHaveLength(1);
    expect(use('another')).toBeDefined();
  });

  it.each([
    [59_000, true],
    [60_000, true],
    [61_000, false],
  ])('gives its outcome again %i ms after that was there: %s', async (afterMs, again) => {
    const { use, sent, clock } = createKit();
    const running = use('s');
    clock.nowMs += 300_000;
    sent[0]?.end(DONE);
    await running;
    clock.nowMs += afterMs;
    expect(await use('s')).toBe(again ? DONE : undefined);
    expect(sent).toHaveLength(1);
  });

  it('stays used long after its outcome is gone, for as long as it could be valid', async () => {
    const { use, used, sent, clock } = createKit({ keepMs: 600_000 });
    await used('s', DONE);
    clock.nowMs += 599_999;
    expect(use('s')).toBeUndefined();
    clock.nowMs += 1;
    expect(use('s')).toBeDefined();
    expect(sent).toHaveLength(2);
  });

  it('is forgotten when there are too many, the oldest first', async () => {
    const { use, used, exchange } = createKit({ max: 2 });
    for (const state of ['1', '2', '3']) await used(state, DONE);
    expect(use('3', exchange(B))).toBeUndefined();
    expect(use('2', exchange(B))).toBeUndefined();
    expect(use('1', exchange(B))).toBeDefined();
  });

  it('that is forgotten while it runs has its outcome all the same', async () => {
    const { use, sent } = createKit({ max: 1 });
    const first = use('1');
    void use('2');
    sent[0]?.end(DONE);
    expect(await first).toBe(DONE);
  });

  it('loses its outcome when all of them hold too many bytes, and stays used', async () => {
    const { use, used, sent } = createKit({ maxBytes: 250 });
    const large = complete({ text: 'x'.repeat(100) });
    for (const state of ['1', '2', '3']) await used(state, large);
    expect(use('1')).toBeUndefined();
    expect(await use('2')).toBe(large);
    expect(await use('3')).toBe(large);
    await used('4', complete({ text: 'x'.repeat(300) }));
    for (const state of ['1', '2', '3', '4']) expect(use(state)).toBeUndefined();
    expect(sent).toHaveLength(4);
  });

  it.each(['HATAGO_UPSTREAM_UNAVAILABLE', 'HATAGO_OVERLOADED', 'HATAGO_UPSTREAM_AUTH_REQUIRED'] as const)(
    'whose request was never sent can be used again: %s',
    async (code) => {
      const { use, used, exchange, sent } = createKit();
      await used('s', failure(code));
      const again = use('s', exchange(B));
      sent[1]?.end(DONE);
      expect(await again).toBe(DONE);
    },
  );

  it('whose request was lost on the way stays used', async () => {
    const { use, used } = createKit();
    const lost = failure('HATAGO_UPSTREAM_LOST');
    await used('s', lost);
    expect(await use('s')).toBe(lost);
  });

  it('whose request failed in the hub itself stays used', async () => {
    const { use, sent } = createKit();
    const running = use('s');
    sent[0]?.fail(new Error('bug'));
    await expect(running).rejects.toThrow('bug');
    expect(use('s')).toBeUndefined();
  });
});

describe('requests that share a run', () => {
  it('cancel it when the last of them is cancelled', async () => {
    const { use, exchange, sent } = createKit();
    const [one, two] = [exchange(A), exchange(A)];
    void use('s', one);
    void use('s', two);
    one.cancel('gone');
    expect(sent[0]?.exchange.signal.cancelled).toBe(false);
    two.cancel('gone too');
    expect(sent[0]?.exchange.signal).toMatchObject({ cancelled: true, reason: 'gone too' });
  });

  it('have no say once the outcome is there, nor where they were cancelled before', async () => {
    const { use, exchange, sent } = createKit();
    const [one, two] = [exchange(A), exchange(A)];
    const running = use('s', one);
    two.cancel('before');
    void use('s', two);
    expect(sent[0]?.exchange.signal.cancelled).toBe(false);
    sent[0]?.end(DONE);
    await running;
    one.cancel('late');
    expect(sent[0]?.exchange.signal.cancelled).toBe(false);
  });

  it('let the newest hear, under its own token, and after it the one before', () => {
    const { use, exchange, sent } = createKit();
    const [one, two, three] = [exchange(A, tokened('p')), exchange(A, tokened('q')), exchange(A)];
    void use('s', one);
    const run = sent[0]?.exchange;
    run?.emit(progress('p'));
    void use('s', two);
    run?.emit(progress('p'));
    run?.emit({ method: 'notifications/message', params: Payload.ofValue({ data: 1 }) });
    void use('s', three);
    run?.emit(progress('p'));
    three.cancel('gone');
    run?.emit(progress('p'));
    const heard = (by: typeof one) => by.emitted.map(({ params }) => params.value());
    expect(heard(one)).toEqual([{ progressToken: 'p', progress: 1 }]);
    const own = { progressToken: 'q', progress: 1 };
    expect(heard(two)).toEqual([own, { data: 1 }, own]);
    expect(heard(three)).toEqual([]);
    two.cancel('gone');
    one.cancel('gone');
    run?.emit(progress('p'));
    expect(heard(one)).toHaveLength(1);
  });
});

describe('outcomes of states that nobody uses any more', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are let go by themselves', async () => {
    const { used, clock } = createKit();
    await used('s', DONE);
    expect(vi.getTimerCount()).toBe(1);
    clock.nowMs += 59_000;
    vi.advanceTimersByTime(59_000);
    expect(vi.getTimerCount()).toBe(1);
    clock.nowMs += 11_000;
    vi.advanceTimersByTime(11_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
