import type { HubEvents } from '../core/hub-event.ts';
import type { Readiness } from '../core/readiness.ts';
import type { Supervision } from '../core/supervised.ts';
import type { BuiltGeneration } from './build.ts';
import type { Config } from './config.ts';

/** How two configurations differ. */
export interface GenerationDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Servers that are started anew, with the keys that differ. */
  readonly changed: readonly { readonly server: string; readonly keys: readonly string[] }[];
  /** Servers that go on running and are shown or used in another way, with the keys that differ. */
  readonly adjusted: readonly { readonly server: string; readonly keys: readonly string[] }[];
  readonly unchanged: readonly string[];
  /** Top-level keys other than the servers that differ. */
  readonly settings: readonly string[];
}

/** One accepted or refused configuration. */
export interface GenerationRecord {
  readonly id: number;
  /** Hash of the whole configuration, secrets left out. */
  readonly hash: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly state: 'warming' | 'active' | 'draining' | 'retired' | 'failed';
  readonly origin: 'start' | 'file' | 'reload' | 'api' | 'rollback';
  readonly servers: readonly string[];
  readonly diff: GenerationDiff;
  /** Why it failed, or why it was rolled back. */
  readonly error: string | undefined;
  /** Sessions that still run on it. */
  readonly sessions: number;
  /** Requests and parked calls under way on it. */
  readonly calls: number;
}

/** What came of one attempt to change the configuration. */
export interface ApplyResult {
  readonly outcome: 'applied' | 'unchanged' | 'failed' | 'dry-run';
  /** The generation that is active now. */
  readonly generation: number;
  readonly diff: GenerationDiff;
  /** With file, line and column where they are known; empty unless it failed. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** A configuration as a source hands it over, or why there is none. */
export type DesiredState =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

/** One server as `status`, `list`, the API and `hatago://servers` show it; free of secrets. */
export interface ServerView {
  readonly id: string;
  /** As in `hatago://servers` before: `stopped`, `starting`, `ready` or `failed`. */
  readonly status: string;
  readonly type: string;
  readonly url: string | null;
  readonly command: string | null;
  readonly tags: readonly string[];
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  /** What its definitions cost a model that is shown all of them, estimated. */
  readonly tokens: number;
  readonly error: string | null;
  readonly era: 'legacy' | 'modern' | null;
  readonly protocolVersion: string | null;
  readonly readiness: Readiness;
  readonly supervision: Supervision | null;
}

/** Keeps the running configuration: every change goes through one serial `apply`. */
export interface Controller {
  /** The active generation; read once per request. */
  current(): BuiltGeneration;
  readonly config: Config;
  readonly events: HubEvents;
  /** Faults of the last configuration that was refused; undefined once a good one was seen. */
  readonly rejected: readonly string[] | undefined;
  /** Reads the source again and applies what it says. */
  reload(options?: { readonly dryRun?: boolean; readonly origin?: GenerationRecord['origin'] }): Promise<ApplyResult>;
  /** Applies a state that a caller holds. */
  apply(
    state: DesiredState,
    options?: { readonly dryRun?: boolean; readonly origin?: GenerationRecord['origin'] },
  ): Promise<ApplyResult>;
  /** Newest first. */
  generations(): readonly GenerationRecord[];
  /** How two generations differ; undefined where the configuration of one was not kept. */
  diff(from: number, to: number): GenerationDiff | undefined;
  /** Ends a generation that is no longer active; resolves when it has drained or the time is over. */
  drain(id: number, options?: { readonly timeoutMs?: number; readonly force?: boolean }): Promise<GenerationRecord>;
  /** Applies the configuration of an earlier generation; the last good one where none is named. */
  rollback(id?: number): Promise<ApplyResult>;
  servers(): readonly ServerView[];
  server(id: string): ServerView | undefined;
  start(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  restart(id: string): Promise<void>;
  /** The last lines of the server's stderr. */
  logs(id: string): readonly string[];
  close(reason: string): Promise<void>;
}
