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

/** An immutable running build of a configuration. */
export interface Generation {
  readonly id: number;
  readonly routes: ReadonlyMap<string, RouteEntry>;
  readonly upstreams: readonly Upstream[];
  /** The route of a path, trailing slash ignored. */
  match(path: string): RouteEntry | undefined;
  close(reason: string): Promise<void>;
}
