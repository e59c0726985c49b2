import { describe, expect, it, vi } from 'vitest';
import { createReplay, type ReplayEvent, type Replayed } from './replay.ts';
import { newSessionHandle, newSessionId } from './session-id.ts';
import { createSessions, type SessionRecord } from './sessions.ts';

interface Fake extends SessionRecord {
  busy: boolean;
  ended: string[];
  pruned: number[];
}

function fake(id: string, owner = 'a'): Fake {
  const ended: string[] = [];
  const pruned: number[] = [];
  return {
    id,
    owner,
    lastSeenMs: 0,
    busy: false,
    ended,
    pruned,
    prune: (ms) => pruned.push(ms),
    end: (reason) => ended.push(reason),
  };
}

describe('the session table', () => {
  it('finds a session for its owner alone and remembers that it was used', () => {
    let nowMs = 5;
    const sessions = createSessions<Fake>({ now: () => nowMs });
    const session = fake('x');
    expect(sessions.add(session)).toBe(true);
    nowMs = 9;
    expect(sessions.find('x', 'b')).toBeUndefined();
    expect(sessions.find('y', 'a')).toBeUndefined();
    expect(session.lastSeenMs).toBe(5);
    expect(sessions.find('x', 'a')).toBe(session);
    expect(session.lastSeenMs).toBe(9);
    expect([...sessions.all()]).toEqual([session]);
    sessions.close('over');
    expect(session.ended).toEqual(['over']);
    expect(sessions.size).toBe(0);
  });

  it('sweeps by itself while there are sessions, and has no timer while there are none', () => {
    vi.useFakeTimers();
    try {
      let nowMs = 0;
      const sessions = createSessions<Fake>({ now: () => nowMs, idleTtlMs: 15_000 });
      const [idle, busy] = [fake('i'), fake('b')];
      busy.busy = true;
      for (const session of [idle, busy]) sessions.add(session);
      expect(vi.getTimerCount()).toBe(1);
      nowMs = 10_000;
      vi.advanceTimersByTime(10_000);
      expect(idle.pruned).toEqual([10_000]);
      nowMs = 20_000;
      vi.advanceTimersByTime(10_000);
      expect([idle.ended, busy.ended]).toEqual([['idle for too long'], []]);
      sessions.end(idle, 'twice');
      sessions.end(busy, 'done');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is full at its limit, but makes room of what is idle', () => {
    let nowMs = 0;
    const sessions = createSessions<Fake>({ now: () => nowMs, idleTtlMs: 10, maxSessions: 1 });
    const old = fake('1');
    expect(sessions.add(old)).toBe(true);
    expect(sessions.add(fake('2'))).toBe(false);
    nowMs = 10;
    expect(sessions.add(fake('3'))).toBe(true);
    expect(old.ended).toHaveLength(1);
    sessions.close('done');
  });

  it('mints ids of 144 random bits, and handles', () => {
    const ids = new Set(Array.from({ length: 1_000 }, newSessionId));
    expect(ids.size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{24}$/);
    const handles = new Set(Array.from({ length: 1_000 }, newSessionHandle));
    expect(handles.size).toBe(1_000);
    for (const handle of handles) expect(handle).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe('the replay buffer', () => {
  const text = (size: number): Uint8Array => new Uint8Array(size);
  const stream = (attached = false): Replayed => ({ attached, lost: 0 });
  const event = (sequence: number, of: Uint8Array, vital = false): ReplayEvent => ({ sequence, text: of, vital });

  it('gives back what came on one stream after an event, in order', () => {
    const replay = createReplay({ maxBytes: 100, maxEvents: 10 });
    const [a, b, c, d] = [text(1), text(2), text(3), text(4)];
    const [one, two] = [stream(), stream()];
    replay.keep(one, event(1, a));
    replay.keep(two, event(1, b));
    replay.keep(one, event(2, c));
    replay.keep(one, event(3, d));
    expect(replay.after(one, 1)).toEqual([c, d]);
    expect(replay.after(one, 0)[0]).toBe(a);
    expect(replay.after(two, 1)).toEqual([]);
    expect(replay.bytes).toBe(10);
    replay.drop(one);
    expect(replay.after(one, 0)).toEqual([]);
    expect(replay.bytes).toBe(2);
  });

  it.each([
    ['bytes', { maxBytes: 10, maxEvents: 100 }, 4, [7, 8]],
    ['events', { maxBytes: 1_000, maxEvents: 3 }, 4, [6, 7, 8]],
  ])('drops the oldest over its %s', (_, limits, size, left) => {
    const replay = createReplay(limits);
    const one = stream();
    for (let sequence = 1; sequence <= 8; sequence++) replay.keep(one, event(sequence, text(size)));
    expect(replay.after(one, 0)).toHaveLength(left.length);
    expect(replay.bytes).toBe(size * left.length);
    expect(one.lost).toBe(0);
    replay.keep(one, event(9, text(limits.maxBytes + 1), true));
    expect(replay.bytes).toBe(size * left.length);
    expect(one.lost).toBe(9);
  });

  it('drops first what is of streams that have a connection, and says what nobody may miss', () => {
    const replay = createReplay({ maxBytes: 100, maxEvents: 2 });
    const [gone, here] = [stream(), stream(true)];
    replay.keep(gone, event(1, text(1), true));
    for (let sequence = 1; sequence <= 3; sequence++) replay.keep(here, event(sequence, text(1), sequence < 3));
    expect([replay.after(gone, 0).length, replay.after(here, 0).length]).toEqual([1, 1]);
    expect([gone.lost, here.lost]).toEqual([0, 2]);
    for (let sequence = 2; sequence <= 3; sequence++) replay.keep(gone, event(sequence, text(1)));
    expect([replay.after(gone, 0).length, gone.lost]).toEqual([2, 1]);
  });
});
