import { randomUUID } from 'node:crypto';
import { atLeast, EMPTY_OBJECT, editObject, isRecord, Payload, type Piece } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Ask, AskAnswer, Parked } from '../core/exchange.ts';
import type { LegacyCall } from './legacy-call.ts';
import { errorText } from './legacy-call.ts';
import type { LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import { related } from './related-task.ts';
import { notificationMessage, requestMessage } from './wire.ts';

/** Questions that are open at a client on behalf of one call. */
export interface AskRound {
  /** Takes every open question back. */
  withdraw(reason: string): void;
}

/** One question at a client. */
export interface OpenAsk {
  readonly id: number;
  answered(answer: AskAnswer): void;
}

/** What an ask needs of the client, in words; undefined when the client can do it. */
export function missingCapability(
  session: LegacySession,
  ask: { method: string; params: Payload },
): string | undefined {
  const declared = session.capabilities.value();
  const has = (name: string): boolean => isRecord(declared) && isRecord(declared[name]);
  switch (ask.method) {
    case 'sampling/createMessage':
      return has('sampling') ? undefined : 'sampling';
    case 'roots/list':
      return has('roots') ? undefined : 'roots';
    case 'elicitation/create': {
      const mode = ask.params.text('mode') ?? 'form';
      const modes = isRecord(declared) && isRecord(declared.elicitation) ? declared.elicitation : {};
      return isRecord(modes[mode]) ? undefined : `elicitation (${mode})`;
    }
    default:
      return ask.method;
  }
}

/** Puts a question to the session's client on the stream of what it belongs to. */
export function openAsk(
  session: LegacySession,
  sink: Sink,
  ask: { readonly method: string; readonly params: Payload },
  answered: (answer: AskAnswer) => void,
): OpenAsk {
  const id = session.mintId();
  const open: OpenAsk = {
    id,
    answered(answer) {
      session.asks?.delete(id);
      sink.answered?.();
      answered(answer);
    },
  };
  session.asks ??= new Map();
  session.asks.set(id, open);
  let params = askParams(session, ask);
  if (sink.relatedTask !== undefined) {
    const object = Payload.ofPieces(params);
    params = editObject(object, { _meta: related(object, sink.relatedTask) });
  }
  const message = requestMessage(id, ask.method, params);
  const reached = sink.ask === undefined ? sink.message(message) : sink.ask(message);
  if (!reached) open.answered({ error: Payload.ofValue({ code: -32000, message: 'the client is not connected' }) });
  return open;
}

/** Takes a question back: the client is told, its answer will be ignored. */
export function withdrawAsk(session: LegacySession, sink: Sink, open: OpenAsk, reason: string): void {
  if (session.asks?.delete(open.id) !== true) return;
  const params = Payload.ofValue({ requestId: open.id, reason });
  sink.message(notificationMessage({ method: 'notifications/cancelled', params }));
}

/** The params of an ask as the client's version knows them. */
function askParams(session: LegacySession, ask: { method: string; params: Payload }): readonly Piece[] {
  const { params } = ask;
  if (ask.method === 'elicitation/create') {
    if (params.text('mode') === 'url') {
      return params.member('elicitationId') === undefined
        ? editObject(params, { elicitationId: JSON.stringify(randomUUID()) })
        : params.pieces();
    }
    return atLeast(session.version, '2025-11-25') || params.member('mode') === undefined
      ? params.pieces()
      : editObject(params, { mode: null });
  }
  // Through a hub the other values would hand one server's context to another.
  if (params.member('includeContext') !== undefined) return editObject(params, { includeContext: '"none"' });
  return params.pieces();
}

/** The asks of an `input_required` result; undefined when it is malformed. */
export function asksOf(result: Payload): Ask[] | undefined {
  const requests = result.member('inputRequests');
  if (requests === undefined) return [];
  const names = requests.members()?.names;
  if (names === undefined) return undefined;
  const asks: Ask[] = [];
  for (const key of names) {
    const request = requests.member(key) as Payload;
    const method = request.members() === undefined ? undefined : request.text('method');
    if (method === undefined) return undefined;
    asks.push({ key, method, params: request.member('params') ?? EMPTY_OBJECT });
  }
  return asks;
}

const STATE_ONLY_PAUSE_MS = 100;

/** Asks the client everything the result asks for, at once, and sends the call down again with the answers. */
export function startRound(call: LegacyCall, result: Payload): void {
  const { limits } = call.owner.deps;
  const asks = asksOf(result);
  if (asks === undefined) return call.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
  if (++call.rounds > limits.maxAskRounds) {
    const text = `The server asked more than ${limits.maxAskRounds} times without coming to a result.`;
    return call.refuse(text, failure('HATAGO_UPSTREAM_PROTOCOL', { message: text }).error);
  }
  const state = result.member('requestState');
  const again = (answers: Answers | undefined): void => {
    if (call.over) return;
    call.open = undefined;
    call.run(retryParams(call.params, answers, state));
  };
  if (asks.length > 0) return askAll(call, asks, again);
  // Nothing to ask: the server wants the request once more.
  const pause = setTimeout(() => again(undefined), STATE_ONLY_PAUSE_MS);
  call.open = { withdraw: () => clearTimeout(pause) };
}

/** The text of each answer by the key of its question. */
export type Answers = ReadonlyMap<string, readonly Piece[]>;

/** Puts the questions to the client at once and calls back when all are answered; a refusal ends the call. */
export function askAll(call: LegacyCall, asks: readonly Ask[], done: (answers: Answers) => void): void {
  const session = call.owner;
  const missing = asks.map((ask) => missingCapability(session, ask)).find((name) => name !== undefined);
  if (missing !== undefined) return refuseMissing(call, missing);
  const answers = new Map<string, readonly Piece[]>();
  const open: OpenAsk[] = [];
  const patience = setTimeout(() => {
    const text = 'No answer to the question came in time.';
    call.refuse(text, failure('HATAGO_UPSTREAM_TIMEOUT', { message: text }).error);
  }, session.deps.limits.askTimeoutMs).unref();
  call.open = {
    withdraw(reason) {
      clearTimeout(patience);
      for (const one of open) withdrawAsk(session, call.sink, one, reason);
    },
  };
  for (const ask of asks) {
    if (call.over) return;
    const asked = openAsk(session, call.sink, ask, (answer) => {
      if (call.over) return;
      if ('error' in answer) return call.refuse(`The client did not answer: ${errorText(answer.error)}`, answer.error);
      answers.set(ask.key, answer.result.pieces());
      if (answers.size < asks.length) return;
      clearTimeout(patience);
      done(answers);
    });
    open.push(asked);
  }
}

/** The answers as one JSON object. */
export function answersText(answers: Answers): Piece[] {
  const out: Piece[] = [];
  for (const [key, answer] of answers) {
    out.push(`${out.length === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    for (const piece of answer) out.push(piece);
  }
  out.push(out.length === 0 ? '{}' : '}');
  return out;
}

/** The client's params with the answers and the state of the round before. */
function retryParams(params: Payload, answers: Answers | undefined, state: Payload | undefined): Payload {
  return Payload.ofPieces(
    editObject(params, {
      inputResponses: answers === undefined ? null : answersText(answers),
      requestState: state === undefined ? null : state.pieces(),
    }),
  );
}

/** Stays with a parked call: asks the client what the server asks, as it asks, until the call ends. */
export function followParked(call: LegacyCall, result: Payload, parked: Parked): void {
  const session = call.owner;
  const open = new Map<string, OpenAsk>();
  const ask = (one: Ask): void => {
    if (call.over || open.has(one.key)) return;
    const missing = missingCapability(session, one);
    if (missing !== undefined) {
      parked.answer(one.key, { error: Payload.ofValue({ code: -32600, message: unsupported(missing) }) });
      return;
    }
    const placeholder: OpenAsk = { id: -1, answered: () => {} };
    open.set(one.key, placeholder);
    const asked = openAsk(session, call.sink, one, (answer) => {
      open.delete(one.key);
      parked.answer(one.key, answer);
    });
    if (open.has(one.key)) open.set(one.key, asked);
  };
  const detach = parked.attach({
    notify: (notification) => call.emit(notification),
    asked: ask,
    withdrawn(key) {
      const asked = open.get(key);
      if (asked === undefined) return;
      open.delete(key);
      withdrawAsk(session, call.sink, asked, 'the server no longer needs an answer');
    },
  });
  call.open = {
    withdraw(reason) {
      detach();
      for (const one of open.values()) withdrawAsk(session, call.sink, one, reason);
      open.clear();
    },
  };
  for (const one of asksOf(result) ?? []) ask(one);
  parked.ended.then(
    (outcome) => {
      if (outcome.kind === 'input_required') call.fail(failure('HATAGO_UPSTREAM_PROTOCOL').error);
      else call.outcome(outcome);
    },
    () => call.fail(failure('HATAGO_INTERNAL').error),
  );
}

const unsupported = (capability: string): string => `This client does not support ${capability}.`;

function refuseMissing(call: LegacyCall, capability: string): void {
  const text = `${unsupported(capability)} The server needs it for this request.`;
  call.refuse(text, failure('HATAGO_INVALID_REQUEST', { message: text }).error);
}
