import type { GenerationRecord, ServerView } from '@hatago/hub/control/control-plane.ts';

/** The hub as a whole, as it tells it. */
export interface StatusView {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly uptimeMs: number;
  readonly url: string | null;
  readonly ready: boolean;
  readonly draining: boolean;
  readonly config: string | null;
  readonly rejected: readonly string[] | null;
  readonly generation: number;
  readonly generations: readonly GenerationRecord[];
  readonly sessions: number;
  readonly servers: readonly ServerView[];
}

/** One session, as the hub tells it. */
export interface SessionView {
  readonly id: string;
  readonly client: string | null;
  readonly transport: string;
  readonly protocolVersion: string;
  readonly route: string;
  readonly principal: string;
  readonly generation: number;
  readonly calls: number;
  readonly idleMs: number;
}
