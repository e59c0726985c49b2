/** One thing worth a line in the log. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Stable dotted name, e.g. `upstream.failed` or `sec.host_rejected`. */
  readonly event: string;
  /** A sentence for a person. */
  readonly message?: string;
  /** The server id the event is about. */
  readonly server?: string;
  /** Further members; never a secret, never a payload. */
  readonly [member: string]: unknown;
}

/** Takes one event; never throws and never blocks. */
export type Log = (event: LogEvent) => void;

/** Drops every event. */
export const NO_LOG: Log = () => {};
