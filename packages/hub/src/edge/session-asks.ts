import { Payload } from '@hatago/protocol';
import type { Ask, AskAnswer } from '../core/exchange.ts';
import { missingCapability, openAsk, withdrawAsk } from './legacy-asks.ts';
import type { LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';

/** Puts a question that belongs to no call to the session's client, where messages go that belong to no request. */
export function askSession(
  session: LegacySession,
  ask: Omit<Ask, 'key'>,
  done: (answer: AskAnswer) => void,
): (reason: string) => void {
  const missing = missingCapability(session, ask);
  if (missing !== undefined) {
    done(refused(-32601, `This client does not support ${missing}.`));
    return () => {};
  }
  const sink: Sink = { message: (message) => session.tell(message), answer: () => {}, drop: () => {} };
  const patience = setTimeout(() => {
    withdrawAsk(session, sink, open, LATE);
    done(refused(-32603, LATE));
  }, session.deps.limits.askTimeoutMs).unref();
  const open = openAsk(session, sink, ask, (answer) => {
    clearTimeout(patience);
    done(answer);
  });
  return (reason) => {
    clearTimeout(patience);
    withdrawAsk(session, sink, open, reason);
  };
}

const LATE = 'No answer to the question came in time.';

function refused(code: number, message: string): AskAnswer {
  return { error: Payload.ofValue({ code, message }) };
}
