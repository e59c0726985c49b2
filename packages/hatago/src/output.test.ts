import { describe, expect, it } from 'vitest';
import { clean, firstLine, formatTable } from './output.ts';

describe('a table', () => {
  it('has columns as wide as their widest cell, and nothing at the end of a line', () => {
    const table = formatTable(
      ['SERVER', 'STATE', ''],
      [
        ['a', 'ready', ''],
        ['longer-name', 'needs a secret', 'https://x.example'],
      ],
    );
    expect(table).toBe(
      ['SERVER       STATE', 'a            ready', 'longer-name  needs a secret  https://x.example'].join('\n'),
    );
  });

  it('is a head alone where there are no rows', () => {
    expect(formatTable(['A', 'B'], [])).toBe('A  B');
  });

  it('takes from a cell what would move the cursor', () => {
    expect(formatTable(['A'], [['\u001b[2Jcleared\u0007']])).toBe('A\ncleared');
    expect(formatTable(['A', 'B'], [['two\n  lines', 'x']])).toBe('A          B\ntwo lines  x');
  });
});

describe('text of others', () => {
  it.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007x', 'x'],
    ['\u001b]8;;http://x\u001b\\link', 'link'],
    ['a\rb\u0000c', 'abc'],
    ['tab\tand\nline', 'tab\tand\nline'],
  ])('%j is shown as %j', (text, shown) => {
    expect(clean(text)).toBe(shown);
  });

  it('is cut to a width, at its first line', () => {
    expect(firstLine('one\ntwo', 10)).toBe('one');
    expect(firstLine('0123456789abc', 10)).toBe('012345678…');
  });
});
