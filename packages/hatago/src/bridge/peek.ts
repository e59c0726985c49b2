/** What can be told of one line without parsing it. */
export interface Peeked {
  /** Bytes of the top-level `id` as they stand there; undefined when it has none. */
  readonly id: string | undefined;
  readonly method: string | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What turns a bracket into a brace. */
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * Finds the id and the method of a JSON-RPC message in linear time and without copying it; undefined for what is no
 * object. Whether it is valid JSON is for the hub to say.
 */
export function peek(line: Buffer): Peeked | undefined {
  let at = skipSpace(line, 0);
  if (line[at] !== OPEN) return undefined;
  at++;
  let id: string | undefined;
  let method: string | undefined;
  for (;;) {
    at = skipSpace(line, at);
    if (line[at] !== QUOTE) return { id, method };
    const nameEnd = stringEnd(line, at);
    const name = line.toString('latin1', at + 1, nameEnd - 1);
    at = skipSpace(line, nameEnd);
    if (line[at] !== COLON) return { id, method };
    // Nothing that comes after can tell more: results are long, and the hub writes their ids first.
    if (id !== undefined && (name === 'result' || name === 'error' || (name === 'params' && method !== undefined))) {
      return { id, method };
    }
    const start = skipSpace(line, at + 1);
    const end = valueEnd(line, start);
    if (name === 'id') id = line.toString('utf8', start, end).trim();
    else if (name === 'method' && line[start] === QUOTE)
      method = line.toString('utf8', start + 1, stringEnd(line, start) - 1);
    if (line[end] !== COMMA) return { id, method };
    at = end + 1;
  }
}

function skipSpace(line: Buffer, at: number): number {
  let i = at;
  while (i < line.length && (line[i] as number) <= 0x20) i++;
  return i;
}

/** Past the closing quote of the string that begins there. */
function stringEnd(line: Buffer, at: number): number {
  for (let quote = line.indexOf(QUOTE, at + 1); quote !== -1; quote = line.indexOf(QUOTE, quote + 1)) {
    let escapes = 0;
    while (line[quote - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
  return line.length;
}

/** The comma or brace after the value that begins there. */
function valueEnd(line: Buffer, at: number): number {
  let depth = 0;
  for (let i = at; i < line.length; ) {
    const c = line[i] as number;
    if (c === QUOTE) {
      i = stringEnd(line, i);
      continue;
    }
    if ((c | BRACE_BIT) === OPEN) depth++;
    else if ((c | BRACE_BIT) === CLOSE && --depth < 0) return i;
    else if (c === COMMA && depth === 0) return i;
    i++;
  }
  return line.length;
}
