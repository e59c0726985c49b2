/** A repeating timer that runs only while it is wanted and never keeps the process alive. */
export interface Ticker {
  /** Starts it; does nothing while it runs. */
  start(): void;
  stop(): void;
}

/** Makes a stopped ticker that calls back every `everyMs` milliseconds once started. */
export function createTicker(everyMs: number, tick: () => void): Ticker {
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      timer ??= setInterval(tick, everyMs).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
