import { type Node, parseTree, visit } from 'jsonc-parser';
import { indentAt } from './json-layout.ts';

interface Comment {
  readonly text: string;
  /** The member it stood in or before, as near to the top as makes sense: a server, or a key of the document. */
  readonly place: readonly string[];
}

/**
 * Puts the comments of a JSONC text that an edit lost with what it removed above the server, or at the top of the
 * document, where they stood.
 */
export function keepComments(before: string, after: string): string {
  const there = commentsOf(after).map(({ text }) => text);
  const lost = commentsOf(before).filter(({ text }) => {
    const at = there.indexOf(text);
    if (at >= 0) there.splice(at, 1);
    return at < 0;
  });
  return lost.reduce(insertAbove, after);
}

function commentsOf(text: string): readonly Comment[] {
  const source = text.replace(/^\uFEFF/, ' ');
  const found: Comment[] = [];
  const tree = parseTree(source, [], { allowTrailingComma: true });
  visit(
    source,
    {
      onComment(offset, length) {
        found.push({ text: source.slice(offset, offset + length), place: placeOf(tree, offset) });
      },
    },
    { allowTrailingComma: true },
  );
  return found;
}

function placeOf(tree: Node | undefined, offset: number): readonly string[] {
  const top = memberAround(tree, offset);
  if (top === undefined) return [];
  const name = top.children?.[0]?.value as string;
  const inner = name === 'mcpServers' ? memberAround(top.children?.[1], offset) : undefined;
  return inner === undefined ? [name] : [name, inner.children?.[0]?.value as string];
}

const memberAround = (node: Node | undefined, offset: number): Node | undefined =>
  node?.type === 'object'
    ? node.children?.find((child) => child.offset <= offset && offset < child.offset + child.length)
    : undefined;

function insertAbove(text: string, { text: comment, place }: Comment): string {
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true });
  const find = (path: readonly string[]): Node | undefined =>
    path.reduce<Node | undefined>((node, name) => {
      const object = node?.type === 'property' ? node.children?.[1] : node;
      return object?.children?.find((child) => child.children?.[0]?.value === name);
    }, tree);
  const node = find(place) ?? find(place.slice(0, 1)) ?? tree?.children?.[0];
  const at = node?.offset ?? tree?.offset ?? 0;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const indent = indentAt(text, at);
  const open = text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trim() === '' ? '' : `${eol}${indent}`;
  return `${text.slice(0, at)}${open}${comment}${eol}${indent}${text.slice(at)}`;
}
