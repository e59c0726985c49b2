import type { HubCode } from '@hatago/protocol';
import { EMPTY_OBJECT, isRecord } from '@hatago/protocol';
import * as z from 'zod/mini';
import { createCanceller } from '../core/cancel.ts';
import type { Readiness } from '../core/readiness.ts';
import { hubEnvelope } from '../route/read-list.ts';
import type { AdminContext } from './endpoint.ts';
import { readinessSchema } from './schemas.ts';

/** What came of trying a server, in three steps each of which needs the one before. */
export interface ServerTest {
  /** Its process runs, or its address answers. */
  readonly reachable: boolean;
  /** It takes the credentials it is given. */
  readonly authenticated: boolean;
  /** It speaks MCP and answered a request. */
  readonly answers: boolean;
  readonly tools: number;
  readonly ms: number;
  /** What is the matter and what to do about it. */
  readonly readiness: Readiness;
}

/** Schema of {@link ServerTest}. */
export const serverTest: z.ZodMiniType<ServerTest> = z.object({
  reachable: z.boolean(),
  authenticated: z.boolean(),
  answers: z.boolean(),
  tools: z.int(),
  ms: z.number(),
  readiness: readinessSchema,
});

const LIMIT_MS = 60_000;
/** JSON-RPC codes of the hub's own for what happened on the way to a server. */
const SIGN_IN = -31011;
const NEVER_SENT = new Set([-31001, -31007]);
const NO_ANSWER = new Set([-31002, -31003, -31010]);

/** Asks the server for its tools, as a client would, and says how far that came. */
export async function testServer({ controller, now }: AdminContext, id: string): Promise<ServerTest> {
  const upstream = controller.current().upstreams.find((candidate) => candidate.id === id);
  const startedAt = now();
  const canceller = createCanceller();
  const timer = setTimeout(() => canceller.cancel('the test took too long'), LIMIT_MS);
  let code: number | undefined = NEVER_SENT.values().next().value;
  let listed = 0;
  try {
    const outcome = await upstream?.request({
      method: 'tools/list',
      params: EMPTY_OBJECT,
      target: undefined,
      envelope: hubEnvelope({ name: 'hatago', version: '1' }),
      principal: { id: 'hub' },
      session: undefined,
      signal: canceller,
      emit: () => {},
    });
    if (outcome?.kind === 'error') code = codeIn(outcome.error.value());
    else if (outcome !== undefined) {
      code = undefined;
      listed = outcome.result.member('tools')?.elements()?.length ?? 0;
    }
  } finally {
    clearTimeout(timer);
  }
  const view = controller.server(id);
  return {
    reachable: code === undefined || !NEVER_SENT.has(code),
    authenticated: code === undefined || (!NEVER_SENT.has(code) && code !== SIGN_IN),
    // A server without tools says that it does not know the method, which is an answer.
    answers: code === undefined || (!NEVER_SENT.has(code) && !NO_ANSWER.has(code) && code !== SIGN_IN),
    // Of a server that was just started the hub reads the lists at the same time.
    tools: view?.tools || listed,
    ms: Math.round(now() - startedAt),
    readiness: view?.readiness ?? GONE,
  };
}

const GONE: Readiness = {
  state: 'disabled',
  code: 'HATAGO_NOT_FOUND' satisfies HubCode,
  message: 'It is not part of the configuration any more.',
  fix: undefined,
};

function codeIn(error: unknown): number | undefined {
  return isRecord(error) && typeof error.code === 'number' ? error.code : undefined;
}
