import { negotiateLegacy, Payload, type Piece, toInitializeResult, toLegacyError } from '@hatago/protocol';
import { NEVER } from '../core/cancel.ts';
import type { Outcome, Principal } from '../core/exchange.ts';
import { newSessionId } from '../session/session-id.ts';
import type { EdgeDeps } from './deps.ts';
import { readGreeting } from './greeting.ts';
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
  const { protocolVersion, clientInfo, capabilities } = readGreeting(request.params);
  if (protocolVersion === undefined) {
    return done({
      ok: false,
      error: tableError('HATAGO_INVALID_PARAMS', { message: 'params.protocolVersion is missing.' }),
    });
  }
  const version = negotiateLegacy(protocolVersion);
  const session = new LegacySession(deps, {
    id: newSessionId(),
    principal: options.principal,
    route: options.route,
    version,
    clientInfo,
    capabilities,
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
