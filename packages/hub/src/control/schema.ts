import { err, ok, type Result } from '@hatago/protocol';
import * as z from 'zod/mini';
import type { Config, LimitsConfig, ServerConfig } from './config.ts';

/** One fault of a document: where, by member names and indexes, and what is wrong. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const bounded = (fallback: number, min: number, max: number) =>
  z._default(z.int().check(z.gte(min), z.lte(max)), fallback);
const strings = z._default(z.array(z.string()), []);

const DAY_MS = 86_400_000;
const GIB = 1_073_741_824;

const timeouts = z.strictObject({
  connectMs: bounded(20_000, 0, DAY_MS),
  requestMs: bounded(60_000, 0, DAY_MS),
  totalMs: bounded(300_000, 0, DAY_MS),
  keepAliveMs: z.optional(z.int()),
});

const tools = z.strictObject({
  include: z._default(z.array(z.string()), ['*']),
  exclude: strings,
  overrides: z._default(
    z.record(z.string(), z.strictObject({ name: z.optional(z.string()), description: z.optional(z.string()) })),
    {},
  ),
});

const HTTP_TYPES = ['http', 'streamable-http', 'streamableHttp', 'streamable_http'] as const;

const server = z.strictObject({
  type: z.optional(z.enum(['stdio', 'sse', 'ws', 'websocket', ...HTTP_TYPES])),
  command: z.optional(z.string().check(z.minLength(1))),
  args: strings,
  env: z._default(z.record(z.string(), z.nullable(z.string())), {}),
  cwd: z.optional(z.string()),
  url: z.optional(z.string()),
  headers: z._default(z.record(z.string(), z.string()), {}),
  protocol: z._default(z.enum(['auto', 'modern', 'legacy']), 'auto'),
  capabilities: z._default(z.enum(['union', 'session']), 'union'),
  isolation: z._default(z.enum(['shared', 'session']), 'shared'),
  roots: z._default(z.array(z.strictObject({ uri: z.string(), name: z.optional(z.string()) })), []),
  start: z._default(z.enum(['eager', 'lazy']), 'eager'),
  tags: strings,
  disabled: z._default(z.boolean(), false),
  timeouts: z._default(timeouts, { connectMs: 20_000, requestMs: 60_000, totalMs: 300_000 }),
  tools: z._default(tools, { include: ['*'], exclude: [], overrides: {} }),
  description: z.optional(z.string()),
  instructions: z.optional(z.string()),
});

const LIMITS: Record<keyof LimitsConfig, readonly [fallback: number, min: number, max: number]> = {
  maxBodyBytes: [4_194_304, 1024, GIB],
  maxMessageBytes: [10_485_760, 1024, GIB],
  maxDepth: [64, 4, 512],
  maxTokens: [200_000, 100, 10_000_000],
  maxInFlightPerUpstream: [1024, 1, 65_536],
  maxQueuePerUpstream: [1024, 0, 65_536],
  maxInFlight: [4096, 1, 262_144],
  maxParkedPerPrincipal: [16, 1, 4096],
  parkedMs: [600_000, 1000, DAY_MS],
  maxListBytes: [8_388_608, 4096, GIB],
  settleMs: [3000, 0, 600_000],
  maxConnections: [16_384, 1, 1_000_000],
};

const shape = z.strictObject({
  $schema: z.optional(z.string()),
  version: z.optional(z.literal(2)),
  logLevel: z._default(z.enum(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
  http: z.optional(
    z.strictObject({
      host: z.optional(z.string()),
      port: z.optional(z.int().check(z.gte(0), z.lte(65_535))),
      allowedHosts: z.optional(z.array(z.string())),
      allowedOrigins: z.optional(z.array(z.string())),
      legacySse: z.optional(z.boolean()),
      webSocket: z.optional(z.boolean()),
    }),
  ),
  mcpServers: z._default(z.record(z.string(), server), {}),
  toolNaming: z.optional(
    z.strictObject({
      strategy: z.optional(z.enum(['prefix', 'none'])),
      separator: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,4}$/))),
      maxLength: z.optional(z.int().check(z.gte(16), z.lte(128))),
    }),
  ),
  session: z.optional(z.strictObject({ ttlSeconds: z.optional(z.int().check(z.gte(1), z.lte(2_592_000))) })),
  limits: z.optional(
    z.strictObject(
      Object.fromEntries(
        Object.entries(LIMITS).map(([key, [, min, max]]) => [key, z.optional(z.int().check(z.gte(min), z.lte(max)))]),
      ),
    ),
  ),
});

/** The schema a document is checked by. */
export function documentShape(): z.ZodMiniType {
  return shape;
}

