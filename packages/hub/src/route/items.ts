import { declarationsOf, err, ok, type ParamDeclaration, Payload, type Result, toLegacyTool } from '@hatago/protocol';
import { textMember } from './text-member.ts';

/** One list a server has. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'templates';

/** How each list is asked for and what its items are called by. */
export const LISTS: Readonly<
  Record<
    ListKind,
    { readonly method: string; readonly member: string; readonly key: string; readonly capability: string }
  >
> = {
  tools: { method: 'tools/list', member: 'tools', key: 'name', capability: 'tools' },
  prompts: { method: 'prompts/list', member: 'prompts', key: 'name', capability: 'prompts' },
  resources: { method: 'resources/list', member: 'resources', key: 'uri', capability: 'resources' },
  templates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    capability: 'resources',
  },
};

/** The kinds in the order in which they are asked for. */
export const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];

/** One tool, prompt, resource or template as its server sent it. */
export interface Item {
  /** Its own name, URI or template. */
  readonly key: string;
  readonly payload: Payload;
  /** The arguments of a tool that headers repeat; undefined for most, and where the declarations break a rule. */
  readonly declarations: readonly ParamDeclaration[] | undefined;
}

/** An item that was left out, and why. */
export interface Rejected {
  readonly key: string | undefined;
  readonly reason: string;
}

/** The items of one page, in order. Those without a key are rejected; of two with one key the first is kept. */
export function parseItems(kind: ListKind, page: Payload): Result<{ items: Item[]; rejected: Rejected[] }, string> {
  const { member, key } = LISTS[kind];
  const list = page.member(member);
  if (list === undefined) return err(`the result has no "${member}"`);
  const elements = ownBuffer(list).elements();
  if (elements === undefined) return err(`"${member}" is not a list`);
  const items: Item[] = [];
  const rejected: Rejected[] = [];
  for (const payload of elements) {
    const text = payload.isObject() ? textMember(payload, key) : undefined;
    if (text === undefined) {
      rejected.push({ key: undefined, reason: `it has no "${key}"` });
      continue;
    }
    items.push({ key: text, payload, declarations: kind === 'tools' ? declaredHeaders(payload) : undefined });
  }
  return ok({ items, rejected });
}

/** The list itself, or a copy, so that it never keeps alive much else that came in the same buffer. */
function ownBuffer(list: Payload): Payload {
  const bytes = list.bytes();
  return bytes.length * 2 >= bytes.buffer.byteLength ? list : Payload.ofBytes(bytes.slice());
}

const MARK = Buffer.from('x-mcp-header');

/** What a tool's schema says of headers; schemas that never mention them are not parsed. */
function declaredHeaders(tool: Payload): readonly ParamDeclaration[] | undefined {
  const bytes = tool.bytes();
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(MARK)) return undefined;
  const declared = declarationsOf(tool.member('inputSchema')?.value());
  return declared.ok && declared.value.length > 0 ? declared.value : undefined;
}

/** A tool as legacy clients see it. */
export interface LegacyTool {
  readonly tool: Payload;
  /** Its output schema is wrapped, so its structured output must be as well. */
  readonly wrapped: boolean;
}

const legacyTools = new WeakMap<Item, LegacyTool>();

/** The tool in its legacy form, made once. */
export function legacyToolOf(item: Item): LegacyTool {
  let legacy = legacyTools.get(item);
  if (legacy === undefined) {
    legacy = toLegacyTool(item.payload);
    legacyTools.set(item, legacy);
  }
  return legacy;
}
