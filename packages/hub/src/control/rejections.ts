import type { HubEvents } from '../core/hub-event.ts';
import type { Log } from '../core/log.ts';

/** The configuration that was refused last, if no good one came since. */
export interface Rejections {
  readonly current: readonly string[] | undefined;
  /** A configuration is not used: told once, however often it is seen. */
  refuse(errors: readonly string[], active: number): void;
  /** What was active is not any more, and has been told of. */
  withdraw(message: string): void;
  /** A good one was seen. */
  clear(): void;
}

/** Makes the place where it is remembered. */
export function createRejections(log: Log, events: HubEvents): Rejections {
  let current: readonly string[] | undefined;
  return {
    get current() {
      return current;
    },
    refuse(errors, active) {
      if (current?.join('\n') === errors.join('\n')) return;
      current = errors;
      const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
      const message = `the configuration is not used: ${errors[0]}${more}; generation ${active} goes on`;
      log({ level: 'error', event: 'config.rejected', message, errors });
      events.emit({ type: 'config.rejected', errors });
    },
    withdraw(message) {
      current = [message];
    },
    clear() {
      current = undefined;
    },
  };
}
