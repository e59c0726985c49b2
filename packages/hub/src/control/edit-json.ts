import { isDeepStrictEqual } from 'node:util';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import type { DocumentEdit } from './edit-document.ts';
import { formatValue, indentAt, inlineValue, type Layout, layoutOf } from './json-layout.ts';
import { endOfLineTrivia, scanTrivia } from './json-trivia.ts';

/** Makes one edit of a JSONC text; every comment outside the value that is replaced or removed stays where it is. */
export function editJson(text: string, { path, value }: DocumentEdit): Result<string, string> {
  const source = text.replace(/^\uFEFF/, '').trim() === '' ? '{}\n' : text;
  const errors: ParseError[] = [];
  const tree = parseTree(source.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  if (tree === undefined || errors.length > 0) return err('is not valid JSON with comments');
  return editNode(source, tree, path, value);
}

function editNode(text: string, tree: Node, path: DocumentEdit['path'], value: unknown): Result<string, string> {
  let node = tree;
  for (const [depth, step] of path.entries()) {
    const wanted = typeof step === 'number' ? 'array' : 'object';
    if (node.type !== wanted) {
      const where = depth === 0 ? 'the document' : path.slice(0, depth).join('.');
      return value === undefined ? ok(text) : err(`${where} is no ${wanted}`);
    }
    const index = indexOf(node, step);
    const child = node.children?.[index];
    if (child === undefined) {
      if (value === undefined) return ok(text);
      if (typeof step === 'number' && step > (node.children?.length ?? 0)) return err(`there is no item ${step - 1}`);
      return ok(insert(text, node, typeof step === 'number' ? undefined : step, nest(path.slice(depth + 1), value)));
    }
    if (value === undefined && depth === path.length - 1) return ok(remove(text, node, index));
    node = node.type === 'object' ? (child.children?.[1] as Node) : child;
  }
  if (value === undefined) return err('a whole document cannot be removed');
  return ok(replace(text, node, value));
}

function indexOf(container: Node, step: string | number): number {
  if (typeof step === 'number') return step;
  return (container.children ?? []).findIndex((child) => child.children?.[0]?.value === step);
}

function nest(path: DocumentEdit['path'], value: unknown): unknown {
  return path.reduceRight((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value);
}

/** Objects are gone through member by member, so that what stays the same keeps its comments. */
function replace(text: string, node: Node, value: unknown): string {
  if (isDeepStrictEqual(toValue(node), value)) return text;
  if (node.type === 'object' && isRecord(value)) {
    const names = (node.children ?? []).map((child) => child.children?.[0]?.value as string);
    const gone = names.filter((name) => value[name] === undefined).map((name) => ({ name, member: undefined }));
    const kept = Object.entries(value).map(([name, member]) => ({ name, member }));
    return [...gone, ...kept].reduce((current, { name, member }) => {
      // Offsets move with every edit, so the object is found again by its own, which does not.
      const again = nodeAt(current, node.offset);
      const edited = editNode(current, again, [name], member);
      return edited.ok ? edited.value : current;
    }, text);
  }
  const multiline = text.slice(node.offset, node.offset + node.length).includes('\n') || !isSingleLine(text, node);
  const written = multiline ? formatValue(value, indentAt(text, node.offset), layoutOf(text)) : inlineValue(value);
  return text.slice(0, node.offset) + written + text.slice(node.offset + node.length);
}

/** Whether a value stands in an object or list that is written on one line. */
function isSingleLine(text: string, node: Node): boolean {
  const container = node.parent?.type === 'property' ? node.parent.parent : node.parent;
  return container !== undefined && !text.slice(container.offset, container.offset + container.length).includes('\n');
}

function nodeAt(text: string, offset: number): Node {
  const find = (node: Node): Node | undefined => {
    if (node.offset === offset && node.type === 'object') return node;
    for (const child of node.children ?? []) {
      const found = child.offset <= offset && offset < child.offset + child.length ? find(child) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true }) as Node;
  return find(tree) ?? tree;
}

function toValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(toValue);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(
    (node.children ?? []).map((child) => [child.children?.[0]?.value, toValue(child.children?.[1] as Node)]),
  );
}

function insert(text: string, container: Node, name: string | undefined, value: unknown): string {
  const open = container.offset;
  const close = open + container.length - 1;
  const layout = layoutOf(text);
  const key = name === undefined ? '' : `${JSON.stringify(name)}: `;
  const last = container.children?.at(-1);
  if (last === undefined) return insertFirst(text, open, close, key, value, layout);
  const end = last.offset + last.length;
  const comma = scanTrivia(text, end, close).find(({ kind }) => kind === 'comma');
  if (!text.slice(open, close).includes('\n')) {
    return `${text.slice(0, end)}, ${key}${inlineValue(value)}${text.slice(end)}`;
  }
  const indent = indentAt(text, last.offset);
  const place = endOfLineTrivia(text, comma?.end ?? end, close);
  const between = comma === undefined ? `,${text.slice(end, place)}` : text.slice(end, place);
  const written = `${layout.eol}${indent}${key}${formatValue(value, indent, layout)}${comma === undefined ? '' : ','}`;
  return text.slice(0, end) + between + written + text.slice(place);
}

function insertFirst(text: string, open: number, close: number, key: string, value: unknown, layout: Layout): string {
  const outer = indentAt(text, open);
  const indent = outer + layout.unit;
  const kept = text.slice(open + 1, close).trimEnd();
  const written = `${layout.eol}${indent}${key}${formatValue(value, indent, layout)}${layout.eol}${outer}`;
  return text.slice(0, open + 1) + kept + written + text.slice(close);
}

interface Cut {
  readonly from: number;
  readonly to: number;
}

/** Removes an item with its comma, and with the comment behind it where that ends its line. */
function remove(text: string, container: Node, index: number): string {
  const children = container.children as Node[];
  const child = children[index] as Node;
  const [before, after] = [children[index - 1], children[index + 1]];
  const close = container.offset + container.length - 1;
  const end = child.offset + child.length;
  const comma = commaIn(text, end, after?.offset ?? close);
  const sameLine = comma !== undefined && !text.slice(end, comma.from).includes('\n');
  const cuts = [cutOf(text, container, child, sameLine ? comma.to : end)];
  if (comma !== undefined && !sameLine) cuts.push(comma);
  // The comma of the item before would be left without one behind it.
  const dangling = comma === undefined && before !== undefined && commaIn(text, endOf(before), child.offset);
  if (dangling) cuts.push(dangling);
  return tidy(withoutCuts(text, cuts), container.offset);
}

const endOf = (node: Node): number => node.offset + node.length;

function commaIn(text: string, from: number, to: number): Cut | undefined {
  const comma = scanTrivia(text, from, to).find(({ kind }) => kind === 'comma');
  return comma === undefined ? undefined : { from: comma.start, to: comma.end };
}

/** What goes with an item that ends, comma and all, at `end`: its whole line, or the blanks on one side of it. */
function cutOf(text: string, container: Node, child: Node, end: number): Cut {
  const close = container.offset + container.length - 1;
  const lineStart = text.lastIndexOf('\n', child.offset - 1) + 1;
  const startsLine = lineStart > container.offset && text.slice(lineStart, child.offset).trim() === '';
  const tail = endOfLineTrivia(text, end, close);
  const lineEnd = /^[ \t]*\r?\n/.exec(text.slice(tail, close))?.[0];
  if (lineEnd === undefined) {
    const blanks = /^[ \t]*/.exec(text.slice(end, close))?.[0] ?? '';
    const isLast = end + blanks.length === close;
    return isLast ? { from: trimBlanks(text, child.offset), to: end } : { from: child.offset, to: end + blanks.length };
  }
  return startsLine
    ? { from: lineStart, to: tail + lineEnd.length }
    : { from: trimBlanks(text, child.offset), to: tail };
}

function trimBlanks(text: string, at: number): number {
  const blanks = /[ \t]*$/.exec(text.slice(Math.max(0, at - 64), at))?.[0] ?? '';
  return at - blanks.length;
}

function withoutCuts(text: string, cuts: readonly Cut[]): string {
  const sorted = [...cuts].sort((x, y) => y.from - x.from);
  return sorted.reduce((rest, { from, to }) => rest.slice(0, from) + rest.slice(to), text);
}

/** An object or list of which only blanks are left is closed again on its line. */
function tidy(text: string, open: number): string {
  const blank = /^[[{]\s*[\]}]/.exec(text.slice(open))?.[0];
  return blank === undefined ? text : text.slice(0, open) + blank.replace(/\s+/, '') + text.slice(open + blank.length);
}
