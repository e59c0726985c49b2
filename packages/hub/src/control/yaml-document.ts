import { err, ok, type Result } from '@hatago/protocol';
import type { Document, Node, Pair } from 'yaml';
import type { Issue } from './issue.ts';
import { type Fault, type FaultAt, MAX_DEPTH, type SourceDocument } from './source-document.ts';
import { findDeepNesting } from './yaml-depth.ts';
import { yamlModule } from './yaml-module.ts';

/** How often anchors may be used: enough for a person, too few for a bomb. */
const MAX_ALIASES = 100;

/** The largest YAML text, in characters: to parse it takes a hundred times as long as JSON. */
const MAX_LENGTH = 524_288;

/** Parses a YAML text into plain values; what JSON cannot hold is refused. */
export function parseYaml(text: string, at: FaultAt): Result<SourceDocument, readonly Fault[]> {
  if (text.length > MAX_LENGTH) return err([at(0, `is larger than ${MAX_LENGTH} characters; JSONC may be`)]);
  const deep = findDeepNesting(text);
  if (deep !== undefined) return err([at(deep, `is nested deeper than ${MAX_DEPTH} levels`)]);
  const { parseDocument, visit } = yamlModule();
  const document = parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, uniqueKeys: false });
  // What follows from the first is no fault of its own.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) return err([at(broken.pos[0], lowered(broken.message))]);
  const faults: Fault[] = [];
  let aliases = 0;
  visit(document, {
    Node(_key, node, path) {
      const place = node.range?.[0] ?? 0;
      if (path.length > MAX_DEPTH * 2) throw new RangeError('too deep');
      if (node.tag?.startsWith('!')) faults.push(at(place, `the tag ${node.tag} is not allowed`));
    },
    Alias(_key, node) {
      if (++aliases === MAX_ALIASES + 1) {
        faults.push(at(node.range?.[0] ?? 0, `uses anchors more than ${MAX_ALIASES} times`));
      }
    },
    Map(_key, map) {
      checkNames(map.items, at, faults);
    },
  });
  if (faults.length > 0) return err(faults.slice(0, 20));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return err([at(0, lowered((error as Error).message))]);
  }
  return ok({ value, locate: ({ path, message }) => at(offsetOf(document, path), message) });
}

const lowered = (message: string): string =>
  message.charAt(0).toLowerCase() + (message.split('\n', 1)[0] ?? '').slice(1);

function checkNames(pairs: readonly Pair[], at: FaultAt, faults: Fault[]): void {
  const names = new Set<string>();
  for (const { key } of pairs) {
    const name = (key as { value?: unknown } | null)?.value;
    const place = (key as Node | null)?.range?.[0] ?? 0;
    if (typeof name !== 'string') faults.push(at(place, 'the name must be a text; put it into quotes'));
    else if (name === '__proto__') faults.push(at(place, 'the name "__proto__" is not allowed'));
    else if (names.has(name)) faults.push(at(place, `${JSON.stringify(name)} stands here a second time`));
    else names.add(name);
  }
}

/** The offset of a member's name or an item, or of the nearest one around it that is there. */
function offsetOf(document: Document, path: Issue['path']): number {
  const { isMap, isPair } = yamlModule();
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && (item.key as { value?: unknown }).value === last);
      const place = (pair?.key as Node | undefined)?.range?.[0];
      if (place !== undefined) return place;
    }
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
