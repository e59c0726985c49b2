import type { Era, HubCode } from '@hatago/protocol';
import type { Log } from '../core/log.ts';
import type { Offers } from '../core/upstream.ts';
import type { ProcessGuard } from './guard.ts';
import type { HeadStart } from './head-start.ts';
import type { ParkedPlaces } from './parked-places.ts';
import type { RestartPolicy } from './restart-policy.ts';
import type { Starts } from './starts.ts';
import type { Workspaces } from './workspaces.ts';

/** One configured server, as the upstream floor needs it; secrets are already filled in. */
export interface UpstreamSpec {
  /** The server id of the configuration. */
  readonly id: string;
  readonly kind: UpstreamKind;
  /** stdio: the program and its arguments, never run through a shell. */
  readonly command?: string;
  readonly args?: readonly string[];
  /** stdio: added to the minimal environment; `null` removes a variable. */
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  /** http, sse, ws: where the server is. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** in-process: the server itself. */
  readonly handler?: { fetch(request: Request): Response | Promise<Response> };
  /** Which protocol era is spoken to it. @default 'auto' */
  readonly protocol?: 'auto' | Era;
  /** What is declared to a legacy server: all the hub relays, or what the caller has. @default 'union' */
  readonly capabilities?: 'union' | 'session';
  /** One connection for all callers, or one per session. @default 'shared' */
  readonly isolation?: 'shared' | 'session';
  /** Told to a server that asks for roots outside any call. @default [] */
  readonly roots?: readonly Root[];
  readonly timeouts?: Partial<UpstreamTimeouts>;
  /** Connect at once, or at the first request. @default 'eager' */
  readonly start?: 'eager' | 'lazy';
  /** It may not be started: requests end in the code, and nothing of it runs. @default it may */
  readonly blocked?: Blocked;
  /** Servers that are started before this one. @default [] */
  readonly dependsOn?: readonly string[];
  /** When it is started again after it ended or could not be started. @default exponential from 0.5 s to 30 s */
  readonly restart?: Partial<RestartPolicy>;
  /** Asks it regularly whether it is still there. @default never */
  readonly health?: HealthPolicy;
  /** A server that nobody used for this long is stopped until its next use, in milliseconds; 0 = never. @default 0 */
  readonly idleStopMs?: number;
  /** stdio: `temp` = it runs in an empty folder of its own, which goes with it. @default 'cwd' */
  readonly workspace?: 'temp' | 'cwd';
  /** stdio: most that one process of it may use, where the system can see to that. @default no bound */
  readonly caps?: ProcessCaps;
  /** The server must never run twice: an interactive one then runs its calls one at a time. @default false */
  readonly forbidSecondProcess?: boolean;
  readonly limits?: Partial<UpstreamLimits>;
  /** What a person sees of the server, secrets masked. @default built from kind, url and command */
  readonly about?: { readonly type: string; readonly url?: string; readonly command?: string };
}

/** Why a server may not be started. */
export interface Blocked {
  readonly code: HubCode;
  /** What is the matter, one sentence; free of secrets. */
  readonly message: string;
  /** The command that mends it. */
  readonly fix?: string;
}

/** How a server is asked whether it is still there. */
export interface HealthPolicy {
  /** From one check to the next, in milliseconds; 0 = never. */
  readonly intervalMs: number;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Checks without an answer in a row after which it is started again. */
  readonly failures: number;
}

/** What one process may use. */
export interface ProcessCaps {
  readonly memoryMb?: number;
  /** Of one processor: 0.5 is half of one, 2 is two. */
  readonly cpu?: number;
}

/** How a server is reached. */
export type UpstreamKind = 'stdio' | 'http' | 'sse' | 'ws' | 'in-process';

/** A root as `roots/list` tells it. */
export interface Root {
  readonly uri: string;
  readonly name?: string;
}

/** How long the hub waits for a server, in milliseconds; 0 = without end. */
export interface UpstreamTimeouts {
  /** For the connection and its handshake. @default 20000 */
  readonly connectMs: number;
  /** For one request, begun anew by every progress notification. @default 60000 */
  readonly requestMs: number;
  /** For one request in all. @default 300000 */
  readonly totalMs: number;
}

