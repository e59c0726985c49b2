import { describe, expect, it } from 'vitest';
import { toPlainText } from './plain-text.ts';

describe('toPlainText', () => {
  it.each([
    ['plain text stays', 'plain text stays'],
    ['\x1b[31mred\x1b[0m and \x1b[1;32;4mbold\x1b[m', 'red and bold'],
    ['\x1b]0;title\x07after', 'after'],
    ['\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['\x1bPdevice control\x1b\\kept', 'kept'],
    ['\x9b2Jcleared', 'cleared'],
    ['\x1b(Bcharset \x1bcreset', 'charset reset'],
    ['bell\x07 nul\x00 back\x08 del\x7f', 'bell nul back del'],
    ['tab\tkept\r\n', 'tab\tkept'],
    ['unfinished \x1b[12', 'unfinished '],
    ['unfinished \x1b', 'unfinished '],
    ['日本語 é 🎉', '日本語 é 🎉'],
  ])('%j becomes %j', (text, plain) => {
    expect(toPlainText(text)).toBe(plain);
  });

  it('keeps newlines when asked, and an unfinished title hides no more than its line', () => {
    expect(toPlainText('a\n\x1b]0;never ends\nb', true)).toBe('a\n\nb');
  });
});
