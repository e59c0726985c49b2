import type { Handler } from './exchange.ts';
import type { Upstream } from './upstream.ts';

/** A path the hub exposes, with its chain and upstreams. */
export interface RouteEntry {
  /** `/mcp`, `/mcp/<server>` or `/mcp/@<tag>`. */
  readonly path: string;
  readonly upstreams: readonly Upstream[];
  readonly handler: Handler;
  /** Resolves when every upstream of the route has settled, or after its wait; lists and calls wait for it. */
  readonly settled: Promise<void>;
}

/** Who holds a generation besides the requests that are on their way; each counts itself in and out. */
export interface GenerationHolds {
  /** Legacy sessions that began on it and have not moved on. */
  sessions: number;
  /** Calls that wait for their client or for a task, and go on here. */
  waiting: number;
}

/** An immutable running build of a configuration. */
export interface Generation {
  readonly id: number;
  readonly routes: ReadonlyMap<string, RouteEntry>;
  readonly upstreams: readonly Upstream[];
  readonly holds: GenerationHolds;
  /** It has been drained, or its time is over: a session that is still bound to it moves on with its next request. */
  readonly over: boolean;
  /** The route of a path, trailing slash ignored. */
  match(path: string): RouteEntry | undefined;
  close(reason: string): Promise<void>;
}
