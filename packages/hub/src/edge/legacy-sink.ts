import type { Piece } from '@hatago/protocol';
import type { ErrorStatus } from './wire.ts';

/** Where the messages that belong to one legacy request go. */
export interface Sink {
  /** Sends a message ahead of the answer; false when it can no longer reach the client. */
  message(message: readonly Piece[]): boolean;
  /** Sends the answer; nothing follows. `status` is of an error, for a sink that can answer with another than 200. */
  answer(message: readonly Piece[], status?: ErrorStatus): void;
  /** No answer will come: the client took the request back. */
  drop(): void;
  /** Sends a question, where that is not the same as any other message. */
  ask?(message: readonly Piece[]): boolean;
  /** A question was answered. */
  answered?(): void;
  /** The task the request is followed as; its questions name it. */
  readonly relatedTask?: string;
}
