import type { Payload } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { SessionRef } from '../core/exchange.ts';
import { missingCapabilities } from '../core/missing-capabilities.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { answersAsk } from './answers.ts';
import { ASK_KINDS, embedAsk, hintOf, rootsOf, TOO_MANY } from './ask-shape.ts';
import type { ConnectionContext } from './connection.ts';
import { ParkedCall } from './parked-call.ts';
import type { Peer } from './peer.ts';
import { UNKNOWN_METHOD } from './peer-hooks.ts';
import type { Pending } from './pending.ts';
import { createSessionAsks } from './session-asks.ts';

/** Handles what a legacy server asks of its client. */
export interface Asks {
  asked(rpcId: string, method: string, params: Payload, related: Pending | undefined): void;
  /** The server takes an ask back. */
  withdrawn(rpcId: string): void;
  /** The server says that a URL was dealt with. */
  completed(params: Payload): void;
  /** Takes back what belongs to no call: nobody is left to hear the answers. */
  withdrawAll(reason: string): void;
}

/**
 * Finds the call each ask of a legacy server belongs to, and puts it to that call's client and nobody else. Where one
 * session alone uses the connection, its `client` is asked what belongs to no call, or to one of several.
 */
export function createAsks(peer: Peer, context: ConnectionContext, client: SessionRef | undefined): Asks {
  let rootsAsked = false;
  const ask = client?.ask?.bind(client);
  const own = ask === undefined ? undefined : createSessionAsks(peer, context, ask);

  const refuse = (rpcId: string, message: string): void =>
    peer.respond(rpcId, 'error', [JSON.stringify({ code: -32603, message })]);

  const configuredRoots = (rpcId: string): void => peer.respond(rpcId, 'result', [rootsOf(context.spec)]);

  const outside = (rpcId: string, method: string, params: Payload): void => {
    if (own !== undefined) own.relay(rpcId, method, params);
    else if (method === 'roots/list') configuredRoots(rpcId);
    else refuse(rpcId, 'There is no call in whose course this could be asked.');
  };

  const unattributable = (rpcId: string, method: string, params: Payload, first: boolean): void => {
    if (client !== undefined) return outside(rpcId, method, params);
    // Servers ask for roots once when they start, whatever else is going on by then.
    if (method === 'roots/list' && first) return configuredRoots(rpcId);
    context.interactive();
    refuse(rpcId, 'It cannot be told in the course of which call this is asked.');
  };

  const asked = (rpcId: string, method: string, params: Payload, related: Pending | undefined): void => {
    const kind = ASK_KINDS.get(method);
    if (kind === undefined) return peer.respond(rpcId, 'error', [UNKNOWN_METHOD]);
    const first = method === 'roots/list' && !rootsAsked;
    if (method === 'roots/list') rootsAsked = true;
    const owner = related ?? peer.soleCall();
    if (owner === undefined) return outside(rpcId, method, params);
    if (owner === 'many') return unattributable(rpcId, method, params, first);
    const { call } = owner;
    if (call === undefined) return outside(rpcId, method, params);
    const missing = missingCapabilities(method, params, call.envelope.clientCapabilities);
    if (missing !== undefined) {
      if (method === 'roots/list' && (related === undefined || (context.spec.roots ?? []).length > 0)) {
        return configuredRoots(rpcId);
      }
      return undeclared(owner, rpcId, method, missing);
    }
    put(owner, call, rpcId, method, kind, params);
  };

  const undeclared = (owner: Pending, rpcId: string, method: string, missing: Record<string, unknown>): void => {
    peer.respond(rpcId, 'error', [JSON.stringify({ code: -32601, message: `The client does not support ${method}` })]);
    if (owner.call?.envelope.asks === 'attached') return;
    const detail = { server: context.spec.id, data: { requiredCapabilities: missing } };
    peer.abandon(owner, 'the client lacks a capability', failure('HATAGO_CAPABILITY_REQUIRED', detail));
  };

  const put = (
    owner: Pending,
    call: UpstreamCall,
    rpcId: string,
    method: string,
    kind: string,
    params: Payload,
  ): void => {
    const parked = owner.sink instanceof ParkedCall ? owner.sink : undefined;
    const wanted = hintOf(params);
    const key = wanted !== undefined && parked?.isOpen(wanted) !== true ? wanted : mint(owner, kind, parked);
    const early = call.resume === undefined ? call.params.member('inputResponses')?.member(key) : undefined;
    if (early !== undefined && answersAsk(method, early) && !spend(owner, key)) {
      return peer.respond(rpcId, 'result', early.pieces());
    }
    if ((parked?.open ?? 0) >= context.limits.maxOpenAsks) return peer.respond(rpcId, 'error', [TOO_MANY]);
    const embedded = embedAsk(method, params, call.envelope.asks === 'attached');
    const elicitationId = params.text('elicitationId');
    context.parked.park(owner, peer).ask({ key, method, params: embedded, rpcId, elicitationId });
  };

  /** Keys minted and early answers used, per call. */
  const records = new WeakMap<Pending, { counts: Map<string, number>; spent: Set<string> }>();
  const recordOf = (owner: Pending): { counts: Map<string, number>; spent: Set<string> } => {
    const record = records.get(owner) ?? { counts: new Map(), spent: new Set() };
    records.set(owner, record);
    return record;
  };
  /** A key that is the same in every run of the call. */
  const mint = (owner: Pending, kind: string, parked: ParkedCall | undefined): string => {
    const { counts } = recordOf(owner);
    for (;;) {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      const key = `${kind}_${count}`;
      if (parked?.isOpen(key) !== true) return key;
    }
  };
  /** An answer that came with the request is good for one ask; true when it was used before. */
  const spend = (owner: Pending, key: string): boolean => {
    const { spent } = recordOf(owner);
    return spent.has(key) || spent.add(key).size === 0;
  };

  const withdrawn = (rpcId: string): void => {
    if (own?.withdraw(rpcId) === true) return;
    for (const pending of peer.inFlight()) {
      if (pending.sink instanceof ParkedCall && pending.sink.withdraw(rpcId)) return;
    }
  };

  const completed = (params: Payload): void => {
    const id = params.text('elicitationId');
    if (id === undefined) return;
    for (const pending of peer.inFlight()) {
      const { sink } = pending;
      if (sink instanceof ParkedCall && pending.call?.envelope.asks === 'attached' && sink.asksFor(id)) {
        sink.notify({ method: 'notifications/elicitation/complete', params });
      }
    }
  };

  return { asked, withdrawn, completed, withdrawAll: (reason) => own?.withdrawAll(reason) };
}
