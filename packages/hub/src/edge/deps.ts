import type { HeaderGet, ScanLimits } from '@hatago/protocol';
import type { Principal } from '../core/exchange.ts';
import type { Generation } from '../core/generation.ts';
import type { Log } from '../core/log.ts';
import type { Sessions } from '../session/sessions.ts';
import type { LegacySession } from './legacy-session.ts';

/** Bounds of everything a client can make an edge hold or wait for. */
export interface EdgeLimits {
  /** Longest body of a POST. @default 4194304 */
  readonly maxBodyBytes: number;
  /** Depth and token bounds of a message. */
  readonly scan: ScanLimits;
  /** Longest line or socket message of a client on stdio or a socket. @default 10485760 */
  readonly maxMessageBytes: number;
  /** Most elements of a legacy batch. @default 100 */
  readonly maxBatch: number;
  /** What may wait, from one second to the next, for a reader that takes nothing, before it is closed. @default 1048576 */
  readonly maxBufferedBytes: number;
  /** How long a reader may take nothing at all before it is closed, in milliseconds. @default 30000 */
  readonly stalledMs: number;
  /** Silence after which a stream gets a comment, in milliseconds. @default 15000 */
  readonly keepAliveMs: number;
  /** Time without an answer after which a legacy POST becomes a stream, in milliseconds. @default 5000 */
  readonly lateStreamMs: number;
  /** What a session keeps of its streams' events for resuming. @default 1048576 */
  readonly replayBytes: number;
  /** @default 1000 */
  readonly replayEvents: number;
  /** How long after a disconnect a stream can be resumed, in milliseconds. @default 300000 */
  readonly replayMs: number;
  /** What a client is told to wait before it reconnects, in milliseconds. @default 1000 */
  readonly retryMs: number;
  /** How long a person may take to answer, in milliseconds. @default 600000 */
  readonly askTimeoutMs: number;
  /** Most rounds of questions in one legacy call. @default 8 */
  readonly maxAskRounds: number;
  /** Requests one legacy session or pipe may have in flight. @default 1024 */
  readonly maxInFlight: number;
  /** Tasks kept for one legacy session. @default 256 */
  readonly maxTasks: number;
}

/** The limits that hold unless others are configured. */
export const DEFAULT_EDGE_LIMITS: EdgeLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  scan: { maxDepth: 64, maxTokens: 200_000 },
  maxMessageBytes: 10 * 1024 * 1024,
  maxBatch: 100,
  maxBufferedBytes: 1024 * 1024,
  stalledMs: 30_000,
  keepAliveMs: 15_000,
  lateStreamMs: 5_000,
  replayBytes: 1024 * 1024,
  replayEvents: 1_000,
  replayMs: 300_000,
  retryMs: 1_000,
  askTimeoutMs: 600_000,
  maxAskRounds: 8,
  maxInFlight: 1_024,
  maxTasks: 256,
};

/** What every edge needs of the hub it stands in. */
export interface EdgeDeps {
  /** The active generation; read once per request. */
  current(): Generation;
  readonly hubInfo: { readonly name: string; readonly version: string; readonly [field: string]: unknown };
  readonly limits: EdgeLimits;
  readonly sessions: Sessions<LegacySession>;
  readonly log: Log;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Ids of the hub's own requests to legacy clients come after this one. @default 0 */
  readonly askIdsAfter?: number;
  /** Further names a `Host` header may carry, with or without port. **Security:** each one is a name that may be rebound. */
  readonly allowedHosts?: readonly string[];
  /** Further origins, exact in scheme, host and port. **Security:** scripts of these pages may use the hub. */
  readonly allowedOrigins?: readonly string[];
  /** Told when a legacy session begins, ends, or goes over to another generation. */
  onSession?(id: string, action: 'opened' | 'closed' | 'moved', session: LegacySession): void;
  /** Who sends a request, undefined = nobody known. @default everybody is `local` */
  principalOf?(headers: HeaderGet, remote: string | undefined): Principal | undefined;
}
