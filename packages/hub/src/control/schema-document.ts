import { err, ok, type Result } from '@hatago/protocol';
import * as z from 'zod/mini';
import type { Config } from './config.ts';
import { DAY_MS, key, section, texts, whole } from './schema-keys.ts';
import { type RawServer, serverSchema } from './schema-server.ts';

const GIB = 1_073_741_824;
const ALIAS = /^[A-Za-z0-9_-]{1,128}$/;

const limits = () => ({
  maxBodyBytes: key(whole(4_194_304, 1024, GIB), 'Largest HTTP request body.'),
  maxMessageBytes: key(whole(10_485_760, 1024, GIB), 'Largest line, event or body from a server.'),
  maxDepth: key(whole(64, 4, 512), 'Deepest nesting of one JSON message.'),
  maxTokens: key(whole(200_000, 100, 10_000_000), 'Most values and names in one JSON message.'),
  maxInFlightPerUpstream: key(whole(1024, 1, 65_536), 'Requests at one server.'),
  maxQueuePerUpstream: key(whole(1024, 0, 65_536), 'Requests waiting for one server.'),
  maxInFlight: key(whole(4096, 1, 262_144), 'Requests in all.'),
  maxParkedPerPrincipal: key(
    whole(16, 1, 4096),
    'Calls of one caller that wait for its answers, at all servers; the oldest gives way. A caller is a session while nobody is authenticated; all without one may have 8 times as many together.',
  ),
  parkedMs: key(whole(600_000, 1000, DAY_MS), 'How long such a call waits.'),
  maxListBytes: key(whole(8_388_608, 4096, GIB), 'A longer list is sent in pages.'),
  settleMs: key(whole(3000, 0, 600_000), 'How long the first list or call waits for servers to start.'),
  maxConnections: key(whole(16_384, 1, 1_000_000), 'TCP connections.'),
});

const rule = () =>
  z.strictObject({
    id: z.string().check(z.minLength(1), z.maxLength(128)),
    effect: z.enum(['allow', 'deny']),
    tool: z._default(z.string(), '*'),
    principal: z._default(z.string(), '*'),
  });

