import { declarationsOf, editObject, isRecord, type ParamDeclaration, Payload } from '@hatago/protocol';

/** What each tool of a server declares with `x-mcp-header`. */
export type Declarations = Map<string, readonly ParamDeclaration[]>;

/**
 * Learns the declarations from a page of `tools/list` on its way to the caller; tools whose declarations break a rule are
 * reported and left out of what is handed on.
 * @see MCP 2026-07-28 streamable HTTP, schema extension
 */
export function learnDeclarations(
  page: Payload,
  first: boolean,
  known: Declarations,
  rejected: (tool: string, reason: string) => void,
): Payload {
  if (first) known.clear();
  const tools = page.member('tools');
  if (tools === undefined || !asBuffer(tools.bytes()).includes('x-mcp-header')) return page;
  const list = tools.value();
  if (!Array.isArray(list)) return page;
  const kept: number[] = [];
  for (const [index, tool] of list.entries()) {
    if (isRecord(tool) && typeof tool.name === 'string') {
      const declared = declarationsOf(tool.inputSchema);
      if (!declared.ok) {
        rejected(tool.name, declared.error);
        continue;
      }
      if (declared.value.length > 0) known.set(tool.name, declared.value);
    }
    kept.push(index);
  }
  if (kept.length === list.length) return page;
  const elements = tools.elements() ?? [];
  const texts = kept.flatMap((at, i) => [...(i === 0 ? [] : [',']), ...(elements[at] as Payload).pieces()]);
  return Payload.ofPieces(editObject(page, { tools: ['[', ...texts, ']'] }));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
