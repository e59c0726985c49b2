import { coloursFor } from './colours.ts';

const pc = coloursFor(process.stdout);

/** Writes one JSON document to stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes one line to stdout. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one line for a person to stderr, so that stdout stays what was asked for. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A table with a header line, columns as wide as their widest cell. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const plain = rows.map((row) => row.map((cell) => clean(cell).replaceAll(/\s+/g, ' ')));
  const widths = head.map((cell, i) => Math.max(cell.length, ...plain.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd();
  return [pc.bold(line(head)), ...plain.map(line)].join('\n');
}

/** Text of others without what would move the cursor or colour the screen. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

/** The first line of a text, cut to a width. */
export function firstLine(text: string, width: number): string {
  const line = clean(text.split('\n', 1)[0] ?? '').trim();
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
