import type { Writable } from 'node:stream';
import { joinPieces, type Piece } from '@hatago/protocol';

/** Writes messages as lines, all of one tick in one write. */
export interface LineWriter {
  write(message: readonly Piece[]): void;
  /** Calls back when everything written so far has left, or never will. */
  flush(done: () => void): void;
}

/** What a {@link LineWriter} says about its stream. */
export interface LineWriterOptions {
  /** More than `fullBytes` wait for the reader. */
  onFull(): void;
  /** The reader has caught up. */
  onDrain(): void;
  /** @default 1048576 */
  readonly fullBytes?: number;
}

/** Makes a writer over a stream. Line ends inside a message, in JSON only white space, become spaces. */
export function createLineWriter(output: Writable, options: LineWriterOptions): LineWriter {
  const fullBytes = options.fullBytes ?? 1024 * 1024;
  let waiting: Piece[] = [];
  let full = false;

  function send(): void {
    if (waiting.length === 0) return;
    const bytes = joinPieces(waiting);
    waiting = [];
    if (output.destroyed) return;
    output.write(bytes);
    if (!full && output.writableLength > fullBytes) {
      full = true;
      options.onFull();
    }
  }
  output.on('drain', () => {
    if (!full) return;
    full = false;
    options.onDrain();
  });
  return {
    write(message) {
      if (waiting.length === 0) process.nextTick(send);
      for (const piece of message) waiting.push(oneLine(piece));
      waiting.push('\n');
    },
    flush(done) {
      send();
      if (output.destroyed) done();
      else output.write('', () => done());
    },
  };
}

function oneLine(piece: Piece): Piece {
  if (typeof piece === 'string') return /[\r\n]/.test(piece) ? piece.replace(/[\r\n]/g, ' ') : piece;
  if (!piece.includes(0x0a) && !piece.includes(0x0d)) return piece;
  return piece.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
}
