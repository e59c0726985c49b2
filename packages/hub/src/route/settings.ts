import type { Upstream } from '../core/upstream.ts';
import type { Inventory } from './inventory.ts';

/** Which of a server's tools are offered, and how. */
export interface ToolSettings {
  /** Globs of own tool names that are offered. @default ['*'] */
  readonly include?: readonly string[];
  /** Globs of own tool names that are neither offered nor callable. @default [] */
  readonly exclude?: readonly string[];
  /** New names and descriptions by own tool name; `{description}` stands for the old text. @default {} */
  readonly overrides?: Readonly<Record<string, { readonly name?: string; readonly description?: string }>>;
}

/** One server of a route, with what the configuration says of it. */
export interface RouteServer {
  readonly upstream: Upstream;
  readonly tools?: ToolSettings;
  /** Told to clients under this server's name, ahead of what the server itself says. */
  readonly instructions?: string;
}

/** A server of a route and what is known of it. */
export interface Member extends RouteServer {
  readonly inventory: Inventory;
}
