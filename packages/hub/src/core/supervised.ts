/** Life of a supervised server. */
export type ServerState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'STOPPING' | 'CRASHED';

/** What supervision knows of one server. */
export interface Supervision {
  readonly state: ServerState;
  /** Processes that run for it now, its group leaders; empty for servers that are no process of ours. */
  readonly pids: readonly number[];
  /** Starts after the first one since it was last started by hand. */
  readonly restarts: number;
  /** Failures in a row: of attempts to start it, or of health checks. */
  readonly failures: number;
  /** Why it is in this state, in words for a person; undefined when there is nothing to say. */
  readonly reason: string | undefined;
  /** When it came into this state, in milliseconds of the epoch. */
  readonly since: number;
  /** When it is started again by itself, in milliseconds of the epoch; undefined when it is not. */
  readonly retryAt: number | undefined;
}

/** A server that can be started and stopped by hand; what is asked at the same time is done one after the other. */
export interface Supervised {
  readonly supervision: Supervision;
  /** Resolves when it runs; starts the count of restarts anew. @throws Error with the reason when it does not come up */
  start(): Promise<void>;
  /** Resolves when nothing of it is left running; it stays stopped until it is started by hand. */
  stop(reason: string): Promise<void>;
  /** @throws Error with the reason when it does not come up again */
  restart(reason: string): Promise<void>;
  /** The last lines of what it wrote to stderr, free of escapes. */
  logs(): readonly string[];
}
