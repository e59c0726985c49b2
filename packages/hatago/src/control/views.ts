/** Whether a server can be used, as the hub tells it. */
export interface ReadinessView {
  readonly state: string;
  readonly code?: string;
  readonly message?: string;
  readonly fix?: string;
}

/** One server, as the hub tells it. */
export interface ServerView {
  readonly id: string;
  readonly type: string;
  readonly url: string | null;
  readonly command: string | null;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  readonly tokens: number;
  readonly error: string | null;
  readonly readiness: ReadinessView;
  readonly supervision: { readonly state: string; readonly pids: readonly number[]; readonly restarts: number } | null;
}

/** How two configurations differ, as the hub tells it. */
export interface DiffView {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly server: string; readonly keys: readonly string[] }[];
  /** Servers that go on as they are and are only shown in another way. */
  readonly adjusted: readonly { readonly server: string; readonly keys: readonly string[] }[];
  readonly unchanged: readonly string[];
  readonly settings: readonly string[];
}

/** What came of a change of the configuration, as the hub tells it. */
export interface ApplyView {
  readonly outcome: 'applied' | 'unchanged' | 'failed' | 'dry-run';
  readonly generation: number;
  readonly diff: DiffView;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** One generation, as the hub tells it. */
export interface GenerationView {
  readonly id: number;
  readonly hash: string;
  readonly createdAt: string;
  readonly state: string;
  readonly origin: string;
  readonly servers: readonly string[];
  readonly diff: DiffView;
  readonly error?: string;
  readonly sessions: number;
  readonly calls: number;
}

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
  readonly generations: readonly GenerationView[];
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
