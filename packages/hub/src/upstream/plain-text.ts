const ESC = 0x1b;

/**
 * The text without terminal escape sequences and control characters, tabs (and, when asked, newlines) excepted, so that
 * what a server prints cannot act on a terminal or forge lines of a log.
 */
export function toPlainText(text: string, keepNewlines = false): string {
  let out = '';
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (!isControl(c) || c === 0x09 || (c === 0x0a && keepNewlines)) {
      at++;
      continue;
    }
    out += text.slice(from, at);
    at = c === ESC || c === 0x9b || c === 0x9d ? pastSequence(text, at, c) : at + 1;
    from = at;
  }
  return from === 0 ? text : out + text.slice(from);
}

function isControl(c: number): boolean {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/** Past the escape sequence that begins at the offset. @see ECMA-48 5.4 */
function pastSequence(text: string, start: number, first: number): number {
  let at = start + 1;
  let kind = first;
  if (first === ESC) {
    const next = text.charCodeAt(at);
    if (Number.isNaN(next)) return at;
    at++;
    if (next === 0x5b) kind = 0x9b;
    else if (next === 0x5d || next === 0x50 || next === 0x58 || next === 0x5e || next === 0x5f) kind = 0x9d;
    else {
      while (next >= 0x20 && next <= 0x2f && at < text.length && text.charCodeAt(at) <= 0x2f) at++;
      return next >= 0x20 && next <= 0x2f ? Math.min(at + 1, text.length) : at;
    }
  }
  if (kind === 0x9b) {
    while (at < text.length && text.charCodeAt(at) >= 0x20 && text.charCodeAt(at) <= 0x3f) at++;
    const last = text.charCodeAt(at);
    return last >= 0x40 && last <= 0x7e ? at + 1 : at;
  }
  // A string sequence runs to BEL or ST; one that never ends hides no more than its line.
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x07 || c === 0x9c) return at + 1;
    if (c === ESC) return text.charCodeAt(at + 1) === 0x5c ? at + 2 : at;
    if (c === 0x0a) return at;
  }
  return at;
}
