/** Which servers' tools are shown, and how. */
export interface ToolsConfig {
  /** Globs of the server's own tool names that are offered. @default ['*'] */
  readonly include: readonly string[];
  /** Globs of the server's own tool names that are not. @default [] */
  readonly exclude: readonly string[];
  /** New names and descriptions by the server's own tool name; `{description}` stands for the old text. @default {} */
  readonly overrides: Readonly<Record<string, { readonly name?: string; readonly description?: string }>>;
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

/** One server of the configuration, defaults filled in. */
export interface ServerConfig {
  readonly type: 'stdio' | 'http' | 'sse' | 'ws';
  readonly command?: string;
  readonly args: readonly string[];
  /** `null` removes a variable the child would otherwise inherit. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
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
  readonly tags: readonly string[];
  readonly disabled: boolean;
  readonly timeouts: TimeoutsConfig;
  readonly tools: ToolsConfig;
  readonly description?: string;
  /** Added to what clients are told about the hub's use, under this server's name. */
  readonly instructions?: string;
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

/** A whole configuration, defaults filled in. */
export interface Config {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Host names accepted besides loopback and the bound address. */
    readonly allowedHosts: readonly string[];
    /** Origins (`https://host[:port]`) accepted besides the hub's own. */
    readonly allowedOrigins: readonly string[];
    /** Serves the HTTP+SSE transport of 2024-11-05 under `/sse`. @default false */
    readonly legacySse: boolean;
    /** Serves WebSocket under `/ws`. @default false */
    readonly webSocket: boolean;
  };
  readonly mcpServers: Readonly<Record<string, ServerConfig>>;
  readonly toolNaming: {
    readonly strategy: 'prefix' | 'none';
    readonly separator: string;
    /** Longest public name. @default 48 */
    readonly maxLength: number;
  };
  readonly session: {
    /** A session nobody uses for this long ends. @default 3600 */
    readonly ttlSeconds: number;
  };
  readonly limits: LimitsConfig;
}
