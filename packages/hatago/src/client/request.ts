import { createCanceller } from '@hatago/hub/core/cancel.ts';
import { LOCAL, type Notification, type Outcome } from '@hatago/hub/core/exchange.ts';
import type { Upstream } from '@hatago/hub/core/upstream.ts';
import { isRecord, MODERN_VERSION, Payload } from '@hatago/protocol';
import { CliError, EXIT } from '../exit.ts';
import { clean } from '../output.ts';

/** Answers one ask of a server; undefined when the person ended it. */
export type Answer = (ask: { method: string; params: Record<string, unknown> }) => Promise<unknown>;

/** What a request is made with besides its params. */
export interface RequestOptions {
  onProgress?(params: Record<string, unknown>): void;
  onLog?(params: Record<string, unknown>): void;
  /** Without it, asks are not declared and the server cannot make any. */
  readonly answer?: Answer;
  /** The time the command gave the upstream for its answer, in milliseconds, for what is told when it is over. */
  readonly limitMs?: number;
}

const MAX_ROUNDS = 32;

/** Sends one request, answers what is asked on the way, and returns the result; an error becomes a {@link CliError}. */
export async function request(
  upstream: Upstream,
  method: string,
  params: Record<string, unknown>,
  options: RequestOptions = {},
): Promise<Record<string, unknown>> {
  const canceller = createCanceller();
  const interrupt = (): void => canceller.cancel('interrupted');
  process.once('SIGINT', interrupt);
  try {
    let extra: Record<string, unknown> = {};
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const outcome = await upstream.request({
        method,
        params: Payload.ofValue({ ...params, ...extra, _meta: { progressToken: 1 } }),
        target: undefined,
        envelope: {
          protocolVersion: MODERN_VERSION,
          clientInfo: undefined,
          clientCapabilities: Payload.ofValue(options.answer ? { elicitation: { form: {}, url: {} }, roots: {} } : {}),
          logLevel: options.onLog ? 'info' : undefined,
          progressToken: 1,
          asks: 'deferred',
        },
        principal: LOCAL,
        session: undefined,
        signal: canceller,
        emit: (n) => deliver(n, options),
        ...('requestState' in extra
          ? { resume: { state: (extra['requestState'] as string | undefined) ?? null } }
          : {}),
      });
      if (canceller.cancelled) throw new CliError('interrupted', 130);
      if (outcome.kind !== 'input_required') return resultOf(outcome, { by: upstream.id, limitMs: options.limitMs });
      extra = await answerAll(outcome, options);
    }
    throw new CliError(`the server still asks after ${MAX_ROUNDS} rounds`);
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

function deliver({ method, params }: Notification, options: RequestOptions): void {
  const value = params.value() as Record<string, unknown>;
  if (method === 'notifications/progress') options.onProgress?.(value);
  if (method === 'notifications/message') options.onLog?.(value);
}

async function answerAll(
  outcome: Outcome & { kind: 'input_required' },
  options: RequestOptions,
): Promise<Record<string, unknown>> {
  const { inputRequests = {}, requestState } = outcome.result.value() as {
    inputRequests?: Record<string, { method: string; params?: Record<string, unknown> }>;
    requestState?: string;
  };
  const inputResponses: Record<string, unknown> = {};
  for (const [key, ask] of Object.entries(inputRequests)) {
    inputResponses[key] = await options.answer?.({ method: ask.method, params: ask.params ?? {} });
  }
  return { inputResponses, requestState };
}

interface Asked {
  /** Whom the command itself spoke with. */
  readonly by: string;
  readonly limitMs: number | undefined;
}

function resultOf(
  outcome: Exclude<Outcome, { kind: 'input_required' }>,
  { by, limitMs }: Asked,
): Record<string, unknown> {
  if (outcome.kind !== 'error') return outcome.result.value() as Record<string, unknown>;
  const { code, message, data } = outcome.error.value() as { code: number; message: string; data?: unknown };
  const { kind, server, correlationId } = isRecord(data) ? data : {};
  if (kind === 'upstream_timeout' && server === by && limitMs !== undefined) {
    throw new CliError(`not answered within ${limitMs} ms; --timeout gives more`);
  }
  const told = typeof kind === 'string' ? `, ${clean(kind)}` : '';
  // Only what the hub itself refuses has a correlation id: a server may say what it likes.
  const exit = typeof correlationId === 'string' ? exitOf(kind, message) : EXIT.failure;
  throw new CliError(`${clean(message)} (${code}${told})`, exit);
}

function exitOf(kind: unknown, message: string): number {
  // Of all that a person has to do for a server first, only this one needs their leave.
  if (kind === 'policy_denied' || message.includes('"hatago trust')) return EXIT.denied;
  return kind === 'invalid_params' && message.startsWith('Unknown tool ') ? EXIT.notFound : EXIT.failure;
}
