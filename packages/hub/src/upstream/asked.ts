/** Someone who waits for a server to be up, or down. */
export interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** What was asked for by hand and is not begun yet: first down, then up, as far as either was asked for. */
export interface Asked {
  down: boolean;
  up: boolean;
  reason: string;
  readonly waitForDown: Waiter[];
  readonly waitForUp: Waiter[];
}

/** What those are told who wanted a server up that somebody stopped before it was. */
export const STOPPED_MEANWHILE = 'it was stopped meanwhile';

/** Nothing asked for yet. */
export function nothingAsked(): Asked {
  return { down: false, up: false, reason: '', waitForDown: [], waitForUp: [] };
}

/** Adds a stop: it undoes the starts asked for so far. */
export function askDown(asked: Asked, reason: string, waiter: Waiter): void {
  asked.down = true;
  asked.up = false;
  asked.reason = reason;
  asked.waitForDown.push(waiter);
  for (const other of asked.waitForUp.splice(0)) other.reject(new Error(STOPPED_MEANWHILE));
}

/** Adds a start, after the stops asked for so far. */
export function askUp(asked: Asked, waiter: Waiter): void {
  asked.up = true;
  asked.waitForUp.push(waiter);
}

/** Adds a stop with a start after it, which is the one that earlier starts get. */
export function askAgain(asked: Asked, reason: string, waiter: Waiter): void {
  asked.down = true;
  asked.reason = reason;
  askUp(asked, waiter);
}
