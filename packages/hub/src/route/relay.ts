import { editObject, isRecord, Payload, type Piece } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Ask, Exchange, Outcome, Parked } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { publicTask } from './public-task.ts';
import type { RequestStates } from './request-state.ts';
import type { Member } from './settings.ts';
import { stampAsks, stampParams } from './stamp-asks.ts';
import { type TaskIds, taskIdOf } from './task-ids.ts';
import { textMember } from './text-member.ts';
import type { UriRewriter } from './uri-rewriter.ts';

/** Where an exchange goes. */
export interface Destination {
  readonly member: Member;
  /** The server's own name, URI or task id where it differs from the public one. */
  readonly target: string | undefined;
  readonly rewriter: UriRewriter | undefined;
  /** The structured output is wrapped for legacy clients. */
  readonly wrap: boolean;
  /** Set for requests about a task: its public id. */
  readonly taskId?: string;
  /** Set on a retry: the server's own state. */
  readonly resume?: { readonly state: string | null };
}

/** Carries an exchange to a server and brings what comes back into the form its client may see. */
export interface Relay {
  send(exchange: Exchange, destination: Destination): Promise<Outcome>;
  /** What a request ends in whose server is not there. */
  unavailable(server: string): Outcome;
}

/** Options of {@link createRelay}. */
export interface RelayOptions {
  readonly states: RequestStates;
  readonly taskIds: TaskIds;
  /** How long a call waits for its server to come up, in milliseconds. */
  readonly settleMs: number;
  /** Named in what clients hand back, so that what began here ends here. */
  readonly generation?: number;
  /** Told how each request to a server ended. */
  observe?(server: string, outcome: Outcome): void;
}

/** The relay of a route. */
export function createRelay(options: RelayOptions): Relay {
  const { states, taskIds, settleMs, generation } = options;

  const finish = (exchange: Exchange, to: Destination, outcome: Outcome): Outcome => {
    if (to.taskId !== undefined && outcome.kind !== 'error') {
      const { member, taskId, rewriter } = to;
      const result = publicTask(outcome.result, { server: member.upstream.id, taskId, rewriter }, exchange);
      return to.wrap && outcome.kind !== 'input_required'
        ? { kind: outcome.kind, result, wrap: true }
        : { kind: outcome.kind, result };
    }
    switch (outcome.kind) {
      case 'complete': {
        if (to.rewriter === undefined && !to.wrap) return outcome;
        const result = to.rewriter === undefined ? outcome.result : to.rewriter.result(outcome.result);
        return to.wrap ? { kind: 'complete', result, wrap: true } : { kind: 'complete', result };
      }
      case 'input_required':
        return asking(exchange, to, outcome.result, outcome.parked);
      case 'task':
        return {
          kind: 'task',
          result: withTaskId(exchange, to, outcome.result),
          ...(to.wrap ? { wrap: true } : undefined),
        };
      default:
        return to.rewriter === undefined ? outcome : { ...outcome, error: to.rewriter.error(outcome.error) };
    }
  };

  const withTaskId = (exchange: Exchange, { member, wrap }: Destination, result: Payload): Payload => {
    const taskId = taskIdOf(result.value());
    if (taskId === undefined) return result;
    const id = taskIds.toPublic(exchange.principal.id, { upstream: member.upstream.id, taskId, wrap, generation });
    return Payload.ofPieces(editObject(result, { taskId: JSON.stringify(id) }));
  };

  /** Seals the state and has every ask say whose it is. */
  const asking = (exchange: Exchange, to: Destination, result: Payload, parked: Parked | undefined): Outcome => {
    const upstream = to.member.upstream.id;
    const inner = textMember(result, 'requestState') ?? null;
    const state = states.seal(exchange, { upstream, target: to.target, wrap: to.wrap, inner, generation });
    const asks = result.member('inputRequests');
    const edits: Record<string, Piece | Piece[]> = { requestState: JSON.stringify(state) };
    if (asks?.members() !== undefined) edits.inputRequests = stampAsks(asks, upstream);
    const sealed = Payload.ofPieces(editObject(result, edits));
    if (parked === undefined) return { kind: 'input_required', result: sealed };
    return { kind: 'input_required', result: sealed, parked: followed(exchange, to, parked) };
  };

  /** The parked call with its later asks stamped and its end finished like any other. */
  const followed = (exchange: Exchange, to: Destination, parked: Parked): Parked => ({
    attach: (listener) =>
      parked.attach({
        notify: (notification) => listener.notify(notification),
        asked: (ask) => listener.asked(stamped(ask, to.member.upstream.id)),
        withdrawn: (key) => listener.withdrawn(key),
      }),
    answer: (key, answer) => parked.answer(key, answer),
    ended: parked.ended.then((outcome) => finish(exchange, to, outcome)),
  });

  const unavailable = (server: string): Outcome => {
    const outcome = failure('HATAGO_UPSTREAM_UNAVAILABLE', { server });
    options.observe?.(server, outcome);
    return outcome;
  };
  return {
    unavailable,
    async send(exchange, to) {
      const { upstream } = to.member;
      // A server on its way up is worth a short wait; what is to be said of one that is down, it says best itself.
      if (upstream.status.state === 'starting' && to.resume === undefined) {
        await untilStarted(to.member, settleMs);
        if (upstream.status.state === 'starting') return unavailable(upstream.id);
      }
      const outcome = await upstream.request(toCall(exchange, to));
      options.observe?.(upstream.id, outcome);
      return finish(exchange, to, outcome);
    },
  };
}

function toCall(exchange: Exchange, to: Destination): UpstreamCall {
  const { method, params, envelope, principal, session, signal } = exchange;
  const { target, resume } = to;
  return { method, params, target, envelope, principal, session, signal, resume, emit: (n) => exchange.emit(n) };
}

/** The numeric code of an error outcome. */
export function codeOf(outcome: Outcome): number | undefined {
  if (outcome.kind !== 'error') return undefined;
  const error = outcome.error.value();
  return isRecord(error) && typeof error.code === 'number' ? error.code : undefined;
}

/** Waits until a server that is starting has started or failed, at most the time given. */
function untilStarted({ upstream }: Member, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unwatch();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const unwatch = upstream.watch(() => {
      if (upstream.status.state !== 'starting') end();
    });
  });
}

function stamped(ask: Ask, server: string): Ask {
  if (ask.params.members() === undefined) return ask;
  return { ...ask, params: Payload.ofPieces(stampParams(ask.params, server)) };
}
