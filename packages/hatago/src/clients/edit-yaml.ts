import { yamlModule } from '@hatago/hub/control/yaml-module.ts';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import type { EntryPlace, TextFormat } from './file-format.ts';
import { applyCuts, eolOf, lineEnd, lineStart, placeOf } from './text-style.ts';

type Yaml = ReturnType<typeof yamlModule>;
type Document = InstanceType<Yaml['Document']>;
type YAMLMap = InstanceType<Yaml['YAMLMap']>;
type Pair = InstanceType<Yaml['Pair']>;

/** YAML: our entry is added behind the others of its map, in the style the map is written in. */
export const yaml: TextFormat = {
  parse(text) {
    const document = documentOf(text);
    if (!document.ok) return document;
    const value: unknown = document.value?.toJS({ maxAliasCount: 100 }) ?? {};
    return isRecord(value) ? ok(value) : err(['1:1: must be a mapping']);
  },
  set(text, place, value) {
    const found = locate(text, place);
    if (!found.ok) return found;
    const { record, pair, map } = found.value;
    const eol = eolOf(text);
    if (pair !== undefined) return ok(replace(text, record as YAMLMap, pair, { key: place.key, value, eol }));
    if (record?.flow) return insertFlow(text, record, place.key, value);
    if (record !== undefined && record.items.length > 0) {
      const last = record.items.at(-1) as Pair;
      const at = endOfItem(text, last);
      const first = record.items[0] as Pair;
      const indent = text.slice(lineStart(text, startOf(first)), startOf(first));
      return ok(insertLines(text, at, linesOf({ [place.key]: value }, indent, eol), eol));
    }
    return insertRecord(text, place, value, { map, eol });
  },
  remove(text, place, options = {}) {
    const found = locate(text, place);
    if (!found.ok) return found;
    const { record, pair } = found.value;
    if (record === undefined || pair === undefined) return ok(text);
    const alone = record.items.length === 1;
    const last = place.path.at(-1);
    if (record.flow) return ok(removeFlow(text, record, pair));
    const from = lineStart(text, startOf(pair));
    const whole = text.slice(0, from) + text.slice(endOfItem(text, pair));
    if (!alone || last === undefined) return ok(whole);
    const outer = { path: place.path.slice(0, -1), key: last };
    const around = locate(text, outer);
    const holder = around.ok ? around.value.pair : undefined;
    if (holder === undefined) return err('1:1: cannot be made empty');
    const behindKey = text.indexOf(':', (holder.key as Ranged)?.range?.[1] ?? 0) + 1;
    const bare = text.slice(behindKey, from).trim() === '';
    if (options.emptied === true && bare) return yaml.remove(text, outer);
    // A key without a value would be null, which is no map.
    return ok(`${text.slice(0, behindKey)} {}${whole.slice(behindKey)}`);
  },
};

function documentOf(text: string): Result<Document | undefined, readonly string[]> {
  const documents = yamlModule().parseAllDocuments(text, { prettyErrors: true, uniqueKeys: false, logLevel: 'error' });
  if (!Array.isArray(documents) || documents.length === 0) return ok(undefined);
  const [first, second] = documents;
  const faults = documents.flatMap(({ errors }) =>
    errors.map((error) => {
      const { line, column } = placeOf(text, error.pos[0]);
      return `${line}:${column}: ${error.message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '')}`;
    }),
  );
  if (faults.length > 0) return err(faults.slice(0, 5));
  if (second !== undefined) return err([`${placeOf(text, second.range?.[0] ?? 0).line}:1: holds a second document`]);
  return ok(first as Document);
}

interface Found {
  /** The innermost map that is there on the way to the record. */
  readonly map: YAMLMap | undefined;
  /** The record of servers. */
  readonly record: YAMLMap | undefined;
  readonly pair: Pair | undefined;
}

function locate(text: string, { path, key }: EntryPlace): Result<Found, string> {
  const { isMap, isScalar } = yamlModule();
  const document = documentOf(text);
  if (!document.ok) return err(document.error.join('\n'));
  const root = document.value?.contents ?? null;
  if (root === null || (isScalar(root) && root.value === null))
    return ok({ map: undefined, record: undefined, pair: undefined });
  if (!isMap(root)) return err('1:1: must be a mapping');
  let map: YAMLMap = root;
  for (const name of path) {
    const value = pairOf(map, name)?.value;
    if (value === undefined || value === null || (isScalar(value) && value.value === null)) {
      return ok({ map, record: undefined, pair: undefined });
    }
    if (!isMap(value)) {
      const { line, column } = placeOf(text, (value as { range?: [number, number, number] }).range?.[0] ?? 0);
      return err(`${line}:${column}: ${JSON.stringify(name)} must be a mapping of its own`);
    }
    map = value;
  }
  return ok({ map, record: map, pair: pairOf(map, key) });
}

