import * as z from 'zod/mini';
import type { ServerConfig } from './config.ts';
import { DAY_MS, key, section, texts, whole } from './schema-keys.ts';
import { SECRET_NAME } from './secret-reader.ts';

/** A server as its document says it, defaults filled in. */
export interface RawServer extends Omit<ServerConfig, 'type' | 'instructions' | 'blocked' | 'startIn'> {
  readonly type?: string;
  readonly instructions?: string | { readonly file: string };
}

const HTTP_TYPES = ['http', 'streamable-http', 'streamableHttp', 'streamable_http'] as const;

/** When its process starts, how it is kept alive, and when it ends. */
function life() {
  return {
    start: key(z._default(z.enum(['eager', 'lazy']), 'eager'), 'With the hub, or (`lazy`) at its first use.'),
    idleStopMs: key(whole(0, 0, DAY_MS), 'Stopped when nobody used it for so long, until its next use; 0 = never.'),
    workspace: key(
      z._default(z.enum(['cwd', 'temp']), 'cwd'),
      '`temp`: it runs in an empty directory of its own, removed with it.',
    ),
    health: section(
      {
        intervalMs: key(whole(30_000, 0, DAY_MS), 'Between two checks that it still answers; 0 = never checked.'),
        timeoutMs: key(whole(5000, 10, DAY_MS), 'How long one check may stay unanswered.'),
        failures: key(whole(3, 1, 100), 'Checks in a row that must fail before it is started anew.'),
      },
      'How a server that hangs is found.',
    ),
    restart: section(
      {
        backoff: key(
          z._default(z.enum(['exponential', 'linear', 'fixed']), 'exponential'),
          'How the pause grows from one attempt to the next.',
        ),
        max: key(
          whole(5, 0, 1000),
          'Attempts in a row before it is left crashed; 0 = it is not started again by itself.',
        ),
        delayMs: key(whole(500, 0, DAY_MS), 'The first pause.'),
        maxDelayMs: key(whole(30_000, 0, DAY_MS), 'The longest pause.'),
      },
      'How a server that ended is started again.',
    ),
    limits: section(
      {
        memoryMb: key(z.optional(z.int().check(z.gte(16), z.lte(1_048_576))), 'Memory of its processes, in MiB.'),
        cpu: key(z.optional(z.number().check(z.gte(0.01), z.lte(1024))), 'Processors, 0.5 for half of one.'),
      },
      'What its processes may use; where the system has no means to hold them to it, a warning says so.',
    ),
    rollover: key(
      z._default(z.enum(['overlap', 'replace']), 'overlap'),
      'When its configuration changes, the new one starts before the old one ends, or (`replace`) after.',
    ),
    dependsOn: key(texts(), 'Ids of servers that are started before it.'),
  };
}

/** What a server of the configuration may say. */
export function serverSchema(): z.ZodMiniType<RawServer> {
  return z.strictObject({
    type: key(
      z.optional(z.enum(['stdio', 'sse', 'ws', 'websocket', ...HTTP_TYPES])),
      'How it is reached, where that does not follow from "command" or "url". An `http` server that turns out to speak HTTP+SSE only is spoken to that way.',
    ),
    command: key(
      z.optional(z.string().check(z.minLength(1))),
      'A local process, started without a shell. References are expanded here and in the next six keys.',
    ),
    args: key(texts(), 'Its arguments.'),
    env: key(
      z._default(z.record(z.string(), z.nullable(z.string())), {}),
      'Added to the few variables every program needs; `null` removes one. Nothing else of the hub’s environment is passed on.',
    ),
    cwd: key(
      z.optional(z.string()),
      'Working directory; a relative one starts from the folder of the project. The hub’s own unless given; for `npx` that of the file which names the command.',
    ),
    url: key(
      z.optional(z.string()),
      'A remote server: `http(s)://` for Streamable HTTP, `ws(s)://` for WebSocket. A secret may stand in its query only.',
    ),
    headers: key(z._default(z.record(z.string(), z.string()), {}), 'Sent with every request to it.'),
    auth: section(
      {
        type: key(z._default(z.enum(['none', 'bearer']), 'none'), '`bearer` sends the token with every request.'),
        token: key(
          z.optional(z.string().check(z.minLength(1))),
          'Sent as `Authorization: Bearer …`; best written as `${secret:NAME}`.',
        ),
      },
      'What the hub presents to a remote server.',
    ),
    protocol: key(
      z._default(z.enum(['auto', 'modern', 'legacy']), 'auto'),
      '`modern` (2026-07-28), `legacy` (2025-11-25 and older), or found out and remembered for a day.',
    ),
    capabilities: key(
      z._default(z.enum(['union', 'session']), 'union'),
      'What a legacy server is told its client can do: all the hub relays, or (`session`) what this caller can, on a connection per kind of caller.',
    ),
    isolation: key(
      z._default(z.enum(['shared', 'session']), 'shared'),
      'One connection and process for all, or (`session`) one per session, ended with it, which is asked what the server asks outside any call.',
    ),
    roots: key(
      z._default(z.array(z.strictObject({ uri: z.string(), name: z.optional(z.string()) })), []),
      '`[{ "uri", "name" }]` told to a server that asks for roots outside any call, where no client is asked for its own.',
    ),
    ...life(),
    secrets: key(
      z.optional(z.array(z.string().check(z.regex(SECRET_NAME, 'is no name of a secret: A-Z a-z 0-9 _ . - only')))),
      'Names of the secrets it may read; those its definition refers to unless given.',
    ),
    tags: key(texts(), 'Groups: `/mcp/@<tag>` serves those that carry the tag, `--tags` starts only them.'),
    disabled: key(z._default(z.boolean(), false), 'Left out.'),
    timeouts: section(
      {
        connectMs: key(
          whole(20_000, 0, DAY_MS),
          'For the connection and its handshake. 0 = without end, here and below.',
        ),
        requestMs: key(whole(60_000, 0, DAY_MS), 'For one request; begun anew by every progress notification.'),
        totalMs: key(
          whole(300_000, 0, DAY_MS),
          'For one request in all; `requestMs` where that is longer and this is not given. The clock stands still while a call waits for its client’s answer.',
        ),
      },
      'How long the hub waits for it, in milliseconds.',
    ),
    tools: section(
      {
        include: key(z._default(z.array(z.string()), ['*']), 'Globs of the server’s own tool names that are offered.'),
        exclude: key(texts(), 'Globs of those that are not. What is not offered cannot be called either.'),
        overrides: key(
          z._default(
            z.record(z.string(), z.strictObject({ name: z.optional(z.string()), description: z.optional(z.string()) })),
            {},
          ),
          '`{ "<tool>": { "name", "description" } }`; `{description}` stands for the old text.',
        ),
      },
      'Which of its tools are shown, and how.',
    ),
    description: key(z.optional(z.string()), 'A note for people.'),
    instructions: key(
      z.optional(z.union([z.string(), z.strictObject({ file: z.string() })], 'expected a text or { "file": … }')),
      'Added to what clients are told about the hub’s use: a text, or `{ "file" }` that holds one.',
    ),
  });
}
