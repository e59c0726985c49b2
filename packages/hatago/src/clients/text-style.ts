/** The line break that a text uses; a plain one where it shows none. */
export function eolOf(text: string): '\n' | '\r\n' {
  const first = text.indexOf('\n');
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n';
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** The start of the line an offset is on. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The offset behind the line break that ends the line an offset is on; the end of the text where none does. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}

/** One replacement in a text. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The text with replacements made; they must not overlap. */
export function applyCuts(text: string, cuts: readonly Cut[]): string {
  let result = text;
  for (const cut of [...cuts].sort((a, b) => b.from - a.from || b.to - a.to)) {
    result = result.slice(0, cut.from) + cut.text + result.slice(cut.to);
  }
  return result;
}
