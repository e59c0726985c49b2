import { atLeast, type Piece } from '@hatago/protocol';
import type { StreamKeeper } from './event-stream.ts';
import type { LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import { type LegacyStream, LegacyStreams } from './legacy-streams.ts';
import { retryHeaders } from './modern.ts';
import { type HttpReply, JSON_HEADERS, NO_HEADERS } from './reply.ts';
import type { Watched } from './roster.ts';
import type { ErrorStatus } from './wire.ts';

const GOOD: ErrorStatus = { http: 200, retryAfterMs: undefined };

/** Options of {@link LegacyPost}. */
export interface LegacyPostOptions {
  /** How many answers are due. @default 1 */
  readonly requests?: number;
  /** The answers go into one array. @default false */
  readonly batch?: boolean;
  /** The client takes a stream; what comes up for one that does not goes over its standing stream. @default true */
  readonly streams?: boolean;
}

/**
 * The answer to one legacy POST: JSON when nothing came up before it, else a stream. A call that takes long becomes a
 * stream too, so that a client that loses its connection can come back for the answer.
 */
export class LegacyPost implements Sink, Watched {
  slot: number | undefined;
  readonly #session: LegacySession;
  readonly #keeper: StreamKeeper;
  readonly #reply: HttpReply;
  readonly #batch: Piece[][] | undefined;
  readonly #streams: boolean;
  readonly #late: number;
  #stream: LegacyStream | undefined;
  #left: number;

  constructor(keeper: StreamKeeper, session: LegacySession, reply: HttpReply, options: LegacyPostOptions = {}) {
    const { requests = 1, batch = false, streams = true } = options;
    this.#session = session;
    this.#keeper = keeper;
    this.#reply = reply;
    this.#left = requests;
    this.#batch = batch ? [] : undefined;
    this.#streams = streams;
    this.#late = keeper.deps.now() + keeper.deps.limits.lateStreamMs;
    if (streams && atLeast(session.version, '2025-11-25')) keeper.add(this);
  }

  message(message: readonly Piece[]): boolean {
    return this.#aside()?.message(message) ?? false;
  }

  ask(message: readonly Piece[]): boolean {
    return this.#aside()?.ask(message) ?? false;
  }

  answer(message: readonly Piece[], status?: ErrorStatus): void {
    this.#left--;
    if (this.#stream !== undefined) this.#stream.send(message, true);
    else if (this.#batch === undefined) {
      this.#keeper.remove(this);
      if (!this.#reply.closed) this.#send(message, status);
      return;
    } else this.#batch.push([...message]);
    this.#settle();
  }

  /** In this era an error is an answer like another, save that who comes too early is told when to come back. */
  #send(message: readonly Piece[], { http, retryAfterMs }: ErrorStatus = GOOD): void {
    if (http !== 503 && http !== 429) return this.#reply.send(200, JSON_HEADERS, message);
    this.#reply.send(http, retryAfterMs === undefined ? JSON_HEADERS : retryHeaders(retryAfterMs), message);
  }

  drop(): void {
    this.#left--;
    this.#settle();
  }

  check(nowMs: number): void {
    if (this.#reply.closed) this.#keeper.remove(this);
    else if (nowMs >= this.#late) this.#open();
  }

  /** Where goes what is no answer. */
  #aside(): LegacyStream | undefined {
    return this.#streams ? this.#open() : this.#session.streams?.standing;
  }

  #open(): LegacyStream | undefined {
    if (this.#stream !== undefined || this.#reply.closed) return this.#stream;
    this.#keeper.remove(this);
    this.#session.streams ??= new LegacyStreams(this.#session, this.#keeper);
    const stream = this.#session.streams.add(this.#reply);
    this.#stream = stream;
    for (const message of this.#batch?.splice(0) ?? []) stream.send(message, true);
    return stream;
  }

  #settle(): void {
    if (this.#left > 0) return;
    this.#keeper.remove(this);
    if (this.#stream !== undefined) return this.#stream.drop();
    if (this.#reply.closed) return;
    const answers = this.#batch ?? [];
    if (answers.length === 0) return this.#reply.send(202, NO_HEADERS);
    const body: Piece[] = ['['];
    for (const answer of answers) {
      if (body.length > 1) body.push(',');
      body.push(...answer);
    }
    body.push(']');
    this.#reply.send(200, JSON_HEADERS, body);
  }
}
