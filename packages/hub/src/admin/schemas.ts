import * as z from 'zod/mini';
import type { ApplyResult, GenerationDiff, GenerationRecord, ServerView } from '../control/control-plane.ts';
import type { Readiness } from '../core/readiness.ts';
import type { Supervision } from '../core/supervised.ts';
import type { PolicyRules } from '../middleware/policy-decision.ts';
import type { ApprovalView, SecretView, SessionView } from './deps.ts';

const text = z.string();
const count = z.int().check(z.gte(0));
const texts: z.ZodMiniType<readonly string[]> = z.array(text);
const orUndefined = <T>(schema: z.ZodMiniType<T>): z.ZodMiniType<T | undefined> => z.optional(schema);

/** Whether a server can be used, and what mends it. */
export const readinessSchema: z.ZodMiniType<Readiness> = z.object({
  state: z.enum([
    'ready',
    'starting',
    'lazy',
    'needs sign-in',
    'needs a secret',
    'needs a runtime',
    'needs approval',
    'failing',
    'quarantined',
    'disabled',
  ]),
  code: orUndefined(text) as z.ZodMiniType<Readiness['code']>,
  message: orUndefined(text),
  fix: orUndefined(text),
}) as z.ZodMiniType<Readiness>;

const supervision = z.object({
  state: z.enum(['STOPPED', 'STARTING', 'RUNNING', 'STOPPING', 'CRASHED']),
  pids: z.array(z.int()),
  restarts: count,
  failures: count,
  reason: orUndefined(text),
  since: z.number(),
  retryAt: orUndefined(z.number()),
}) as z.ZodMiniType<Supervision>;

/** One server. */
export const serverView: z.ZodMiniType<ServerView> = z.object({
  id: text,
  status: text,
  type: text,
  url: z.nullable(text),
  command: z.nullable(text),
  tags: texts,
  tools: count,
  resources: count,
  prompts: count,
  tokens: count,
  error: z.nullable(text),
  era: z.nullable(z.enum(['legacy', 'modern'])),
  protocolVersion: z.nullable(text),
  readiness: readinessSchema,
  supervision: z.nullable(supervision),
}) as z.ZodMiniType<ServerView>;

/** How two configurations differ. */
export const generationDiff: z.ZodMiniType<GenerationDiff> = z.object({
  added: texts,
  removed: texts,
  changed: z.array(z.object({ server: text, keys: texts })),
  adjusted: z.array(z.object({ server: text, keys: texts })),
  unchanged: texts,
  settings: texts,
}) as z.ZodMiniType<GenerationDiff>;

/** One generation. */
export const generationRecord: z.ZodMiniType<GenerationRecord> = z.object({
  id: count,
  hash: text,
  createdAt: text,
  state: z.enum(['warming', 'active', 'draining', 'retired', 'failed']),
  origin: z.enum(['start', 'file', 'reload', 'api', 'rollback']),
  servers: texts,
  diff: generationDiff,
  error: orUndefined(text),
  sessions: count,
  calls: count,
}) as z.ZodMiniType<GenerationRecord>;

/** What came of an attempt to change the configuration. */
export const applyResult: z.ZodMiniType<ApplyResult> = z.object({
  outcome: z.enum(['applied', 'unchanged', 'failed', 'dry-run']),
  generation: count,
  diff: generationDiff,
  errors: texts,
  warnings: texts,
}) as z.ZodMiniType<ApplyResult>;

/** One session. */
export const sessionView: z.ZodMiniType<SessionView> = z.object({
  id: text,
  client: z.nullable(text),
  transport: z.enum(['http', 'pipe']),
  protocolVersion: text,
  route: text,
  principal: text,
  generation: count,
  calls: count,
  idleMs: z.number(),
});

/** What a server would run. */
export const approvalView: z.ZodMiniType<ApprovalView> = z.object({
  state: z.enum(['own', 'approved', 'changed', 'new']),
  file: text,
  command: z.nullable(text),
  args: texts,
  cwd: z.nullable(text),
  env: texts,
  url: z.nullable(text),
  headers: texts,
  given: texts,
  secrets: texts,
  hash: text,
  changes: texts,
});

/** One secret's name. */
export const secretView: z.ZodMiniType<SecretView> = z.object({ name: text, updatedAt: z.nullable(text) });

/** The policy. */
export const policyRules: z.ZodMiniType<PolicyRules> = z.object({
  enabled: z.boolean(),
  dryRun: z.boolean(),
  defaultEffect: z.enum(['allow', 'deny']),
  rules: z.array(z.object({ id: text, effect: z.enum(['allow', 'deny']), tool: text, principal: text })),
}) as z.ZodMiniType<PolicyRules>;

/** What every refusal looks like. */
export const apiError: z.ZodMiniType = z.object({
  error: z.object({
    code: text,
    message: text,
    next: text,
    correlationId: text,
    /** One line per fault, with file, line and column where they are known. */
    details: z.optional(texts),
  }),
});
