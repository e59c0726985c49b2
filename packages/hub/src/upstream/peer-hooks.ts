import type { Payload } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import type { LinkFailure, StreamState } from './link.ts';
import type { Pending } from './pending.ts';

/** What a {@link Peer} leaves to the era spoken over it. */
export interface PeerHooks {
  /** What an answer to a caller's request means; undefined when the era sends the request again or keeps it. */
  answered(pending: Pending, body: Payload, isError: boolean): Outcome | undefined;
  /** A caller's request got no answer, or any the session it belongs to; true when the era takes care of it. */
  failed(pending: Pending, why: LinkFailure): boolean;
  /** A request of the server, its id as JSON text. */
  asked(rpcId: string, method: string, params: Payload, related: Pending | undefined): void;
  /** A notification of the server, progress excepted. */
  told(method: string, params: Payload, related: Pending | undefined): void;
  /** A caller's request has ended, however. */
  ended(pending: Pending): void;
  /** The link is gone; what was pending has its outcome. */
  closed(why: LinkFailure): void;
  /** The state of the server's own stream. */
  stream?(state: StreamState): void;
}

/** The error a request of the server gets that the hub does not answer. */
export const UNKNOWN_METHOD = '{"code":-32601,"message":"Method not found"}';

/** Before the era is known nothing is asked of us that we could answer. */
export function hooksBeforeEra(peer: {
  respond(rpcId: string, member: 'error', body: readonly string[]): void;
}): PeerHooks {
  return {
    answered: (_pending, body, isError) =>
      isError ? { kind: 'error', error: body } : { kind: 'complete', result: body },
    failed: () => false,
    asked: (rpcId) => peer.respond(rpcId, 'error', [UNKNOWN_METHOD]),
    told: () => {},
    ended: () => {},
    closed: () => {},
  };
}
