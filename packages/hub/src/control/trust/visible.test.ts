import { describe, expect, it } from 'vitest';
import { visible, visibleCommand } from './visible.ts';

describe('what is shown of a command', () => {
  it.each([
    ['an escape sequence', 'a\u001b[2Kb', 'a\\u{1b}[2Kb'],
    ['a carriage return', 'rm -rf /\rls', 'rm -rf /\\u{d}ls'],
    ['a line end', 'a\nb', 'a\\u{a}b'],
    ['an override of the direction', 'gpj.\u202eexe', 'gpj.\\u{202e}exe'],
    ['an isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
    ['a space without width', 'a\u200bb', 'a\\u{200b}b'],
    ['a space that is no space', 'a\u00a0b\u3000c', 'a\\u{a0}b\\u{3000}c'],
    ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half a character', 'a\ud800', 'a\\u{d800}'],
  ])('has %s written as its code', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('keeps other letters as they are', () => {
    expect(visible('旅籠 é ñ 🚀 /usr/bin')).toBe('旅籠 é ñ 🚀 /usr/bin');
  });

  it('shows where every argument begins and ends, and none is cut', () => {
    const long = 'x'.repeat(5000);
    expect(visibleCommand(['npx', '-y', 'a b', "it's", '', ';rm', long])).toBe(
      `npx -y 'a b' 'it'\\''s' '' ';rm' ${long}`,
    );
  });
});
