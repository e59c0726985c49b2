import type { Envelope, HeaderGet, Payload, RequestId } from '@hatago/protocol';
import type { CancelSignal } from './cancel.ts';

/** Who is calling, after authentication. */
export interface Principal {
  /** Stable and unique; `local` for callers of a hub without authentication. */
  readonly id: string;
}

/** The principal of every caller while authentication is off. */
export const LOCAL: Principal = { id: 'local' };

/** On whose behalf the hub asks servers for their lists: such a request is no use of a server. */
export const HUB: Principal = { id: 'hub' };

/** Connection-bound state of a legacy client, as far as the core may see it. */
export interface SessionRef {
  /** Unique over the hub's life; used in pool keys. */
  readonly id: string;
  /**
   * Asks its client something in the course of no call; `done` gets the answer, or the error that there is none. Returns
   * what takes the question back, after which `done` is not called any more.
   */
  ask?(ask: Omit<Ask, 'key'>, done: (answer: AskAnswer) => void): (reason: string) => void;
}

/** A notification on its way to a client or a server. */
export interface Notification {
  readonly method: string;
  readonly params: Payload;
}

/** One downstream request on its way, in the modern shape whatever the era of its client. */
export interface Exchange {
  readonly method: string;
  /** The request's `params` as the client sent them, `_meta` included; `{}` when it sent none. */
  readonly params: Payload;
  readonly envelope: Envelope;
  readonly principal: Principal;
  /** The route's path, e.g. `/mcp` or `/mcp/github`. */
  readonly route: string;
  readonly session: SessionRef | undefined;
  readonly signal: CancelSignal;
  /** Sends a notification to the client ahead of the outcome; `notifications/progress` already carries its token. */
  emit(notification: Notification): void;
  /** Set for `subscriptions/listen`: the client's JSON-RPC id, stamped on what is emitted. */
  readonly listenId?: RequestId;
  /** Set by HTTP edges for modern requests: reads a header, so that what the body repeats can be checked against it. */
  readonly header?: HeaderGet;
}

/** A question an upstream asks in the middle of a call. */
export interface Ask {
  /** Key under which the answer is handed back. */
  readonly key: string;
  /** `elicitation/create`, `sampling/createMessage` or `roots/list`. */
  readonly method: string;
  readonly params: Payload;
}

/** Follows a parked call while its client decides: what an attached edge hears as it happens. */
export interface ParkedListener {
  notify(notification: Notification): void;
  /** The upstream asks once more while other asks are open. */
  asked(ask: Ask): void;
  /** The upstream takes an ask back. */
  withdrawn(key: string): void;
}

/** A legacy upstream's call that waits for its client's answers. */
export interface Parked {
  /** Streams what happens to the call to an edge that stays; what was buffered comes first. Returns the detacher. */
  attach(listener: ParkedListener): () => void;
  /** Hands over one answer: the client's result, or its error. False when the ask is gone. */
  answer(key: string, answer: AskAnswer): boolean;
  /** How the call ends, for an edge that answers by {@link Parked.answer}: never `input_required`. */
  readonly ended: Promise<Outcome>;
}

/** A client's answer to an ask. */
export type AskAnswer = { readonly result: Payload } | { readonly error: Payload };

/**
 * What an exchange ends in. The `kind` is authoritative: `result` may or may not carry a `resultType` member, and the
 * codec of the client's era adds or strips it.
 */
export type Outcome =
  | {
      readonly kind: 'complete' | 'task';
      readonly result: Payload;
      /** The tool's output schema was wrapped for legacy clients, so its `structuredContent` is too. */
      readonly wrap?: boolean;
    }
  | {
      readonly kind: 'input_required';
      readonly result: Payload;
      /** Set when the asks come from a call that goes on; only an edge whose envelope says `attached` uses it. */
      readonly parked?: Parked;
    }
  | {
      readonly kind: 'error';
      /** The JSON-RPC error object. */
      readonly error: Payload;
      /** HTTP status where it is not the one the error table gives for the code. */
      readonly http?: number;
    };

/** Takes an exchange to its outcome; it rejects only for internal failures and {@link HubError}s. */
export type Handler = (exchange: Exchange) => Promise<Outcome>;

/** One rule in the chain: passes on, changes or ends an exchange. */
export type Middleware = (exchange: Exchange, next: Handler) => Promise<Outcome>;
