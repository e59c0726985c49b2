import type { HubCode } from '@hatago/protocol';

/** Which servers' tools are shown, and how. */
export interface ToolsConfig {
  /** Globs of the server's own tool names that are offered. @default ['*'] */
  readonly include: readonly string[];
  /** Globs of the server's own tool names that are not. @default [] */
  readonly exclude: readonly string[];
  /** New names and descriptions by the server's own tool name; `{description}` stands for the old text. @default {} */
  readonly overrides: Readonly<Record<string, ToolOverride>>;
}

/** What one tool is called and described as instead. */
export interface ToolOverride {
  readonly name?: string;
  readonly description?: string;
}

/** How long the hub waits for a server, in milliseconds; 0 = without end. */
export interface TimeoutsConfig {
  /** For the connection and its handshake. @default 20000 */
  readonly connectMs: number;
  /** For one request, begun anew by every progress notification. @default 60000 */
  readonly requestMs: number;
  /** For one request in all, however much progress it reports. @default 300000 */
  readonly totalMs: number;
}

/** How a server that hangs is found. */
export interface HealthConfig {
  /** Between two checks, in milliseconds; 0 = never checked. @default 30000 */
  readonly intervalMs: number;
  /** How long one check may stay unanswered, in milliseconds. @default 5000 */
  readonly timeoutMs: number;
  /** Checks in a row that must fail before the server is started anew. @default 3 */
  readonly failures: number;
}

/** How a server that ended is started again. */
export interface RestartConfig {
  /** How the pause grows from one attempt to the next. @default 'exponential' */
  readonly backoff: 'exponential' | 'linear' | 'fixed';
  /** Attempts in a row before it is left crashed; 0 = it is not started again. @default 5 */
  readonly max: number;
  /** The first pause, in milliseconds. @default 500 */
  readonly delayMs: number;
  /** The longest pause, in milliseconds. @default 30000 */
  readonly maxDelayMs: number;
}

/** What one process may use; where the system has no means to hold it to that, a warning says so. */
export interface ServerLimitsConfig {
  /** Memory of the process, in MiB. @default unbounded */
  readonly memoryMb?: number;
  /** Processors, 0.5 for half of one. @default unbounded */
  readonly cpu?: number;
}

/** What the hub presents to a remote server. */
export interface AuthConfig {
  /** @default 'none' */
  readonly type: 'none' | 'bearer';
  /** bearer: sent as `Authorization: Bearer …`. */
  readonly token?: string;
}

/** Why a server must not be started, though its configuration is valid. */
export interface Blocked {
  readonly code: HubCode;
  /** What is the matter, one sentence. */
  readonly message: string;
  /** The command that mends it. */
  readonly fix?: string;
}

/** One server of the configuration, defaults filled in. */
export interface ServerConfig {
  readonly type: 'stdio' | 'http' | 'sse' | 'ws';
  readonly command?: string;
  readonly args: readonly string[];
  /** `null` removes a variable the child would otherwise inherit. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  /** Set when it is loaded, never by a document: the folder of the file that names its command, where npx runs without a `cwd`. */
  readonly startIn?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: AuthConfig;
  /** Which protocol era is spoken to it. @default 'auto' */
  readonly protocol: 'auto' | 'modern' | 'legacy';
  /** What is declared to a legacy server: all the hub relays, or what this client has. @default 'union' */
  readonly capabilities: 'union' | 'session';
  /** One connection for all callers, or one per session. @default 'shared' */
  readonly isolation: 'shared' | 'session';
  /** Roots told to a server that asks for them outside any call. @default [] */
  readonly roots: readonly { readonly uri: string; readonly name?: string }[];
  /** Started with the hub, or at its first use. @default 'eager' */
  readonly start: 'eager' | 'lazy';
  /** A server nobody uses for this long is stopped until its next use, in milliseconds; 0 = never. @default 0 */
  readonly idleStopMs: number;
  /** Where it runs: in `cwd`, or in an empty directory of its own that is removed with it. @default 'cwd' */
  readonly workspace: 'cwd' | 'temp';
  readonly health: HealthConfig;
  readonly restart: RestartConfig;
  readonly limits: ServerLimitsConfig;
  /** Whether a changed server is started before the old one ends, or after. @default 'overlap' */
  readonly rollover: 'overlap' | 'replace';
  /** Ids of servers that are started before it. @default [] */
  readonly dependsOn: readonly string[];
  /** Names of the secrets it may read; undefined = those its definition refers to. */
  readonly secrets?: readonly string[];
  readonly tags: readonly string[];
  readonly disabled: boolean;
  readonly timeouts: TimeoutsConfig;
  readonly tools: ToolsConfig;
  readonly description?: string;
  /** Added to what clients are told about the hub's use, under this server's name. */
  readonly instructions?: string;
  /** Set when it is loaded, never by a document: why it must not be started. */
  readonly blocked?: Blocked;
}

