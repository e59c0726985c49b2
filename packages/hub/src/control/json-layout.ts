/** How a JSONC text is laid out. */
export interface Layout {
  /** One step of indentation. */
  readonly unit: string;
  readonly eol: string;
}

/** The widest list of plain values that is written on one line. */
const MAX_INLINE = 100;

/** The indentation and line ends that a text uses; two blanks and a line feed where it does not tell. */
export function layoutOf(text: string): Layout {
  const indents = [...text.matchAll(/^([ \t]+)\S/gm)].map((match) => match[1] as string);
  const unit = indents.sort((a, b) => a.length - b.length)[0] ?? '  ';
  return { unit: unit.length > 8 ? '  ' : unit, eol: text.includes('\r\n') ? '\r\n' : '\n' };
}

/** The blanks at the start of the line an offset is in. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}

/** A value as JSON, its inner lines indented to stand at `indent`; lists of plain values stay on one line. */
export function formatValue(value: unknown, indent: string, layout: Layout): string {
  const inner = indent + layout.unit;
  const block = (open: string, lines: readonly string[], close: string): string =>
    `${open}${lines.map((line) => `${layout.eol}${inner}${line}`).join(',')}${layout.eol}${indent}${close}`;
  if (Array.isArray(value)) {
    const line = inlineValue(value);
    if (value.every((item) => typeof item !== 'object' || item === null) && line.length <= MAX_INLINE) return line;
    return block(
      '[',
      value.map((item) => formatValue(item, inner, layout)),
      ']',
    );
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  return block(
    '{',
    members.map(([name, member]) => `${JSON.stringify(name)}: ${formatValue(member, inner, layout)}`),
    '}',
  );
}

/** A value as JSON on one line, with blanks where a person would put them. */
export function inlineValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  return `{ ${members.map(([name, member]) => `${JSON.stringify(name)}: ${inlineValue(member)}`).join(', ')} }`;
}