function build() {
  return z.strictObject({
    $schema: key(z.optional(z.string()), 'The JSON Schema, for editors.'),
    version: key(z.optional(z.literal(2)), 'Version of this format; 2.'),
    extends: key(
      z.optional(z.union([z.string(), z.array(z.string())], 'expected a path or a list of paths')),
      'Local files this one builds on, later ones win over earlier ones. Objects are merged, lists replaced, `null` deletes; 10 levels.',
    ),
    logLevel: key(
      z._default(z.enum(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
      '`HATAGO_LOG_LEVEL` and `--log-level` win. `HATAGO_LOG=json` writes one JSON object per line.',
    ),
    http: section(
      {
        host: key(
          z._default(z.string(), '127.0.0.1'),
          'Address to listen on. Anything but loopback is refused while there is no authentication.',
        ),
        port: key(whole(3535, 0, 65_535), 'Port to listen on; 0 takes any free one.'),
        allowedHosts: key(texts(), 'Host names accepted in `Host` besides loopback names and the address bound.'),
        allowedOrigins: key(texts(), 'Origins (`https://host[:port]`) whose pages may call the hub.'),
        legacySse: key(z._default(z.boolean(), false), 'Serves HTTP+SSE of 2024-11-05 at `/sse`.'),
        webSocket: key(z._default(z.boolean(), false), 'Serves WebSocket (subprotocol `mcp`) at `/ws`.'),
      },
      'The HTTP listener.',
    ),
    mcpServers: key(z._default(z.record(z.string(), serverSchema()), {}), 'The servers, each under its id.'),
    toolNaming: section(
      {
        strategy: key(
          z._default(z.enum(['prefix', 'none', 'alias', 'error']), 'prefix'),
          '`prefix`: `<server><separator><name>`. `none`, `alias`: the server’s own names; two alike get the prefix. `error`: its own names; of two alike none is offered.',
        ),
        separator: key(
          z._default(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,4}$/, 'must be 1 to 4 of A-Z a-z 0-9 _ -')), '_'),
          'Between server and name.',
        ),
        maxLength: key(
          whole(48, 24, 128),
          'Longer names are cut and get a hash of server and name: clients put their own prefix in front.',
        ),
        aliases: key(
          z._default(z.record(z.string(), z.string().check(z.regex(ALIAS, 'must be 1 to 128 of A-Z a-z 0-9 _ -'))), {}),
          'Names chosen by hand, with every strategy: `{ "github_create_issue": "new_issue" }` shows that tool or prompt, called as it would be with `prefix`, as `new_issue`.',
        ),
      },
      'How the names of all servers become one set.',
    ),
    session: section(
      { ttlSeconds: key(whole(3600, 1, 2_592_000), 'A session nobody uses for this long ends.') },
      'Sessions of legacy clients.',
    ),
    policy: section(
      {
        enabled: key(z._default(z.boolean(), true), 'Whether the rules hold.'),
        dryRun: key(z._default(z.boolean(), false), 'Decisions are logged and not enforced.'),
        defaultEffect: key(z._default(z.enum(['allow', 'deny']), 'allow'), 'What happens where no rule matches.'),
        rules: key(
          z._default(z.array(rule()), []),
          '`[{ "id", "effect": "allow" or "deny", "tool": "fs_write*", "principal": "*" }]`; the first that matches decides.',
        ),
      },
      'Which tools may be called, and by whom.',
    ),
    generation: section(
      {
        watch: key(z._default(z.boolean(), true), 'Edits of the files are applied by themselves; `--no-watch` wins.'),
        max: key(whole(3, 1, 16), 'Most generations that run at a time; the oldest is ended for a further one.'),
        gracePeriodMs: key(
          whole(30_000, 0, DAY_MS),
          'How long the servers that only an old generation has go on after its last use.',
        ),
      },
      'How configurations follow each other.',
    ),
    rollover: section(
      {
        drainTimeoutMs: key(whole(60_000, 0, DAY_MS), 'How long sessions and calls of the old generation may go on.'),
        errorRateThreshold: key(
          z._default(z.number().check(z.gte(0), z.lte(1)), 0.1),
          'Share of failed requests above which a new generation is rolled back; 1 = never.',
        ),
        windowMs: key(whole(30_000, 0, DAY_MS), 'How long after the swap the share is watched.'),
        minCalls: key(whole(20, 1, 1_000_000), 'Requests that must have ended before the share counts.'),
        warmupMs: key(whole(0, 0, 600_000), 'How long a swap waits for new servers to be ready; 0 = not at all.'),
      },
      'How one generation takes over from another.',
    ),
    admin: section(
      {
        http: key(
          z._default(z.boolean(), true),
          'Answers `/api/v1` on the HTTP listener too, not only on the local socket.',
        ),
        token: key(
          z.optional(z.string().check(z.minLength(16))),
          'Accepted as `Authorization: Bearer …`, besides the token that the hub draws at each start. Best `${secret:NAME}` or `${VAR}`.',
        ),
      },
      'The API by which commands and programs steer a running hub.',
    ),
    limits: section(
      limits(),
      'Bounds that protect the hub from a client or server that misbehaves; each has a hard cap.',
    ),
  });
}

let built: ReturnType<typeof build> | undefined;

function schema(): ReturnType<typeof build> {
  built ??= build();
  return built;
}

/**
 * The schema of a document. It is made only to say what is wrong with one, for that takes longer than all else that is
 * done to read one: what is right is accepted by its JSON Schema, which is kept beside it.
 */
export function documentSchema(): z.ZodMiniType {
  return schema();
}

/** A document with its defaults. */
export interface FilledDocument extends Omit<Config, 'mcpServers'> {
  readonly $schema?: string | undefined;
  readonly version?: 2 | undefined;
  readonly extends?: string | readonly string[] | undefined;
  readonly mcpServers: Readonly<Record<string, RawServer>>;
}

/** Checks a document by the schema; the error is all that is wrong with it. */
export function checkDocument(value: unknown): Result<FilledDocument, readonly z.core.$ZodIssue[]> {
  const parsed = z.safeParse(schema(), value);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues);
}
