import { isDeepStrictEqual } from 'node:util';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import type { EntryPlace, TextFormat } from './file-format.ts';

/** Adds or replaces our entry, and makes sure that the new text says so and says nothing else differently. */
export function setEntry(
  format: TextFormat,
  text: string,
  place: EntryPlace,
  value: Readonly<Record<string, unknown>>,
): Result<string, string> {
  const edited = format.set(text, place, value);
  return edited.ok ? check(format, text, edited.value, place, value) : edited;
}

/** Takes our entry out, and makes sure that the new text says nothing else differently. */
export function removeEntry(
  format: TextFormat,
  text: string,
  place: EntryPlace,
  options: { readonly emptied?: boolean } = {},
): Result<string, string> {
  const edited = format.remove(text, place, options);
  return edited.ok ? check(format, text, edited.value, place, undefined) : edited;
}

/** The entry at a place of a document. */
export function entryAt(document: unknown, { path, key }: EntryPlace): unknown {
  return [...path, key].reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), document);
}

function check(
  format: TextFormat,
  before: string,
  after: string,
  place: EntryPlace,
  value: unknown,
): Result<string, string> {
  const old = format.parse(before);
  const now = format.parse(after);
  const same =
    old.ok &&
    now.ok &&
    isDeepStrictEqual(plain(entryAt(now.value, place)), plain(value)) &&
    isDeepStrictEqual(plain(without(old.value, place)), plain(without(now.value, place)));
  return same ? ok(after) : err('1:1: cannot be edited without changing something else; change it by hand');
}

/** The document without the entry and without the records around it that hold nothing else. */
function without(document: unknown, { path, key }: EntryPlace): unknown {
  if (!isRecord(document)) return document;
  const [name, ...rest] = path;
  if (name === undefined) return Object.fromEntries(Object.entries(document).filter(([member]) => member !== key));
  const inner = without(document[name] ?? {}, { path: rest, key });
  const empty = isRecord(inner) && Object.keys(inner).length === 0;
  return Object.fromEntries(
    Object.entries({ ...document, [name]: inner }).filter(([member]) => member !== name || !empty),
  );
}

/** Without prototypes and classes that parsers give their values. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
