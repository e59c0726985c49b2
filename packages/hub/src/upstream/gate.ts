/** What waits at a {@link Gate}: told once there is a place for it. */
export interface Waiting {
  launch(): void;
}

/** Counts the requests in flight at one upstream, over all its connections, and lets those over the limit wait in line. */
export class Gate {
  inFlight = 0;
  readonly #maxInFlight: number;
  readonly #maxQueue: number;
  #waiting: Waiting[] = [];

  constructor(maxInFlight: number, maxQueue: number) {
    this.#maxInFlight = maxInFlight;
    this.#maxQueue = maxQueue;
  }

  /** How many wait. */
  get queued(): number {
    return this.#waiting.length;
  }

  /** Takes a place (`go`), a place in the line (`wait`), or neither (`full`). */
  enter(entry: Waiting): 'go' | 'wait' | 'full' {
    if (this.inFlight < this.#maxInFlight) {
      this.inFlight++;
      return 'go';
    }
    if (this.#waiting.length >= this.#maxQueue) return 'full';
    this.#waiting.push(entry);
    return 'wait';
  }

  /** Takes a place whatever the limit: a parked call that goes on was let in before. */
  reenter(): void {
    this.inFlight++;
  }

  /** Gives a place back, to the first in the line if there is one. */
  leave(): void {
    this.inFlight--;
    if (this.inFlight >= this.#maxInFlight) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.inFlight++;
    next.launch();
  }

  /** Leaves the line. */
  forget(entry: Waiting): void {
    const at = this.#waiting.indexOf(entry);
    if (at !== -1) this.#waiting.splice(at, 1);
  }
}