/** Bounds that protect the hub; every one has a hard cap. */
export interface LimitsConfig {
  /** Largest HTTP request body. @default 4194304 */
  readonly maxBodyBytes: number;
  /** Largest line, event or body from a server. @default 10485760 */
  readonly maxMessageBytes: number;
  /** Deepest JSON nesting. @default 64 */
  readonly maxDepth: number;
  /** Most JSON tokens in one message. @default 200000 */
  readonly maxTokens: number;
  /** Most requests in flight at one server. @default 1024 */
  readonly maxInFlightPerUpstream: number;
  /** Most requests waiting for one server. @default 1024 */
  readonly maxQueuePerUpstream: number;
  /** Most requests in flight in all. @default 4096 */
  readonly maxInFlight: number;
  /** Most calls of one caller that wait for its answers. @default 16 */
  readonly maxParkedPerPrincipal: number;
  /** How long a call waits for its client's answer, in milliseconds. @default 600000 */
  readonly parkedMs: number;
  /** A list longer than this is sent in pages. @default 8388608 */
  readonly maxListBytes: number;
  /** How long the first list or call waits for servers to start, in milliseconds. @default 3000 */
  readonly settleMs: number;
  /** Most TCP connections. @default 16384 */
  readonly maxConnections: number;
}

/** The HTTP listener. */
export interface HttpConfig {
  /** @default '127.0.0.1' */
  readonly host: string;
  /** @default 3535 */
  readonly port: number;
  /** Host names accepted besides loopback and the bound address. @default [] */
  readonly allowedHosts: readonly string[];
  /** Origins (`https://host[:port]`) accepted besides the hub's own. @default [] */
  readonly allowedOrigins: readonly string[];
  /** Serves the HTTP+SSE transport of 2024-11-05 under `/sse`. @default false */
  readonly legacySse: boolean;
  /** Serves WebSocket under `/ws`. @default false */
  readonly webSocket: boolean;
}

/** How names of several servers become one set. */
export interface ToolNamingConfig {
  /** @default 'prefix' */
  readonly strategy: 'prefix' | 'none' | 'alias' | 'error';
  /** @default '_' */
  readonly separator: string;
  /** Longest public name. @default 48 */
  readonly maxLength: number;
  /** Public names chosen by hand, by the name under `prefix`. @default {} */
  readonly aliases: Readonly<Record<string, string>>;
}

/** One rule of the policy; the first that matches decides. */
export interface PolicyRuleConfig {
  /** Named in decisions and logs. */
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Glob of public tool names. @default '*' */
  readonly tool: string;
  /** Glob of principals. @default '*' */
  readonly principal: string;
}

/** Which tools may be called, and by whom. */
export interface PolicyConfig {
  /** @default true */
  readonly enabled: boolean;
  /** Decisions are logged and not enforced. @default false */
  readonly dryRun: boolean;
  /** What happens where no rule matches. @default 'allow' */
  readonly defaultEffect: 'allow' | 'deny';
  /** @default [] */
  readonly rules: readonly PolicyRuleConfig[];
}

/** How configurations follow each other. */
export interface GenerationConfig {
  /** Edits of the files are applied by themselves. @default true */
  readonly watch: boolean;
  /** Most generations that run at a time; the oldest one is ended for a further one. @default 3 */
  readonly max: number;
  /** How long the servers that only an old generation has go on after its last use, in milliseconds. @default 30000 */
  readonly gracePeriodMs: number;
}

/** How one generation takes over from another. */
export interface RolloverConfig {
  /** How long sessions and calls of the old generation may go on, in milliseconds. @default 60000 */
  readonly drainTimeoutMs: number;
  /** Share of failed requests, 0 to 1, above which a new generation is rolled back; 1 = never. @default 0.1 */
  readonly errorRateThreshold: number;
  /** How long after the swap the error rate is watched, in milliseconds. @default 30000 */
  readonly windowMs: number;
  /** Requests that must have ended before the error rate counts. @default 20 */
  readonly minCalls: number;
  /** How long a swap waits for new servers to be ready, in milliseconds; 0 = not at all. @default 0 */
  readonly warmupMs: number;
}

/** The admin API over HTTP; the local socket is there in any case. */
export interface AdminConfig {
  /** Answers `/api/v1` on the HTTP listener. @default true */
  readonly http: boolean;
  /** Accepted as `Authorization: Bearer …`, besides the token that the hub draws at each start. */
  readonly token?: string;
}

/** A whole configuration, defaults filled in. */
export interface Config {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly http: HttpConfig;
  readonly mcpServers: Readonly<Record<string, ServerConfig>>;
  readonly toolNaming: ToolNamingConfig;
  readonly session: {
    /** A session nobody uses for this long ends. @default 3600 */
    readonly ttlSeconds: number;
  };
  readonly policy: PolicyConfig;
  readonly generation: GenerationConfig;
  readonly rollover: RolloverConfig;
  readonly admin: AdminConfig;
  readonly limits: LimitsConfig;
}
