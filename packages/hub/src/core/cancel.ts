/**
 * A signal that an exchange is no longer wanted. It has the part of `AbortSignal` the request path uses at a fraction of
 * its cost.
 */
export interface CancelSignal {
  readonly cancelled: boolean;
  readonly reason: string | undefined;
  /** Calls back once when cancelled, at once if that was before; the returned function takes the callback back. */
  onCancel(call: (reason: string) => void): () => void;
}

/** A {@link CancelSignal} and the means to fire it. */
export interface Canceller extends CancelSignal {
  /** Fires the signal; only the first call counts. */
  cancel(reason: string): void;
}

const nothing = (): void => {};

class OneShot implements Canceller {
  cancelled = false;
  reason: string | undefined;
  #calls: ((reason: string) => void)[] | undefined;

  onCancel(call: (reason: string) => void): () => void {
    if (this.cancelled) {
      call(this.reason as string);
      return nothing;
    }
    this.#calls ??= [];
    const calls = this.#calls;
    calls.push(call);
    return () => {
      const at = calls.indexOf(call);
      if (at !== -1) calls.splice(at, 1);
    };
  }

  cancel(reason: string): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.reason = reason;
    const calls = this.#calls;
    this.#calls = undefined;
    if (calls !== undefined) for (const call of [...calls]) call(reason);
  }
}

/** Makes a signal that nobody has fired yet. */
export function createCanceller(): Canceller {
  return new OneShot();
}

/** A signal that never fires. */
export const NEVER: CancelSignal = { cancelled: false, reason: undefined, onCancel: () => nothing };
