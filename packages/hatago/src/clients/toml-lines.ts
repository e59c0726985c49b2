/** One logical line of a TOML text: a header, an assignment with all lines of its value, a comment or a blank line. */
export interface TomlLine {
  readonly from: number;
  /** Behind its line break. */
  readonly to: number;
  readonly kind: 'table' | 'tables' | 'pair' | 'comment' | 'blank';
  /** The names of a header or the left side of an assignment; empty for the others. */
  readonly names: readonly string[];
}

/** Cuts a TOML text that parses into its logical lines. */
export function tomlLines(text: string): readonly TomlLine[] {
  const lines: TomlLine[] = [];
  let from = text.startsWith('\uFEFF') ? 1 : 0;
  while (from < text.length) {
    const start = skipBlanks(text, from);
    const to = endOfLine(text, start);
    lines.push({ from, to, ...contentOf(text, start) });
    from = to;
  }
  return lines;
}

function contentOf(text: string, start: number): Pick<TomlLine, 'kind' | 'names'> {
  const first = text[start];
  if (first === undefined || first === '\n' || first === '\r') return { kind: 'blank', names: [] };
  if (first === '#') return { kind: 'comment', names: [] };
  if (first !== '[') return { kind: 'pair', names: namesFrom(text, start) };
  return text[start + 1] === '['
    ? { kind: 'tables', names: namesFrom(text, start + 2) }
    : { kind: 'table', names: namesFrom(text, start + 1) };
}

const skipBlanks = (text: string, from: number): number => {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
};

/** Reads a dotted key up to its `=` or `]`. */
function namesFrom(text: string, from: number): string[] {
  const names: string[] = [];
  let at = skipBlanks(text, from);
  for (;;) {
    const quote = text[at];
    if (quote === '"' || quote === "'") {
      const end = endOfString(text, at);
      const raw = text.slice(at, end);
      names.push(quote === '"' ? unquote(raw) : raw.slice(1, -1));
      at = end;
    } else {
      const bare = /^[A-Za-z0-9_-]+/.exec(text.slice(at, at + 256))?.[0] ?? '';
      names.push(bare);
      at += bare.length;
    }
    at = skipBlanks(text, at);
    if (text[at] !== '.') return names;
    at = skipBlanks(text, at + 1);
  }
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}

/** Behind the line break that ends the value beginning on this line, strings and arrays over several lines included. */
function endOfLine(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at];
    if (char === '"' || char === "'") {
      at = endOfString(text, at);
      continue;
    }
    if (char === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      continue;
    }
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    else if (char === '\n' && depth <= 0) return at + 1;
    at++;
  }
  return text.length;
}

/** Behind the closing quotes of the string that begins here. */
function endOfString(text: string, from: number): number {
  const quote = text[from] as string;
  const long = text.startsWith(quote.repeat(3), from);
  const close = long ? quote.repeat(3) : quote;
  let at = from + close.length;
  while (at < text.length) {
    if (quote === '"' && text[at] === '\\') at += 2;
    else if (text.startsWith(close, at)) {
      at += close.length;
      // One or two more quotes may stand before the closing three.
      while (long && text[at] === quote && at - from < text.length) at++;
      return at;
    } else at++;
  }
  return text.length;
}