/** Bounds of one upstream. */
export interface UpstreamLimits {
  /** Most requests in flight; parked calls do not count. @default 1024 */
  readonly maxInFlight: number;
  /** Most requests that wait for a place. @default 1024 */
  readonly maxQueue: number;
  /**
   * Most calls of one caller that wait for its answers; the oldest gives way. Where nobody is authenticated a session is
   * a caller, and all without one may have 8 times as many together. @default 16
   */
  readonly maxParkedPerPrincipal: number;
  /** How long a call waits for its client's answer, in milliseconds. @default 600000 */
  readonly parkedMs: number;
  /** Asks that arrive within this time are put to a modern client together, in milliseconds. @default 25 */
  readonly coalesceMs: number;
  /** Notifications kept for a call nobody listens to. @default 256 */
  readonly maxBuffered: number;
  /** Most connections beside the shared one. @default 128 */
  readonly maxLeased: number;
  /** A connection beside the shared one that nobody uses for this long is closed, in milliseconds. @default 600000 */
  readonly leaseIdleMs: number;
  /** The same for a connection that belongs to one session, and holds its state. @default 3600000 */
  readonly sessionIdleMs: number;
  /** Most asks of one call that wait for answers at a time. @default 64 */
  readonly maxOpenAsks: number;
  /** How long a probe of the era may stay unanswered, in milliseconds. @default 2000 */
  readonly probeMs: number;
  /** How long a learned era is trusted, in milliseconds. @default 86400000 */
  readonly verdictMs: number;
  /** Largest message from the server, in bytes. @default 10485760 */
  readonly maxMessageBytes: number;
}

/** The timeouts used where a configuration says nothing. */
export const DEFAULT_TIMEOUTS: UpstreamTimeouts = { connectMs: 20_000, requestMs: 60_000, totalMs: 300_000 };

/** The limits used where a configuration says nothing. */
export const DEFAULT_LIMITS: UpstreamLimits = {
  maxInFlight: 1024,
  maxQueue: 1024,
  maxParkedPerPrincipal: 16,
  parkedMs: 600_000,
  coalesceMs: 25,
  maxBuffered: 256,
  maxLeased: 128,
  leaseIdleMs: 600_000,
  sessionIdleMs: 3_600_000,
  maxOpenAsks: 64,
  probeMs: 2000,
  verdictMs: 86_400_000,
  maxMessageBytes: 10 * 1024 * 1024,
};

/** What was learned of a server and is worth remembering over restarts. */
export interface Verdict {
  readonly era?: Era;
  /** The server speaks HTTP+SSE of 2024-11-05 where Streamable HTTP was expected. */
  readonly sse?: boolean;
  /** When the era is to be found out again, in milliseconds of the epoch. */
  readonly expiresAt?: number;
  /** It asks its client during calls, without saying for which. */
  readonly interactive?: boolean;
  /** It has tools and does not announce that they change, so nothing is missed between reading and following them. */
  readonly steady?: boolean;
}

/** Keeps verdicts; `put` may write in the background. */
export interface Verdicts {
  get(id: string): Verdict | undefined;
  put(id: string, verdict: Verdict): void;
}

/** What every upstream is given. */
export interface UpstreamDeps {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds of the epoch, for what outlives the process. @default now */
  wallNow?(): number;
  /** Calls back after the time unless the returned function is called first. @default an unreferenced setTimeout */
  schedule?(ms: number, call: () => void): () => void;
  /** Source of jitter, 0 to 1. @default Math.random */
  random?(): number;
  readonly hubInfo: { readonly name: string; readonly version: string };
  /** @default kept in memory */
  readonly verdicts?: Verdicts;
  readonly log?: Log;
  readonly limits?: Partial<UpstreamLimits>;
  /** Ends child processes should the hub die; one for all upstreams. @default none */
  readonly guard?: ProcessGuard;
  /** Programs that run already, for the first servers that ask for them. @default none */
  readonly headStart?: HeadStart;
  /** Bounds how many start at a time, and in which order; one for all upstreams. @default no bound, no order */
  readonly starts?: Starts;
  /** Counts the calls of each caller that wait for its answers; one for all upstreams. @default each has its own */
  readonly places?: ParkedPlaces;
  /** Makes the folders of `workspace: temp`; one for all upstreams. @default in the system's temporary folder */
  readonly workspaces?: Workspaces;
  /** What a lazy server offered when it last ran, by its id and digest. @default nothing is known */
  offersOf?(id: string, digest: string): Offers | undefined;
}
