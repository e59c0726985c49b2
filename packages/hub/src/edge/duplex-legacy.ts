import type { Classified, HubCode, Payload, Piece } from '@hatago/protocol';
import type { Principal } from '../core/exchange.ts';
import type { EdgeDeps } from './deps.ts';
import { initialize } from './initialize.ts';
import type { LegacyRequest, LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import { errorMessage, refusal, resultMessage } from './wire.ts';

/** What a legacy session over a pipe needs of the pipe. */
export interface PipeSessionOptions {
  readonly principal: Principal;
  readonly route: string;
  /** Where messages go that answer no batch. */
  readonly sink: Sink;
  /** What `initialize` is answered from in place of the servers, where they must not be waited for. */
  discover?(): Payload | undefined;
}

/** The one legacy session a pipe may have. */
export interface PipeSession {
  /** Undefined until the client has initialized. */
  readonly session: LegacySession | undefined;
  /** Acts on a legacy message that is no batch. */
  take(classified: Exclude<Classified, { kind: 'batch' }>, to: Sink): void;
  end(reason: string): void;
}

/** Makes the place for a pipe's legacy session; what comes while `initialize` is under way waits for it. */
export function createPipeSession(deps: EdgeDeps, options: PipeSessionOptions): PipeSession {
  const { sink } = options;
  let session: LegacySession | undefined;
  let early: [Exclude<Classified, { kind: 'batch' }>, Sink][] | undefined;
  let ended = false;

  const refuse = (to: Sink, code: HubCode, id: Uint8Array, message: string): void =>
    to.answer(refusal(code, id, { message }).message);

  function open(request: LegacyRequest, to: Sink): void {
    if (session !== undefined || early !== undefined) {
      return refuse(to, 'HATAGO_INVALID_REQUEST', request.idBytes, 'This connection is initialized already.');
    }
    early = [];
    const discover = options.discover?.();
    const from = { principal: options.principal, route: options.route };
    initialize(deps, request, discover === undefined ? from : { ...from, discover }, (initialized) => {
      const waiting = early ?? [];
      early = undefined;
      if (ended) return;
      let answer: Piece[];
      if (initialized.ok) {
        session = initialized.session;
        session.begin();
        answer = resultMessage(request.idBytes, initialized.result);
      } else answer = errorMessage(request.idBytes, initialized.error.pieces());
      to.answer(answer);
      for (const [classified, itsSink] of waiting) pipe.take(classified, itsSink);
    });
  }

  const pipe: PipeSession = {
    get session() {
      return session;
    },
    take(classified, to) {
      const { kind } = classified;
      if (kind === 'request' && classified.method === 'initialize') return open(classified as LegacyRequest, to);
      if (early !== undefined) {
        if (early.length < deps.limits.maxInFlight) early.push([classified, to]);
        else if (kind === 'request')
          refuse(to, 'HATAGO_OVERLOADED', classified.idBytes, 'Too much before `initialize`.');
        return;
      }
      if (kind === 'request') {
        const request = classified as LegacyRequest;
        if (session !== undefined) return session.request(request, to);
        if (request.method === 'ping') return to.answer(resultMessage(request.idBytes, ['{}']));
        const message = 'Send `initialize` first, or requests that carry their protocol version in `_meta`.';
        return refuse(to, 'HATAGO_INVALID_REQUEST', request.idBytes, message);
      }
      if (kind === 'response') return session?.response(classified);
      if (classified.method === 'notifications/initialized') session?.stand(sink);
      else session?.notification(classified);
    },
    end(reason) {
      ended = true;
      session?.end(reason);
    },
  };
  return pipe;
}
