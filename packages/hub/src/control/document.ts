import { err, ok, type Result } from '@hatago/protocol';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { Issue } from './issue.ts';
import { type Fault, type FaultAt, MAX_DEPTH, type SourceDocument } from './source-document.ts';
import { syntaxOf } from './syntax.ts';
import { parseYaml } from './yaml-document.ts';

/**
 * Parses a JSONC or, by the name of the file, a YAML text; comments and trailing commas are fine, duplicate and
 * dangerous names are not.
 */
export function parseDocument(text: string, file: string): Result<SourceDocument, readonly Fault[]> {
  const positionOf = createPositions(text);
  const at: FaultAt = (offset, message) => ({ file, ...positionOf(offset), message });
  if (text.trim() === '') return err([at(0, 'is empty')]);
  try {
    return syntaxOf(file) === 'yaml' ? parseYaml(text, at) : parseJsonc(text, at);
  } catch (error) {
    // Both parsers go into nested values by recursion.
    if (error instanceof RangeError) return err([at(0, `is nested deeper than ${MAX_DEPTH} levels`)]);
    throw error;
  }
}

function parseJsonc(text: string, at: FaultAt): Result<SourceDocument, readonly Fault[]> {
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  // What follows from the first is no fault of its own.
  const [broken] = errors;
  if (broken !== undefined) return err([at(broken.offset, words(printParseErrorCode(broken.error)))]);
  if (tree === undefined) return err([at(0, 'is empty')]);
  const faults: Fault[] = [];
  checkNames(tree, at, faults, 0);
  if (faults.length > 0) return err(faults.slice(0, 20));
  return ok({
    value: getNodeValue(tree),
    locate: ({ path, message }) => at(find(tree, path).offset, message),
  });
}

/** Tells line and column, both from 1, of offsets; the lines are looked for at the first one. */
function createPositions(text: string): (offset: number) => { line: number; column: number } {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 };
  };
}

function checkNames(node: Node, at: FaultAt, faults: Fault[], depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError('too deep');
  const names = new Set<string>();
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const key = child.children?.[0];
      const name = key?.value as string;
      if (name === '__proto__') faults.push(at(child.offset, 'the name "__proto__" is not allowed'));
      if (names.has(name)) faults.push(at(child.offset, `${JSON.stringify(name)} stands here a second time`));
      names.add(name);
    }
    checkNames(node.type === 'object' ? (child.children?.[1] ?? child) : child, at, faults, depth + 1);
  }
}

function find(tree: Node, path: Issue['path']): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node === undefined) continue;
    // A name is the better place for what is wrong with the member itself.
    return node.parent?.type === 'property' ? (node.parent as Node) : node;
  }
  return tree;
}

const words = (code: string): string => code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
