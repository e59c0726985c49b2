import type { LinkNote } from './link.ts';
import { toPlainText } from './plain-text.ts';

/** What a {@link StderrLog} is made with. */
export interface StderrOptions {
  note(note: LinkNote): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** How much of the end is kept. @default 65536 */
  readonly ringBytes?: number;
  /** Most lines noted in one second. @default 100 */
  readonly linesPerSecond?: number;
}

/** Keeps the end of what a child writes to its stderr and notes its lines at a bounded rate. */
export interface StderrLog {
  push(chunk: Uint8Array): void;
  /** What is kept, escapes stripped. */
  text(): string;
  /** Notes the last line and how many were dropped. */
  end(): void;
}

const LF = 0x0a;
const MAX_LINE = 4096;

/** Makes a log whose cost per byte stays small however much comes. */
export function createStderrLog(options: StderrOptions): StderrLog {
  const { note, now, ringBytes = 65_536, linesPerSecond = 100 } = options;
  let ring = Buffer.allocUnsafe(0);
  let fill = 0;
  let wrapped = false;
  let partial = '';
  let windowEnds = Number.NEGATIVE_INFINITY;
  let inWindow = 0;
  let dropped = 0;

  function keep(chunk: Uint8Array): void {
    const bytes = chunk.length > ringBytes ? chunk.subarray(chunk.length - ringBytes) : chunk;
    // Grown before it is full: one that has gone round stays as large as it is, and larger pieces come.
    if (fill + bytes.length >= ring.length && ring.length < ringBytes) {
      const grown = Buffer.allocUnsafeSlow(Math.min(ringBytes, Math.max(2048, 2 * (fill + bytes.length))));
      grown.set(ring.subarray(0, fill));
      ring = grown;
    }
    const room = ring.length - fill;
    if (bytes.length < room) {
      ring.set(bytes, fill);
      fill += bytes.length;
      return;
    }
    ring.set(bytes.subarray(0, room), fill);
    ring.set(bytes.subarray(room), 0);
    fill = bytes.length - room;
    wrapped = true;
  }

  function allowed(): boolean {
    const at = now();
    if (at >= windowEnds) {
      windowEnds = at + 1000;
      inWindow = 0;
      reportDropped();
    }
    return inWindow < linesPerSecond;
  }

  function reportDropped(): void {
    if (dropped === 0) return;
    note({ type: 'stderr_dropped', lines: dropped });
    dropped = 0;
  }

  function line(text: string): void {
    const plain = toPlainText(text).trimEnd();
    if (plain === '') return;
    inWindow++;
    note({ type: 'stderr', line: plain });
  }

  function push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    keep(chunk);
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    for (;;) {
      const newline = bytes.indexOf(LF, at);
      const end = newline === -1 ? bytes.length : newline;
      if (partial.length < MAX_LINE)
        partial += bytes.toString('utf8', at, Math.min(end, at + MAX_LINE - partial.length));
      if (newline === -1) return;
      at = newline + 1;
      if (allowed()) line(partial);
      else {
        // A flood is counted without looking at its lines one by one.
        const last = bytes.lastIndexOf(LF);
        dropped += 1 + newlinesIn(bytes, at, last + 1);
        at = last + 1;
      }
      partial = '';
    }
  }

  return {
    push,
    text: () => {
      const kept = wrapped ? Buffer.concat([ring.subarray(fill), ring.subarray(0, fill)]) : ring.subarray(0, fill);
      return toPlainText(kept.toString('utf8'), true);
    },
    end: () => {
      if (partial !== '') {
        if (allowed()) line(partial);
        else dropped++;
        partial = '';
      }
      reportDropped();
    },
  };
}

function newlinesIn(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (bytes[i] === LF) count++;
  return count;
}
