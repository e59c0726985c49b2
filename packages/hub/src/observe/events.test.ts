import { describe, expect, it } from 'vitest';
import type { HubEvent, SentEvent } from '../core/hub-event.ts';
import { createEvents } from './events.ts';

const generation = (id: number): HubEvent => ({
  type: 'generation',
  generation: id,
  state: 'active',
  message: undefined,
});
const call: HubEvent = {
  type: 'call',
  method: 'tools/call',
  name: 'a_b',
  server: 'a',
  outcome: 'complete',
  ms: 3,
};

describe('createEvents', () => {
  it('numbers events, tells their time, and tells every listener until it stops', () => {
    const events = createEvents({ now: () => 7 });
    const seen: SentEvent[] = [];
    expect(events.heard).toBe(false);
    const stop = events.listen((event) => seen.push(event));
    expect(events.heard).toBe(true);
    events.emit(generation(1));
    events.emit(call);
    stop();
    events.emit(generation(2));
    expect(seen).toEqual([
      { ...generation(1), seq: 1, at: 7 },
      { ...call, seq: 2, at: 7 },
    ]);
  });

  it('tells a listener first what it missed, as far as it was kept, calls never', () => {
    const events = createEvents({ now: () => 0, kept: 2 });
    events.emit(call);
    for (const id of [1, 2, 3]) events.emit(generation(id));
    const all: SentEvent[] = [];
    const some: SentEvent[] = [];
    const none: SentEvent[] = [];
    events.listen((event) => all.push(event), 0);
    events.listen((event) => some.push(event), 2);
    events.listen((event) => none.push(event));
    expect(all.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(some.map(({ seq }) => seq)).toEqual([3]);
    expect(none).toEqual([]);
  });
});
