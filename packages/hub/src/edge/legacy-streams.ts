import { atLeast, joinPieces, type Piece, sseEvent, ssePriming } from '@hatago/protocol';
import { createReplay, type Replay, type Replayed } from '../session/replay.ts';
import { EventStream, type StreamKeeper } from './event-stream.ts';
import type { LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import type { HttpReply } from './reply.ts';

const STANDING = 0;
const EVENT_ID = /^(\d{1,9})-(\d{1,12})$/;
const RESUMABLE_FROM = '2025-11-25';

/** One stream of a session, which outlives the connections that carry it. */
export class LegacyStream implements Sink, Replayed {
  readonly number: number;
  readonly #streams: LegacyStreams;
  #sequence = 0;
  #carrier: EventStream | undefined;
  #ended = false;
  /** When the last carrier was lost; undefined while there is one. */
  goneSinceMs: number | undefined;
  lost = 0;

  constructor(streams: LegacyStreams, number: number) {
    this.#streams = streams;
    this.number = number;
  }

  get attached(): boolean {
    return this.#carrier !== undefined;
  }

  /** Sends what comes from now on over this reply, after what came behind `after`. */
  attach(reply: HttpReply, after: number | undefined): void {
    const { keeper, session, replay } = this.#streams;
    this.#carrier?.end();
    const carrier = new EventStream(keeper, reply);
    this.#carrier = carrier;
    this.goneSinceMs = undefined;
    reply.onClose((delivered) => this.#lost(carrier, delivered));
    if (after === undefined) {
      if (atLeast(session.version, RESUMABLE_FROM)) {
        carrier.send([ssePriming(`${this.number}-${this.#sequence}`, session.deps.limits.retryMs)]);
      }
    } else for (const text of replay.after(this, after)) carrier.send([text]);
    if (this.#ended) carrier.end();
  }

  message(message: readonly Piece[]): boolean {
    return this.send(message, false);
  }

  ask(message: readonly Piece[]): boolean {
    return this.send(message, true);
  }

  answer(message: readonly Piece[]): void {
    this.send(message, true);
    this.drop();
  }

  /** Sends a message, and keeps it for whoever resumes; nobody resumes behind a `vital` one that could not be kept. */
  send(message: readonly Piece[], vital: boolean): boolean {
    const text = joinPieces(sseEvent(message, `${this.number}-${++this.#sequence}`));
    this.#streams.replay.keep(this, { sequence: this.#sequence, text, vital });
    this.#carrier?.send([text]);
    return true;
  }

  drop(): void {
    this.#ended = true;
    this.#carrier?.end();
  }

  #lost(carrier: EventStream, delivered: boolean): void {
    if (this.#carrier !== carrier) return;
    this.#carrier = undefined;
    if (this.#ended && delivered) return this.#streams.forget(this);
    this.goneSinceMs = this.#streams.session.deps.now();
    if (this.number === STANDING) this.#streams.session.unstand(this);
  }
}

/** The streams of one session and what is kept for resuming them. */
export class LegacyStreams {
  readonly session: LegacySession;
  readonly keeper: StreamKeeper;
  readonly replay: Replay;
  readonly #open = new Map<number, LegacyStream>();
  #last = STANDING;

  constructor(session: LegacySession, keeper: StreamKeeper) {
    const { replayBytes, replayEvents } = session.deps.limits;
    this.session = session;
    this.keeper = keeper;
    this.replay = createReplay({ maxBytes: replayBytes, maxEvents: replayEvents });
  }

  /** The stream for messages that belong to no request, while it is open or can be resumed. */
  get standing(): LegacyStream | undefined {
    return this.#open.get(STANDING);
  }

  /** Opens a stream for one request. */
  add(reply: HttpReply): LegacyStream {
    const stream = new LegacyStream(this, ++this.#last);
    this.#open.set(stream.number, stream);
    stream.attach(reply, undefined);
    return stream;
  }

  /** Opens the standing stream, or takes it over. */
  stand(reply: HttpReply, after: number | undefined): void {
    let stream = this.#open.get(STANDING);
    if (stream === undefined) {
      stream = new LegacyStream(this, STANDING);
      this.#open.set(STANDING, stream);
    }
    stream.attach(reply, after);
    this.session.stand(stream);
  }

  /** Goes on with the stream an event id belongs to; false when it is gone, or what its client must not miss. */
  resume(eventId: string, reply: HttpReply): boolean {
    const match = EVENT_ID.exec(eventId);
    if (match === null) return false;
    const number = Number(match[1]);
    const after = Number(match[2]);
    if (number === STANDING) {
      // Its answers are none, and a client that is refused it may do without from then on.
      this.stand(reply, after);
      return true;
    }
    const stream = this.#open.get(number);
    if (stream === undefined || after < stream.lost) return false;
    stream.attach(reply, after);
    return true;
  }

  forget(stream: LegacyStream): void {
    if (this.#open.get(stream.number) === stream) this.#open.delete(stream.number);
    this.replay.drop(stream);
  }

  /** Forgets what nobody resumed in time; true when the standing stream is not (or no longer) among the open ones. */
  prune(nowMs: number): boolean {
    const { replayMs } = this.session.deps.limits;
    for (const stream of this.#open.values()) {
      if (stream.goneSinceMs !== undefined && nowMs - stream.goneSinceMs >= replayMs) this.forget(stream);
    }
    return !this.#open.has(STANDING);
  }

  close(): void {
    for (const stream of this.#open.values()) stream.drop();
    this.#open.clear();
  }
}
