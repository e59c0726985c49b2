import { describe, expect, it } from 'vitest';
import type { LinkNote } from './link.ts';
import { createStderrLog } from './stderr.ts';

function log(options: { ringBytes?: number; linesPerSecond?: number } = {}) {
  const notes: LinkNote[] = [];
  const clock = { ms: 0 };
  const stderr = createStderrLog({ note: (note) => notes.push(note), now: () => clock.ms, ...options });
  return { stderr, notes, clock, push: (text: string) => stderr.push(Buffer.from(text)) };
}

describe('createStderrLog', () => {
  it('notes whole lines, escapes stripped, blank ones left out', () => {
    const { stderr, notes, push } = log();
    push('one\r\n\n\x1b[31mtw');
    push('o\x1b[0m\nthree');
    stderr.end();
    expect(notes).toEqual(['one', 'two', 'three'].map((line) => ({ type: 'stderr', line })));
  });

  it('notes at most so many lines a second and counts the rest', () => {
    const { stderr, notes, clock, push } = log({ linesPerSecond: 2 });
    push('1\n2\n3\n4\n5\n');
    expect(notes).toHaveLength(2);
    clock.ms = 1000;
    push('6\n');
    stderr.end();
    expect(notes.slice(2)).toEqual([
      { type: 'stderr_dropped', lines: 3 },
      { type: 'stderr', line: '6' },
    ]);
  });

  it('keeps the end of what came', () => {
    for (const size of [1, 3, 16, 40]) {
      const { stderr } = log({ ringBytes: 16 });
      const input = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
      for (let at = 0; at < input.length; at += size) stderr.push(input.subarray(at, at + size));
      expect(stderr.text()).toBe('klmnopqrstuvwxyz');
    }
  });

  it('keeps it however the pieces fall: they may fill what is there to the last byte', () => {
    const { stderr, push } = log();
    const all = ['a'.repeat(1024), 'b'.repeat(1024), 'c'.repeat(4096), 'd'.repeat(59_392), 'e'.repeat(65_536)];
    for (const [i, piece] of all.entries()) {
      push(piece);
      expect(stderr.text()).toBe(
        all
          .slice(0, i + 1)
          .join('')
          .slice(-65_536),
      );
    }
  });

  it('has everything while that is less than it may keep', () => {
    const { stderr, push } = log();
    for (let i = 0; i < 1000; i++) push(`line ${i}\n`);
    expect(stderr.text().split('\n').slice(0, 2)).toEqual(['line 0', 'line 1']);
    expect(stderr.text().endsWith('line 999\n')).toBe(true);
  });

  it('cuts a line that never ends', () => {
    const { stderr, notes, push } = log();
    for (let i = 0; i < 100; i++) push('x'.repeat(1000));
    stderr.end();
    expect(notes).toEqual([{ type: 'stderr', line: 'x'.repeat(4096) }]);
  });
});
