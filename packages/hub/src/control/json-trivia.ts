/** One piece of what stands between the values of a JSONC text. */
export interface Trivia {
  readonly kind: 'comma' | 'line' | 'block' | 'newline' | 'space' | 'other';
  readonly start: number;
  readonly end: number;
}

/** Cuts the text between two values into commas, comments, newlines and blanks. */
export function scanTrivia(text: string, from: number, to: number): readonly Trivia[] {
  const found: Trivia[] = [];
  let at = from;
  while (at < to) {
    const { kind, end } = next(text, at, to);
    found.push({ kind, start: at, end });
    at = end;
  }
  return found;
}

function next(text: string, at: number, to: number): { kind: Trivia['kind']; end: number } {
  const char = text[at];
  if (char === ',') return { kind: 'comma', end: at + 1 };
  if (char === '\n') return { kind: 'newline', end: at + 1 };
  if (char === '\r' && text[at + 1] === '\n') return { kind: 'newline', end: at + 2 };
  if (text.startsWith('//', at)) {
    const end = /\r?\n/.exec(text.slice(at, to))?.index;
    return { kind: 'line', end: end === undefined ? to : at + end };
  }
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return { kind: 'block', end: end < 0 ? to : Math.min(to, end + 2) };
  }
  return { kind: /\s/.test(char as string) ? 'space' : 'other', end: at + 1 };
}

/** The offset just behind what stands on the same line as `from` and belongs to it: blanks, a comma and comments. */
export function endOfLineTrivia(text: string, from: number, to: number): number {
  let end = from;
  for (const { kind, end: next, start } of scanTrivia(text, from, to)) {
    if (kind === 'newline' || kind === 'other' || (kind === 'block' && text.slice(start, next).includes('\n'))) break;
    if (kind !== 'space') end = next;
  }
  return end;
}
