import { isDeepStrictEqual } from 'node:util';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import type { Document, Pair, YAMLMap } from 'yaml';
import type { DocumentEdit } from './edit-document.ts';
import { findDeepNesting } from './yaml-depth.ts';
import { yamlModule } from './yaml-module.ts';

type Path = readonly (string | number)[];

/**
 * Makes the edits in a YAML text. What can be changed by lines is, so that everything else stays as it is; else the
 * document is written anew, with its comments and anchors.
 */
export function editYaml(text: string, edits: readonly DocumentEdit[]): Result<string, string> {
  try {
    return ok(edits.reduce((current, { path, value }) => apply(current, path, value), text));
  } catch (error) {
    return err((error as Error).message);
  }
}

function parse(text: string): Document {
  if (findDeepNesting(text) !== undefined) throw new Error('is nested too deeply');
  const document: Document = yamlModule().parseDocument(text, { uniqueKeys: false });
  if (document.errors.length > 0) throw new Error('is not valid YAML');
  if (document.contents === null) document.contents = document.createNode({});
  return document;
}

function apply(text: string, path: Path, value: unknown): string {
  const document = parse(text);
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (yamlModule().isMap(node) && isRecord(value)) {
    const names = Object.keys(node.toJS(document) as object);
    const gone = names.filter((name) => value[name] === undefined);
    const cleared = gone.reduce((current, name) => apply(current, [...path, name], undefined), text);
    const kept = Object.entries(value).filter(([, member]) => member !== undefined);
    return kept.reduce((current, [name, member]) => apply(current, [...path, name], member), cleared);
  }
  if (value === undefined && node === undefined) return text;
  const byLines = editLines(text, document, path, value);
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, document.createNode(value));
  const wanted: unknown = document.toJS();
  if (byLines !== undefined && isSame(byLines, wanted)) return byLines;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** Whether a text holds this value: an edit by lines counts only then. */
function isSame(text: string, wanted: unknown): boolean {
  const document = yamlModule().parseDocument(text);
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), wanted);
}

function editLines(text: string, document: Document, path: Path, value: unknown): string | undefined {
  const { isMap, isScalar } = yamlModule();
  const node = document.getIn(path, true);
  if (value === undefined) {
    const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const pair = isMap(map) ? pairOf(map, path.at(-1)) : undefined;
    return pair === undefined || (map as YAMLMap).flow ? undefined : cutItem(text, pair);
  }
  if (isScalar(node) && node.range && (typeof value !== 'object' || value === null)) {
    const written = yamlModule().stringify(value, { lineWidth: 0 }).trimEnd();
    return written.includes('\n') ? undefined : text.slice(0, node.range[0]) + written + text.slice(node.range[1]);
  }
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const map = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (map === undefined) continue;
    const isNew = isMap(map) && !map.flow && !document.hasIn(path.slice(0, depth + 1));
    return isNew ? appendItem(text, map, nest(path.slice(depth), value)) : undefined;
  }
  return undefined;
}

const nest = (path: Path, value: unknown): unknown =>
  path.reduceRight((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value);

const pairOf = (map: YAMLMap, name: unknown): Pair | undefined =>
  map.items.find(({ key }) => yamlModule().isScalar(key) && key.value === name);

type Ranged = { readonly range?: readonly [number, number, number] | null } | null;

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Behind the last line of an item. */
function endOfItem(text: string, { key, value }: Pair): number {
  const end = ((value as Ranged)?.range ?? (key as Ranged)?.range ?? [0, 0])[1];
  // A block text ends behind its last line break, everything else before it.
  if (text[end - 1] === '\n') return end;
  const next = text.indexOf('\n', end);
  return next < 0 ? text.length : next + 1;
}

function cutItem(text: string, pair: Pair): string | undefined {
  const start = (pair.key as Ranged)?.range?.[0];
  return start === undefined ? undefined : text.slice(0, lineStart(text, start)) + text.slice(endOfItem(text, pair));
}

function appendItem(text: string, map: YAMLMap, item: unknown): string | undefined {
  const first = (map.items[0]?.key as Ranged)?.range?.[0];
  const last = map.items.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const indent = text.slice(lineStart(text, first), first);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = yamlModule().stringify(item, { lineWidth: 0 }).trimEnd().split('\n');
  const at = endOfItem(text, last);
  const open = at > 0 && text[at - 1] !== '\n' ? eol : '';
  return text.slice(0, at) + open + lines.map((line) => `${indent}${line}${eol}`).join('') + text.slice(at);
}
