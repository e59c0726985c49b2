import {
  isRecord,
  modernCapabilities,
  negotiateLegacy,
  Payload,
  type Piece,
  TASKS_EXTENSION,
  toInitializeResult,
  toLegacyError,
} from '@hatago/protocol';
import { NEVER } from '../core/cancel.ts';
import type { Outcome, Principal } from '../core/exchange.ts';
import { newSessionId } from '../session/session-id.ts';
import type { EdgeDeps } from './deps.ts';
import { type LegacyRequest, LegacySession, tableError } from './legacy-session.ts';
import { offerTasks } from './legacy-tasks.ts';
import { runExchange } from './run.ts';

/** How an `initialize` ends. */
export type Initialized =
  | { readonly ok: true; readonly session: LegacySession; readonly result: readonly Piece[] }
  | { readonly ok: false; readonly error: Payload };

/** What an `initialize` is answered from. */
export interface InitializeOptions {
  readonly principal: Principal;
  readonly route: string;
  /** Answers in place of the servers where they must not be waited for. */
  readonly discover?: Payload;
}

/** Discover results are ready bytes shared by many clients; so is what they become, per version. */
const answers = new WeakMap<Payload, Map<string, { result: readonly Piece[]; tasks: boolean }>>();

/** Opens a legacy session: asks the route what it offers and answers in the words of the negotiated version. */
export function initialize(
  deps: EdgeDeps,
  request: LegacyRequest,
  options: InitializeOptions,
  done: (initialized: Initialized) => void,
): void {
  const asked = request.params.value();
  const params = isRecord(asked) ? asked : {};
  if (typeof params.protocolVersion !== 'string') {
    return done({
      ok: false,
      error: tableError('HATAGO_INVALID_PARAMS', { message: 'params.protocolVersion is missing.' }),
    });
  }
  const declared = isRecord(params.capabilities) ? params.capabilities : {};
  const version = negotiateLegacy(params.protocolVersion);
  const session = new LegacySession(deps, {
    id: newSessionId(),
    principal: options.principal,
    route: options.route,
    version,
    clientInfo: isRecord(params.clientInfo) ? Payload.ofValue(params.clientInfo) : undefined,
    capabilities: clientCapabilities(declared),
  });
  const finish = (outcome: Outcome): void => {
    if (outcome.kind === 'error') return done({ ok: false, error: toLegacyError(outcome.error) });
    const answer = answerFor(outcome.result, version);
    session.offersTasks = answer.tasks;
    done({ ok: true, session, result: answer.result });
  };
  if (options.discover !== undefined) return finish({ kind: 'complete', result: options.discover });
  const none = Payload.ofValue({});
  runExchange(
    deps,
    {
      method: 'server/discover',
      params: none,
      envelope: session.envelopeOf(none),
      principal: options.principal,
      route: options.route,
      session,
      signal: NEVER,
      emit() {},
    },
    finish,
  );
}

/** The client's capabilities in the modern shape; tasks are the hub's own affair, so servers may always use them. */
function clientCapabilities(declared: Record<string, unknown>): Payload {
  const modern = modernCapabilities(declared);
  const extensions = isRecord(modern.extensions) ? modern.extensions : {};
  const text = JSON.stringify({ ...modern, extensions: { ...extensions, [TASKS_EXTENSION]: {} } });
  let known = capabilities.get(text);
  if (known === undefined) {
    known = Payload.ofBytes(new TextEncoder().encode(text));
    // Clients of one kind say the same; a flood of different ones is not worth remembering.
    if (capabilities.size >= MOST_KNOWN) capabilities.clear();
    capabilities.set(text, known);
  }
  return known;
}
const MOST_KNOWN = 64;
const capabilities = new Map<string, Payload>();

function answerFor(discover: Payload, version: string): { result: readonly Piece[]; tasks: boolean } {
  let byVersion = answers.get(discover);
  if (byVersion === undefined) {
    byVersion = new Map();
    answers.set(discover, byVersion);
  }
  let answer = byVersion.get(version);
  if (answer === undefined) {
    answer = offerTasks(discover, toInitializeResult(discover, version), version);
    byVersion.set(version, answer);
  }
  return answer;
}
