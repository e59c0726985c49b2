import type { Payload, Piece, RequestId } from '@hatago/protocol';
import type { Notification, Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import type { Waiting } from './gate.ts';
import type { LinkFailure, Outgoing } from './link.ts';

/** Where a request's notifications go while its caller is not waiting for it. */
export interface PendingSink {
  notify(notification: Notification): void;
}

/** What a {@link Pending} needs of its peer. */
export interface PendingOwner {
  dispatch(pending: Pending): void;
}

/** One request of ours that has no answer yet; it is the outgoing message at the same time. */
export class Pending implements Outgoing, Waiting {
  id: number;
  readonly method: string;
  message: readonly Piece[];
  version: string | undefined;
  name: string | undefined;
  headers: readonly (readonly [name: string, value: string])[] | undefined;
  /** The caller's request; undefined for requests of the hub's own. */
  readonly call: UpstreamCall | undefined;
  readonly owner: PendingOwner;
  resolve: (outcome: Outcome) => void = nowhere;
  stage: 'new' | 'queued' | 'sent' | 'ended' = 'new';
  startedAt = 0;
  /** Start, or last progress. */
  touchedAt = 0;
  /** Deadline of its own in milliseconds, 0 = none; undefined = what the peer gives every call. */
  limitMs: number | undefined;
  /** When its clock was stopped; -1 = it runs. */
  pausedAt = -1;
  /** How long a stopped clock may stand, in milliseconds. */
  pauseLimitMs = 0;
  /** It holds a place at the gate. */
  counted = false;
  /** Ends the watch of the caller's signal. */
  detach: (() => void) | undefined;
  sink: PendingSink | undefined;
  /** The caller's progress token. */
  token: RequestId | undefined;
  progress: number = Number.NEGATIVE_INFINITY;
  windowAt = 0;
  windowCount = 0;
  heldProgress: Payload | undefined;
  /** It was sent a second time after the server refused the first. */
  retried = false;
  /** HTTP status of an answer that came as an HTTP error. */
  status: number | undefined;
  /** Why there was no answer. */
  failure: LinkFailure | undefined;

  constructor(owner: PendingOwner, id: number, method: string, message: readonly Piece[], call?: UpstreamCall) {
    this.owner = owner;
    this.id = id;
    this.method = method;
    this.message = message;
    this.call = call;
    this.token = call?.envelope.progressToken;
  }

  launch(): void {
    this.owner.dispatch(this);
  }

  /** Hands a notification to whoever listens for this request. */
  deliver(notification: Notification): void {
    if (this.sink !== undefined) this.sink.notify(notification);
    else this.call?.emit(notification);
  }
}

const nowhere = (): void => {};
