import type { Piece, Scanned } from '@hatago/protocol';
import type { CancelSignal } from '../core/cancel.ts';

/** One JSON-RPC message on its way to an upstream. */
export interface Outgoing {
  /** The message; the link joins the pieces and adds its framing. */
  readonly message: readonly Piece[];
  /** The id of our own request; undefined for a notification or a response. */
  readonly id: number | undefined;
  /** The method; undefined for a response. */
  readonly method: string | undefined;
  /**
   * Protocol version of a modern message: HTTP links then send `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`. Left
   * out for legacy messages, which get the version given to {@link Link.setSession}.
   */
  readonly version?: string;
  /** What `Mcp-Name` says (a name, URI or task id), not yet encoded. */
  readonly name?: string;
  /** Further HTTP headers (`Mcp-Param-*`), values encoded; links without headers ignore them. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/**
 * Why a request, or a whole link, came to nothing.
 * - `runtime`: the program of the server is not installed; nothing was sent (−31001).
 * - `unsent`: provably never reached the server; may be sent again elsewhere (−31001).
 * - `overloaded`: not sent because too much is waiting to be sent already (−31007).
 * - `lost`: sent, outcome unknown (−31002).
 * - `http`: the server answered with an HTTP error and no JSON-RPC message; `status`, `body` and `headers` tell which.
 * - `auth`: the server answered 401 or 403; `headers` holds its challenge (−31011).
 * - `session_gone`: the server answered 404 to a request that carried a session id; initialize again.
 * - `too_large`: the answer was larger than the limit and was discarded (−31009).
 * - `protocol`: what came back is not MCP (bad JSON, wrong content type, a missing answer) (−31010).
 */
export type FailureKind =
  | 'runtime'
  | 'unsent'
  | 'overloaded'
  | 'lost'
  | 'http'
  | 'auth'
  | 'session_gone'
  | 'too_large'
  | 'protocol';

/** A failure of a link; `message` is for the log and for status, not for callers. */
export interface LinkFailure {
  readonly kind: FailureKind;
  readonly message: string;
  /** What a person can do about it. */
  readonly fix?: string;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** Up to 64 KiB of the HTTP error's body. */
  readonly body?: Uint8Array;
  /** The HTTP error's `www-authenticate` and `retry-after`, as they came. */
  readonly headers?: { readonly [name: string]: string };
}

/**
 * What a link reports. No event is fired from inside a call of the link's functions: each comes in a later microtask or
 * turn. None is fired after {@link Link.close} was called.
 */
export interface LinkEvents {
  /**
   * One JSON-RPC message, checked to be JSON; the elements of a batch come one by one. It may be a value that is no
   * object. `relatedTo` is the id of our request on whose own response stream it came; undefined where the link cannot
   * know that (and for what comes on a stream of its own). An HTTP error whose body is a JSON-RPC error with our id, or
   * with id null, comes as a message too, with `status`.
   */
  message(message: Scanned, relatedTo: number | undefined, status?: number): void;
  /** This request gets no answer on this link; fired at most once per request, to be ignored when it has its answer. */
  failed(id: number, failure: LinkFailure): void;
  /**
   * The link ended by itself: nothing more comes, every request without an answer is lost, `send` fails from now on.
   * Fired at most once; `failed` is not fired for the requests it ends.
   */
  closed(failure: LinkFailure): void;
  /** The response to our request `id` carries this `Mcp-Session-Id`; fired ahead of its message. */
  session?(sessionId: string, id: number): void;
  /** The state of the stream that {@link Link.openStream} asked for. */
  stream?(state: StreamState): void;
}

/**
 * What became of the server's own stream: `open` for the first time, `reopened` after a gap in which notifications may
 * have been missed, `none` when the server has no such stream, `gone` when it answered 404 to a request for it that
 * carried a session id.
 */
export type StreamState = 'open' | 'reopened' | 'none' | 'gone';

/** One connection to an upstream that carries JSON-RPC messages both ways and knows nothing of what they mean. */
export interface Link {
  /** Whether messages that belong to one of our requests come with `relatedTo`. */
  readonly attributed: boolean;
  /** Sends one message, in order with those sent before on links that have an order. Never throws. */
  send(out: Outgoing): void;
  /** Ends interest in a request: HTTP links abort its POST, others do nothing. No event is fired for it any more. */
  cancel(id: number): void;
  /** Legacy HTTP: the session id and protocol version that every following message carries. */
  setSession?(sessionId: string | undefined, version: string): void;
  /** Legacy HTTP: opens the server's own stream and keeps it open until the link is closed. */
  openStream?(): void;
  /** The last 64 KiB a child wrote to its stderr, escapes stripped. */
  stderr?(): string;
  /** Ends the link; resolves when nothing of it is left (of a child: its whole process group). Never rejects. */
  close(reason: string): Promise<void>;
}

/** Something worth a line in the log. */
export type LinkNote =
  | { readonly type: 'stderr'; readonly line: string }
  /** Lines of stderr that were over the rate limit and only counted. */
  | { readonly type: 'stderr_dropped'; readonly lines: number }
  /** A line on stdout that is no JSON-RPC message and was skipped; only the first 20 are reported. */
  | { readonly type: 'banner'; readonly line: string }
  /** Something the server did against the protocol that is no call's failure. */
  | { readonly type: 'protocol'; readonly message: string }
  /** A stream was lost and will be opened again. */
  | { readonly type: 'reconnecting'; readonly message: string; readonly delayMs: number };

/** What every kind of link is opened with. */
export interface LinkDeps {
  /** Cancels the opening; has no effect once the link is open. */
  readonly signal: CancelSignal;
  note(note: LinkNote): void;
  /** Longest stdio line, SSE event, WebSocket message or response body. @default 10485760 */
  readonly maxMessageBytes?: number;
  /** Most bytes that may wait to be written. @default 67108864 */
  readonly maxQueuedBytes?: number;
  /** First and longest delay before a stream is opened again. @default {minMs: 500, maxMs: 30000} */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number };
  /** Source of jitter, 0 to 1. @default Math.random */
  random?(): number;
  /** Milliseconds of a clock that never goes back. @default performance.now */
  now?(): number;
}

/** Opens a link; rejects with a {@link LinkError} when that fails or is cancelled. */
export type OpenLink = (events: LinkEvents, signal: CancelSignal) => Promise<Link>;

/** Why a link could not be opened; checked by `name`, never by `instanceof`. */
export class LinkError extends Error {
  readonly failure: LinkFailure;

  constructor(failure: LinkFailure, cause?: unknown) {
    super(failure.message, { cause });
    this.name = 'LinkError';
    this.failure = failure;
  }
}

/** The message limit used unless another is given, in bytes. */
export const MAX_MESSAGE_BYTES: number = 10 * 1024 * 1024;

/** The limit of what waits to be written used unless another is given, in bytes. */
export const MAX_QUEUED_BYTES: number = 64 * 1024 * 1024;