const pairOf = (map: YAMLMap, name: string): Pair | undefined =>
  map.items.find(({ key }) => yamlModule().isScalar(key) && String(key.value) === name);

type Ranged = { range?: [number, number, number] | null } | null;

const startOf = (pair: Pair): number => (pair.key as Ranged)?.range?.[0] ?? 0;

/** Behind the last line of an item, its own comment on that line included. */
function endOfItem(text: string, pair: Pair): number {
  const range = (pair.value as Ranged)?.range ?? (pair.key as Ranged)?.range ?? [0, 0, 0];
  // A block scalar ends behind its last line break, everything else before it.
  const end = Math.max(range[1], (pair.key as Ranged)?.range?.[1] ?? 0);
  return text[end - 1] === '\n' ? end : lineEnd(text, end);
}

function linesOf(value: unknown, indent: string, eol: string): string {
  const lines = yamlModule()
    .stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', indent: 2 })
    .trimEnd()
    .split('\n');
  return lines.map((line) => indent + line).join(eol);
}

function insertLines(text: string, at: number, lines: string, eol: string): string {
  const open = at > 0 && text[at - 1] !== '\n';
  return applyCuts(text, [{ from: at, to: at, text: `${open ? eol : ''}${lines}${eol}` }]);
}

function replace(
  text: string,
  record: YAMLMap,
  pair: Pair,
  { key, value, eol }: { key: string; value: unknown; eol: string },
): string {
  const from = startOf(pair);
  const range = (pair.value as Ranged)?.range ?? [from, from, from];
  if (record.flow) return applyCuts(text, [{ from: range[0], to: range[1], text: JSON.stringify(value) }]);
  const start = lineStart(text, from);
  const lines = linesOf({ [key]: value }, text.slice(start, from), eol);
  return applyCuts(text, [{ from: start, to: endOfItem(text, pair), text: `${lines}${eol}` }]);
}

function insertFlow(text: string, record: YAMLMap, key: string, value: unknown): Result<string, string> {
  const [from, to] = record.range as [number, number, number];
  const inner = text.slice(from + 1, to - 1);
  if (inner.includes('#'))
    return err(`${placeOf(text, from).line}:1: holds a comment inside braces, where nothing can be added`);
  const at = from + 1 + inner.trimEnd().length;
  const comma = record.items.length === 0 || inner.trimEnd().endsWith(',') ? '' : ',';
  const space = record.items.length === 0 ? '' : ' ';
  return ok(
    applyCuts(text, [{ from: at, to: at, text: `${comma}${space}${JSON.stringify(key)}: ${JSON.stringify(value)}` }]),
  );
}

function removeFlow(text: string, record: YAMLMap, pair: Pair): string {
  const index = record.items.indexOf(pair);
  const from = startOf(pair);
  const to = (pair.value as Ranged)?.range?.[1] ?? from;
  const previous = record.items[index - 1];
  const next = record.items[index + 1];
  if (next !== undefined) return text.slice(0, from) + text.slice(startOf(next));
  const start = previous === undefined ? from : ((previous.value as Ranged)?.range?.[1] ?? from);
  return text.slice(0, start) + text.slice(to);
}

/** Into a document that has no such record yet. */
function insertRecord(
  text: string,
  { path, key }: EntryPlace,
  value: unknown,
  { map, eol }: { map: YAMLMap | undefined; eol: string },
): Result<string, string> {
  if (path.length !== 1) return err(`1:1: has no ${path.join('.')} to add to`);
  const name = path[0] as string;
  const pair = map === undefined ? undefined : pairOf(map, name);
  const nested = linesOf({ [key]: value }, '  ', eol);
  if (pair !== undefined) return ok(insertLines(text, lineEnd(text, startOf(pair)), nested, eol));
  if (map?.flow === true) return insertFlow(text, map, name, { [key]: value });
  const last = map?.items.at(-1);
  const at = last === undefined ? text.length : endOfItem(text, last);
  return ok(insertLines(text, at, `${name}:${eol}${nested}`, eol));
}
