/** Bounds of what one session keeps for resuming its streams. */
export interface ReplayLimits {
  /** @default 1048576 */
  readonly maxBytes: number;
  /** @default 1000 */
  readonly maxEvents: number;
}

/** A stream whose events are kept. */
export interface Replayed {
  /** A connection carries it now. */
  readonly attached: boolean;
  /** Sequence of the last event its client must not miss that is no longer kept; 0 = none. */
  lost: number;
}

/** One event of a stream. */
export interface ReplayEvent {
  readonly sequence: number;
  readonly text: Uint8Array;
  /** It is an answer or a question: a client that missed it must know that it did. */
  readonly vital: boolean;
}

/**
 * The last events of a session's streams, so that a client that lost one can go on where it was. The oldest of streams that
 * have a connection are dropped first, then the oldest of all.
 */
export interface Replay {
  /** Keeps the ready text of one event; one that is larger than the whole buffer is not kept. */
  keep(stream: Replayed, event: ReplayEvent): void;
  /** What came on a stream after an event, in order. */
  after(stream: Replayed, sequence: number): Uint8Array[];
  /** Forgets a stream whose client has everything. */
  drop(stream: Replayed): void;
  readonly bytes: number;
}

interface Kept extends ReplayEvent {
  readonly stream: Replayed;
}

/** Makes an empty buffer. */
export function createReplay(limits: ReplayLimits): Replay {
  let kept: Kept[] = [];
  let bytes = 0;
  const lose = (stream: Replayed, { sequence, vital }: ReplayEvent): void => {
    if (vital && sequence > stream.lost) stream.lost = sequence;
  };
  return {
    get bytes() {
      return bytes;
    },
    keep(stream, event) {
      if (event.text.length > limits.maxBytes) return lose(stream, event);
      kept.push({ stream, ...event });
      bytes += event.text.length;
      while (bytes > limits.maxBytes || kept.length > limits.maxEvents) {
        const attached = kept.findIndex((one) => one.stream.attached);
        const [dropped] = kept.splice(Math.max(attached, 0), 1) as [Kept];
        bytes -= dropped.text.length;
        lose(dropped.stream, dropped);
      }
    },
    after: (stream, sequence) =>
      kept.filter((event) => event.stream === stream && event.sequence > sequence).map((event) => event.text),
    drop(stream) {
      kept = kept.filter((event) => event.stream !== stream);
      bytes = kept.reduce((sum, event) => sum + event.text.length, 0);
    },
  };
}
