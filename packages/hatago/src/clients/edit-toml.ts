import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { parse, TomlError } from 'smol-toml';
import type { EntryPlace, TextFormat } from './file-format.ts';
import { eolOf, placeOf } from './text-style.ts';
import { type TomlLine, tomlLines } from './toml-lines.ts';

/** TOML: our entry is a table of its own, written behind everything else. */
export const toml: TextFormat = {
  parse(text) {
    try {
      return ok(parse(text.replace(/^\uFEFF/, '')));
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const message = error.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '') ?? 'is no TOML';
      return err([`${error.line}:${error.column}: ${message}`]);
    }
  },
  set(text, place, value) {
    const parsed = toml.parse(text);
    if (!parsed.ok) return err(parsed.error.join('\n'));
    const found = find(text, place, parsed.value);
    if (!found.ok) return found;
    const eol = eolOf(text);
    const table = tableOf([...place.path, place.key], value).join(eol) + eol;
    const [first, ...others] = found.value;
    if (first === undefined) {
      const gap = text.replace('\uFEFF', '') === '' ? '' : `${text.endsWith('\n') ? '' : eol}${eol}`;
      return ok(`${text}${gap}${table}`);
    }
    return ok(cut(text, others).replace(text.slice(first.from, first.to), () => table));
  },
  remove(text, place) {
    const parsed = toml.parse(text);
    if (!parsed.ok) return err(parsed.error.join('\n'));
    const found = find(text, place, parsed.value);
    if (!found.ok || found.value.length === 0) return found.ok ? ok(text) : found;
    // What was added stood behind a blank line at the end.
    const whole = found.value.map((block) => {
      const blank = /\n\r?\n$/.exec(text.slice(0, block.from)) !== null && text.slice(block.to).trim() === '';
      const length = blank ? (/\r?\n$/.exec(text.slice(0, block.from))?.[0].length ?? 0) : 0;
      return { from: block.from - length, to: block.to };
    });
    return ok(cut(text, whole));
  },
};

interface Block {
  readonly from: number;
  readonly to: number;
}

const cut = (text: string, blocks: readonly Block[]): string =>
  [...blocks]
    .sort((a, b) => b.from - a.from)
    .reduce((left, { from, to }) => left.slice(0, from) + left.slice(to), text);

/** The tables that make up the entry; an error when it is written in another way, such as inline. */
function find(text: string, { path, key }: EntryPlace, document: unknown): Result<readonly Block[], string> {
  const names = [...path, key];
  const lines = tomlLines(text);
  const blocks: Block[] = [];
  let elsewhere: TomlLine | undefined;
  let table: readonly string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'table' || line.kind === 'tables') {
      table = line.names;
      if (startsWith(table, names)) blocks.push({ from: line.from, to: endOfTable(lines, index) });
    } else if (line.kind === 'pair' && !startsWith(table, names)) {
      const whole = [...table, ...line.names];
      const inline = startsWith(names, whole) && whole.length > table.length;
      if (startsWith(whole, names) || (inline && whole.length <= path.length + 1)) elsewhere ??= line;
    }
  }
  if (elsewhere === undefined) return ok(joined(text, blocks));
  const record = path.reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), document);
  const { line, column } = placeOf(text, elsewhere.from);
  const what = isRecord(record) && key in record ? names.join('.') : path.join('.');
  return err(`${line}:${column}: ${what} is written inline here, which cannot be changed; write it as [${what}] first`);
}

/** Blocks with nothing but blank lines between them are one. */
function joined(text: string, blocks: readonly Block[]): readonly Block[] {
  const whole: Block[] = [];
  for (const block of blocks) {
    const last = whole.at(-1);
    if (last !== undefined && text.slice(last.to, block.from).trim() === '') {
      whole[whole.length - 1] = { from: last.from, to: block.to };
    } else whole.push(block);
  }
  return whole;
}

const startsWith = (names: readonly string[], prefix: readonly string[]): boolean =>
  prefix.every((name, i) => names[i] === name);

/** Behind the last assignment of a table: what follows it up to the next header belongs to that one. */
function endOfTable(lines: readonly TomlLine[], header: number): number {
  let end = (lines[header] as TomlLine).to;
  for (const line of lines.slice(header + 1)) {
    if (line.kind === 'table' || line.kind === 'tables') break;
    if (line.kind === 'pair') end = line.to;
  }
  return end;
}

/** The lines of a table: scalars and lists first, then records as tables of their own. */
function tableOf(names: readonly string[], value: Readonly<Record<string, unknown>>): string[] {
  const pairs = Object.entries(value).filter(([, part]) => !isRecord(part));
  const tables = Object.entries(value).filter(([, part]) => isRecord(part));
  return [
    `[${names.map(keyOf).join('.')}]`,
    ...pairs.map(([name, part]) => `${keyOf(name)} = ${literalOf(part)}`),
    ...tables.flatMap(([name, part]) => ['', ...tableOf([...names, name], part as Record<string, unknown>)]),
  ];
}

const keyOf = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : stringOf(name));

function literalOf(part: unknown): string {
  if (Array.isArray(part)) return `[${part.map(literalOf).join(', ')}]`;
  return typeof part === 'string' ? stringOf(part) : String(part);
}

/** A basic string; JSON's escapes are TOML's too, but for DEL. */
const stringOf = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
