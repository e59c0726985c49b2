import type { HubEvents } from '../core/hub-event.ts';
import type { Log } from '../core/log.ts';
import type { ListCache } from '../storage/list-cache.ts';
import type { UpstreamDeps } from '../upstream/spec.ts';
import type { Config } from './config.ts';
import type { RegisteredServer } from './servers.ts';
import type { ConfigSource } from './source.ts';

/** Options of a controller. */
export interface ControllerOptions {
  /** The configuration the hub starts with. */
  readonly config: Config;
  readonly registered: readonly RegisteredServer[];
  /** Where later configurations come from. @default there is none but what is applied */
  readonly source?: ConfigSource;
  /** Applies edits of the source's files by itself. @default as the configuration says */
  readonly watch?: boolean;
  /** What relative working directories are relative to. */
  readonly folder: string;
  /** State directory. @default nothing is kept over restarts */
  readonly home?: string;
  readonly sealKeys: readonly Uint8Array[];
  readonly deps: UpstreamDeps;
  /** Where the lists of servers that are started by their first use are remembered. @default nowhere */
  readonly lists?: ListCache;
  readonly events: HubEvents;
  readonly log: Log;
}
