import { createMemory } from './memory.ts';

/** Cuts a stream of bytes into lines. */
export interface LineReader {
  /** Takes what has come; the memory may be used again once this has returned and {@link LineReaderOptions.isTaken} says so. */
  push(chunk: Buffer): void;
  /** The stream is over: what is left counts as a line. */
  end(): void;
}

/** What a {@link LineReader} reports to. */
export interface LineReaderOptions {
  /** Whole lines with their newlines, good until this returns and `isTaken` is true; what is kept longer is to be copied. */
  onLines(lines: readonly Buffer[]): void;
  /** Whether nobody looks at the lines any more. */
  isTaken(): boolean;
  /** A line is longer than may be; nothing is reported after that. */
  onTooLong(): void;
}

/** Longest line in either direction; the hub's own limits are far below. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;
const LF = 0x0a;

/** Makes a reader that uses its memory for lines that come in parts again and again. */
export function createLineReader(options: LineReaderOptions): LineReader {
  const memory = createMemory(options.isTaken);
  let held: Buffer | undefined;
  let size = 0;
  let isOver = false;

  const append = (bytes: Buffer): void => {
    const needed = size + bytes.length;
    if (needed > MAX_LINE_BYTES) {
      isOver = true;
      held = undefined;
      return options.onTooLong();
    }
    if (held === undefined || needed > held.length) {
      const grown = memory.take(held === undefined ? needed : 2 * needed);
      held?.copy(grown, 0, 0, size);
      held = grown;
    }
    bytes.copy(held, size);
    size = needed;
  };

  return {
    push(chunk) {
      if (isOver) return;
      const lines: Buffer[] = [];
      let from = 0;
      if (size > 0) {
        from = chunk.indexOf(LF) + 1;
        append(from === 0 ? chunk : chunk.subarray(0, from));
        if (from === 0 || held === undefined) return;
        lines.push(held.subarray(0, size));
        memory.lend(held);
        held = undefined;
        size = 0;
      }
      for (let end = chunk.indexOf(LF, from); end !== -1; end = chunk.indexOf(LF, from)) {
        lines.push(chunk.subarray(from, end + 1));
        from = end + 1;
      }
      if (lines.length > 0) options.onLines(lines);
      if (from < chunk.length) append(chunk.subarray(from));
    },
    end() {
      if (size > 0 && !isOver) this.push(Buffer.of(LF));
      isOver = true;
    },
  };
}

/** The same bytes in as few pieces as can be had without copying: lines that lie side by side become one. */
export function joinAdjacent(lines: readonly Buffer[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (const line of lines) {
    const last = pieces.at(-1);
    if (last !== undefined && last.buffer === line.buffer && last.byteOffset + last.length === line.byteOffset) {
      pieces[pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + line.length);
    } else pieces.push(line);
  }
  return pieces;
}