/** The member names one object of the document may have, for telling a foreign key from a misspelt one. */
export const SERVER_KEYS: ReadonlySet<string> = new Set(Object.keys(server._zod.def.shape));
/** The same for the whole document. */
export const TOP_KEYS: ReadonlySet<string> = new Set(Object.keys(shape._zod.def.shape));

/** Checks a document and fills in the defaults; an unknown key is an error. */
export function parseConfig(value: unknown): Result<Config, readonly Issue[]> {
  const parsed = z.safeParse(shape, value);
  if (!parsed.success) return err(parsed.error.issues.flatMap(toIssues));
  const { http, toolNaming, session, limits, logLevel, mcpServers } = parsed.data;
  const issues: Issue[] = [];
  const servers: Record<string, ServerConfig> = {};
  for (const [id, entry] of Object.entries(mcpServers)) {
    const type = kindOf(entry);
    if (typeof type === 'string') servers[id] = { ...entry, type } as ServerConfig;
    else issues.push({ path: ['mcpServers', id], message: type.message });
  }
  if (issues.length > 0) return err(issues);
  return ok({
    logLevel,
    http: {
      host: '127.0.0.1',
      port: 3535,
      allowedHosts: [],
      allowedOrigins: [],
      legacySse: false,
      webSocket: false,
      ...http,
    },
    mcpServers: servers,
    toolNaming: { strategy: 'prefix', separator: '_', maxLength: 48, ...toolNaming },
    session: { ttlSeconds: 3600, ...session },
    limits: { ...defaultLimits(), ...limits },
  });
}

/** The limits of a document that says nothing of them. */
export function defaultLimits(): LimitsConfig {
  return Object.fromEntries(Object.entries(LIMITS).map(([key, [value]]) => [key, value])) as unknown as LimitsConfig;
}

type RawServer = z.infer<typeof server>;

function kindOf(entry: RawServer): ServerConfig['type'] | { message: string } {
  const { type, command, url } = entry;
  if (command !== undefined && url !== undefined) return { message: 'has both "command" and "url"; keep one of them' };
  if (type === 'stdio' || (type === undefined && command !== undefined)) {
    return command === undefined ? { message: 'is of type "stdio" and needs a "command"' } : 'stdio';
  }
  if (url === undefined) return { message: 'needs a "command" (a local process) or a "url" (a remote server)' };
  const kind = type === 'sse' ? 'sse' : type === 'ws' || type === 'websocket' || /^wss?:/.test(url) ? 'ws' : 'http';
  const wrong = checkUrl(url, kind);
  return wrong === undefined ? kind : { message: wrong };
}

function checkUrl(url: string, kind: string): string | undefined {
  const schemes = kind === 'ws' ? ['ws:', 'wss:'] : ['http:', 'https:'];
  if (!URL.canParse(url)) return `"url" is not a URL: ${JSON.stringify(url)}`;
  const parsed = new URL(url);
  if (!schemes.includes(parsed.protocol)) return `"url" must begin with ${schemes.join('// or ')}//`;
  return parsed.username === '' && parsed.password === ''
    ? undefined
    : '"url" must not hold a user name or password; put them into "headers"';
}

function toIssues(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key ${JSON.stringify(key)}` }));
  }
  return [{ path, message: describe(issue) }];
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue.code === 'invalid_value') return `expected ${issue.values.map((v) => JSON.stringify(v)).join(' or ')}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return issue.message ?? 'is not valid';
}
