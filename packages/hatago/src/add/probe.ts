import { toReadiness } from '@hatago/hub/control/readiness.ts';
import { estimateTokens } from '@hatago/hub/control/tokens.ts';
import type { LogEvent } from '@hatago/hub/core/log.ts';
import type { Readiness } from '@hatago/hub/core/readiness.ts';
import type { Offers, Upstream } from '@hatago/hub/core/upstream.ts';
import { createProcessGuard } from '@hatago/hub/upstream/guard.ts';
import { openersOf } from '@hatago/hub/upstream/kinds.ts';
import type { LinkFailure, OpenLink } from '@hatago/hub/upstream/link.ts';
import { createUpstream } from '@hatago/hub/upstream/server.ts';
import { DEFAULT_LIMITS, type UpstreamSpec, type Verdict } from '@hatago/hub/upstream/spec.ts';
import { readAll } from '../client/read-all.ts';
import { VERSION } from '../version.ts';
import { type Challenge, parseChallenge } from './challenge.ts';

/** What came of connecting to a server once. */
export interface Probe {
  readonly readiness: Readiness;
  /** Undefined where it could not be connected to. */
  readonly offers: Offers | undefined;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  /** What the definitions of its tools cost a model that is shown all of them, estimated. */
  readonly tokens: number;
  /** It speaks HTTP+SSE of 2024-11-05 where Streamable HTTP was expected. */
  readonly sse: boolean;
  /** How it wants its callers to sign in; undefined where it does not. */
  readonly challenge: Challenge | undefined;
  /** HTTP status of the last refusal; undefined where there was none. */
  readonly status: number | undefined;
  /** The last lines it wrote to stderr. */
  readonly stderr: readonly string[];
}

/** Bounds of a probe. */
export interface ProbeOptions {
  /** For the connection and its handshake, which for a package includes its installation. @default 30000 */
  readonly timeoutMs?: number;
}

const STDERR_LINES = 20;

/** Connects to a server, counts what it offers, and lets go of it: nothing of it is left running. */
export async function probeServer(spec: UpstreamSpec, { timeoutMs = 30_000 }: ProbeOptions = {}): Promise<Probe> {
  const failures: LinkFailure[] = [];
  const stderr: string[] = [];
  let verdict: Verdict = {};
  const log = ({ event, message }: LogEvent): void => {
    if (event === 'upstream.stderr' && message !== undefined) stderr.push(message);
  };
  const guard = createProcessGuard();
  const found = openersOf(spec, { log, limits: DEFAULT_LIMITS, guard });
  const noted = (open: OpenLink): OpenLink => noting(open, (failure) => failures.push(failure));
  const openers = { open: noted(found.open), ...(found.sse === undefined ? {} : { sse: noted(found.sse) }) };
  const upstream = createUpstream(
    { ...spec, start: 'eager', timeouts: { connectMs: timeoutMs, requestMs: timeoutMs, totalMs: timeoutMs } },
    {
      now: () => performance.now(),
      hubInfo: { name: 'hatago', version: VERSION },
      log,
      guard,
      verdicts: {
        get: () => undefined,
        put: (_, value) => {
          verdict = value;
        },
      },
    },
    openers,
  );
  try {
    await upstream.settled;
    const lists = upstream.status.state === 'ready' ? await count(upstream) : NOTHING;
    const refused = failures.findLast((failure) => failure.kind === 'auth');
    const isRefused = upstream.status.state !== 'ready' && refused !== undefined;
    return {
      ...lists.counts,
      readiness: toReadiness({
        id: spec.id,
        server: { disabled: false, start: 'eager', ...(spec.blocked === undefined ? {} : { blocked: spec.blocked }) },
        status: isRefused ? { ...upstream.status, code: 'HATAGO_UPSTREAM_AUTH_REQUIRED' } : upstream.status,
        supervision: undefined,
        listError: lists.error,
      }),
      offers: upstream.status.state === 'ready' ? upstream.status.offers : undefined,
      sse: verdict.sse === true,
      challenge: isRefused ? parseChallenge(refused.headers?.['www-authenticate']) : undefined,
      status: failures.findLast(({ status }) => status !== undefined)?.status,
      stderr: stderr.slice(-STDERR_LINES),
    };
  } finally {
    await upstream.close('the test is done');
    guard.close();
  }
}

interface Counted {
  readonly counts: Pick<Probe, 'tools' | 'resources' | 'prompts' | 'tokens'>;
  readonly error: string | undefined;
}

const NOTHING: Counted = { counts: { tools: 0, resources: 0, prompts: 0, tokens: 0 }, error: undefined };

async function count(upstream: Upstream): Promise<Counted> {
  const capabilities = upstream.status.offers?.capabilities ?? {};
  const read = (capability: string): Promise<readonly unknown[]> =>
    capability in capabilities ? readAll(upstream, `${capability}/list`, capability) : Promise.resolve([]);
  try {
    const [tools, resources, prompts] = [await read('tools'), await read('resources'), await read('prompts')];
    const bytes = tools.reduce<number>((sum, tool) => sum + Buffer.byteLength(JSON.stringify(tool)), 0);
    const counts = {
      tools: tools.length,
      resources: resources.length,
      prompts: prompts.length,
      tokens: estimateTokens(bytes),
    };
    return { counts, error: undefined };
  } catch (error) {
    return { ...NOTHING, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The same link, with its failures told to somebody besides. */
function noting(open: OpenLink, on: (failure: LinkFailure) => void): OpenLink {
  return (events, signal) =>
    open(
      {
        message: (message, relatedTo, status) => events.message(message, relatedTo, status),
        failed: (id, failure) => {
          on(failure);
          events.failed(id, failure);
        },
        closed: (failure) => {
          on(failure);
          events.closed(failure);
        },
        session: (sessionId, id) => events.session?.(sessionId, id),
        stream: (state) => events.stream?.(state),
      },
      signal,
    );
}
