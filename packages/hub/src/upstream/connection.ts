import type { Payload } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import type { Log } from '../core/log.ts';
import type { Offers, UpstreamCall, UpstreamEvent } from '../core/upstream.ts';
import type { Declarations } from './declarations.ts';
import type { Gate } from './gate.ts';
import type { LinkFailure } from './link.ts';
import type { ParkedCalls } from './parked.ts';
import type { Peer, Reply } from './peer.ts';
import type { Pending } from './pending.ts';
import type { UpstreamLimits, UpstreamSpec, UpstreamTimeouts } from './spec.ts';
import type { ToolBook } from './tool-facts.ts';

/** One link to a server whose era is settled. */
export interface Connection {
  readonly offers: Offers;
  readonly peer: Peer;
  request(call: UpstreamCall): Promise<Outcome>;
  /** Makes these resources and tasks the ones the server tells us about. */
  follow(resources: ReadonlySet<string>, tasks: ReadonlySet<string>): void;
  /** Asks the server for a sign of life. */
  probe(limitMs: number): Promise<Reply>;
  close(reason: string): Promise<void>;
}

/** What the connections of one upstream share. */
export interface ConnectionContext {
  readonly spec: UpstreamSpec;
  readonly limits: UpstreamLimits;
  readonly timeouts: UpstreamTimeouts;
  /** Name and version of the hub as JSON text. */
  readonly hubInfo: string;
  readonly gate: Gate;
  readonly parked: ParkedCalls;
  /** What is known of its tools: they are listed on the shared connection, and called on any. */
  readonly tools: ToolBook;
  /** The same for the headers they declare. */
  readonly declared: Declarations;
  /** Messages travel over HTTP requests of their own. */
  readonly http: boolean;
  readonly log: Log;
  now(): number;
  schedule(ms: number, call: () => void): () => void;
  random(): number;
  /** The server turned out to ask without saying for which call. */
  interactive(): void;
}

/** What a connection reports to the one that leads it. */
export interface ConnectionEvents {
  emit(event: UpstreamEvent): void;
  /** A caller's request has ended, however. */
  ended(pending: Pending): void;
  /** The link is gone. */
  lost(why: LinkFailure): void;
  /** The server no longer speaks the era it was known for. */
  stale(): void;
}

/** A string member of an object held as a payload. */
export function recordOf(payload: Payload | undefined): Record<string, unknown> | undefined {
  const value = payload?.value();
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** A connection whose owner is another: whoever borrows it does not end it. */
export function borrowed(connection: Connection): Connection {
  return {
    offers: connection.offers,
    peer: connection.peer,
    request: (call) => connection.request(call),
    follow: () => {},
    probe: (limitMs) => connection.probe(limitMs),
    close: () => Promise.resolve(),
  };
}
