import { err, ok, type Result } from '@hatago/protocol';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { Issue } from './schema.ts';

/** A fault with its place in a file. */
export interface Fault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** A JSONC text that parsed, with the means to find a place in it again. */
export interface JsonDocument {
  readonly value: unknown;
  /** The place of a value, or of the nearest one around it that is there. */
  locate(issue: Issue): Fault;
}

const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** Parses a JSONC text; comments and trailing commas are fine, duplicate and dangerous names are not. */
export function parseDocument(text: string, file: string): Result<JsonDocument, readonly Fault[]> {
  const at = (offset: number, message: string): Fault => ({ file, ...position(text, offset), message });
  if (text.length > MAX_CONFIG_BYTES) return err([at(0, `is larger than ${MAX_CONFIG_BYTES} bytes`)]);
  if (text.trim() === '') return err([at(0, 'is empty')]);
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  if (errors.length > 0) return err(errors.slice(0, 5).map((e) => at(e.offset, words(printParseErrorCode(e.error)))));
  if (tree === undefined) return err([at(0, 'is empty')]);
  const faults: Fault[] = [];
  checkNames(tree, at, faults);
  if (faults.length > 0) return err(faults);
  return ok({
    value: getNodeValue(tree),
    locate: ({ path, message }) => at(find(tree, path).offset, message),
  });
}

/** Line and column, both from 1, of an offset. */
function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

function checkNames(node: Node, at: (offset: number, message: string) => Fault, faults: Fault[]): void {
  const names = new Set<string>();
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const key = child.children?.[0];
      const name = key?.value as string;
      if (name === '__proto__') faults.push(at(child.offset, 'the name "__proto__" is not allowed'));
      if (names.has(name)) faults.push(at(child.offset, `${JSON.stringify(name)} stands here a second time`));
      names.add(name);
    }
    checkNames(child, at, faults);
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

/** `file:line:column: message`, as editors and terminals make it clickable. */
export function formatFault(fault: Fault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.message}`;
}
