import { err, ok, type Result } from '@hatago/protocol';
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { EntryPlace, TextFormat } from './file-format.ts';
import { insertMember, removeMember, writtenValue } from './json-members.ts';
import { applyCuts, placeOf } from './text-style.ts';

/** JSON, with comments and trailing commas where they are; nothing outside our entry moves, not even a blank. */
export const json: TextFormat = {
  parse(text) {
    const tree = treeOf(text);
    return tree.ok ? ok(tree.value === undefined ? {} : getNodeValue(tree.value)) : tree;
  },
  set(text, place, value) {
    const tree = treeOf(text);
    if (!tree.ok) return err(tree.error.join('\n'));
    if (tree.value === undefined) return ok(`${text.startsWith('\uFEFF') ? '\uFEFF' : ''}${fresh(place, value)}\n`);
    const found = walk(text, tree.value, place.path);
    if (!found.ok) return found;
    const { record, missing } = found.value;
    const [first, ...rest] = missing;
    if (first !== undefined) return ok(insertMember(text, record, first, nest(rest, { [place.key]: value })));
    const property = memberOf(record, place.key);
    if (property === undefined) return ok(insertMember(text, record, place.key, value));
    const { offset, length } = (property.children as Node[])[1] as Node;
    return ok(applyCuts(text, [{ from: offset, to: offset + length, text: writtenValue(text, property, value) }]));
  },
  remove(text, place, options = {}) {
    const tree = treeOf(text);
    if (!tree.ok) return err(tree.error.join('\n'));
    if (tree.value === undefined) return ok(text);
    const found = walk(text, tree.value, place.path);
    if (!found.ok) return found;
    const { record, missing } = found.value;
    const property = missing.length > 0 ? undefined : memberOf(record, place.key);
    if (property === undefined) return ok(text);
    const last = place.path.at(-1);
    if (options.emptied === true && last !== undefined && isAlone(text, record, property)) {
      return json.remove(text, { path: place.path.slice(0, -1), key: last }, options);
    }
    return ok(removeMember(text, record, property));
  },
};

function treeOf(text: string): Result<Node | undefined, readonly string[]> {
  const source = text.replace(/^\uFEFF/, ' ');
  if (source.trim() === '') return ok(undefined);
  const errors: ParseError[] = [];
  const tree = parseTree(source, errors, { allowTrailingComma: true });
  const at = (offset: number, message: string): string => {
    const { line, column } = placeOf(text, offset);
    return `${line}:${column}: ${message}`;
  };
  if (errors.length > 0) return err(errors.slice(0, 5).map((e) => at(e.offset, words(printParseErrorCode(e.error)))));
  if (tree === undefined) return err([at(0, 'is no JSON')]);
  return tree.type === 'object' ? ok(tree) : err([at(tree.offset, 'must be an object')]);
}

const words = (code: string): string => code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

const nest = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);

const fresh = ({ path, key }: EntryPlace, value: unknown): string =>
  JSON.stringify(nest(path, { [key]: value }), null, 2);

/** Whether an object holds this member and nothing else, no comment either. */
function isAlone(text: string, record: Node, member: Node): boolean {
  const before = text.slice(record.offset + 1, member.offset);
  const behind = text.slice(member.offset + member.length, record.offset + record.length - 1);
  return record.children?.length === 1 && `${before}${behind}`.replace(',', '').trim() === '';
}

/** A member by its name; where a name stands twice the last one counts, as it does for every reader of JSON. */
function memberOf(record: Node, name: string): Node | undefined {
  return record.children?.findLast((member) => member.children?.[0]?.value === name);
}

/** Follows names as far as they are there. */
function walk(
  text: string,
  root: Node,
  path: readonly string[],
): Result<{ readonly record: Node; readonly missing: readonly string[] }, string> {
  let record = root;
  for (const [depth, name] of path.entries()) {
    const value = memberOf(record, name)?.children?.[1];
    if (value === undefined) return ok({ record, missing: path.slice(depth) });
    if (value.type !== 'object') {
      const { line, column } = placeOf(text, value.offset);
      return err(`${line}:${column}: ${JSON.stringify(name)} must be an object`);
    }
    record = value;
  }
  return ok({ record, missing: [] });
}
