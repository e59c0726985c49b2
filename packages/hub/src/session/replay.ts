/** Bounds of what one session keeps for resuming its streams. */
export interface ReplayLimits {
  /** @default 1048576 */
  readonly maxBytes: number;
  /** @default 1000 */
  readonly maxEvents: number;
}

/** The last events of a session's streams, oldest dropped first, so that a client that lost one can go on where it was. */
export interface Replay {
  /** Keeps the ready text of one event; one that is larger than the whole buffer is not kept. */
  keep(stream: number, sequence: number, text: Uint8Array): void;
  /** What came on a stream after an event, in order. */
  after(stream: number, sequence: number): Uint8Array[];
  /** Forgets a stream whose client has everything. */
  drop(stream: number): void;
  readonly bytes: number;
}

interface Kept {
  readonly stream: number;
  readonly sequence: number;
  readonly text: Uint8Array;
}

/** Makes an empty buffer. */
export function createReplay(limits: ReplayLimits): Replay {
  let kept: Kept[] = [];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    keep(stream, sequence, text) {
      if (text.length > limits.maxBytes) return;
      kept.push({ stream, sequence, text });
      bytes += text.length;
      let dropped = 0;
      while (bytes > limits.maxBytes || kept.length - dropped > limits.maxEvents) {
        bytes -= (kept[dropped] as Kept).text.length;
        dropped++;
      }
      if (dropped > 0) kept = kept.slice(dropped);
    },
    after: (stream, sequence) =>
      kept.filter((event) => event.stream === stream && event.sequence > sequence).map((event) => event.text),
    drop(stream) {
      kept = kept.filter((event) => event.stream !== stream);
      bytes = kept.reduce((sum, event) => sum + event.text.length, 0);
    },
  };
}
