import { Payload } from '@hatago/protocol';
import type { AskAnswer, SessionRef } from '../core/exchange.ts';
import { SERVER_KEY, withMeta } from '../core/meta.ts';
import { embedAsk, rootsOf, TOO_MANY } from './ask-shape.ts';
import type { ConnectionContext } from './connection.ts';
import { mayAsk } from './ghosts.ts';
import { ParkedCall } from './parked-call.ts';
import type { Peer } from './peer.ts';
import type { Pending } from './pending.ts';

/** What a server asks, in the course of no call that could be told, on a connection that one session alone uses. */
export interface SessionAsks {
  /** Puts it to the client of the session, and the answer to the server; roots nobody tells are the configured ones. */
  relay(rpcId: string, method: string, params: Payload): void;
  /** The server takes one back; false when it is none of these. */
  withdraw(rpcId: string): boolean;
  withdrawAll(reason: string): void;
}

/** Makes the {@link SessionAsks} of a connection. While one is open, the clocks of the calls in flight stand still. */
export function createSessionAsks(
  peer: Peer,
  context: ConnectionContext,
  ask: NonNullable<SessionRef['ask']>,
): SessionAsks {
  const open = new Map<string, (reason: string) => void>();
  const paused = new Set<Pending>();

  const pause = (): void => {
    for (const pending of peer.inFlight()) {
      if (!mayAsk(pending)) continue;
      paused.add(pending);
      peer.pause(pending, context.limits.parkedMs);
    }
  };
  const close = (rpcId: string): void => {
    open.delete(rpcId);
    if (open.size > 0) return;
    // One with questions of its own is waiting still.
    for (const pending of paused) if (!hasOwnAsks(pending)) peer.proceed(pending);
    paused.clear();
  };
  const withdraw = (rpcId: string, reason: string): boolean => {
    const take = open.get(rpcId);
    if (take === undefined) return false;
    close(rpcId);
    take(reason);
    return true;
  };

  const respond = (rpcId: string, method: string, answer: AskAnswer): void => {
    if ('result' in answer) peer.respond(rpcId, 'result', answer.result.pieces());
    else if (method === 'roots/list') peer.respond(rpcId, 'result', [rootsOf(context.spec)]);
    else peer.respond(rpcId, 'error', answer.error.pieces());
  };

  return {
    relay(rpcId, method, params) {
      if (open.size >= context.limits.maxOpenAsks) return peer.respond(rpcId, 'error', [TOO_MANY]);
      const stamped = withMeta(embedAsk(method, params, true), SERVER_KEY, JSON.stringify(context.spec.id));
      let take: ((reason: string) => void) | undefined;
      open.set(rpcId, (reason) => take?.(reason));
      pause();
      take = ask({ method, params: Payload.ofPieces(stamped) }, (answer) => {
        if (!open.has(rpcId)) return;
        close(rpcId);
        respond(rpcId, method, answer);
      });
    },
    withdraw: (rpcId) => withdraw(rpcId, 'the server no longer needs an answer'),
    withdrawAll(reason) {
      for (const rpcId of [...open.keys()]) withdraw(rpcId, reason);
    },
  };
}

function hasOwnAsks({ sink }: Pending): boolean {
  return sink instanceof ParkedCall && sink.open > 0;
}
