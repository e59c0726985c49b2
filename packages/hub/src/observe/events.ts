import type { HubEvent, HubEvents, SentEvent } from '../core/hub-event.ts';

/** Options of {@link createEvents}. */
export interface EventsOptions {
  /** Milliseconds of the epoch. */
  now(): number;
  /** Events kept for listeners that come later. Calls are not kept: they would push out everything else. @default 256 */
  readonly kept?: number;
}

/** Makes the place where the events of one hub are sent and heard. */
export function createEvents({ now, kept = 256 }: EventsOptions): HubEvents {
  const listeners = new Set<(event: SentEvent) => void>();
  /** A ring; `oldest` is where the next one goes. */
  const past: SentEvent[] = [];
  let oldest = 0;
  let seq = 0;
  return {
    get heard() {
      return listeners.size > 0;
    },
    emit(event: HubEvent) {
      const isCall = event.type === 'call';
      if (isCall && listeners.size === 0) return;
      const sent: SentEvent = Object.assign({}, event, { seq: ++seq, at: now() });
      if (!isCall) {
        past[oldest] = sent;
        oldest = (oldest + 1) % kept;
      }
      if (listeners.size > 0) for (const listener of [...listeners]) listener(sent);
    },
    listen(on, after = seq) {
      for (const event of [...past.slice(oldest), ...past.slice(0, oldest)]) if (event.seq > after) on(event);
      listeners.add(on);
      return () => listeners.delete(on);
    },
  };
}
