import { editObject, Payload, type Piece } from '@hatago/protocol';
import { editArray } from './splice.ts';
import type { Template } from './templates.ts';
import { textMember } from './text-member.ts';
import { mangleUri } from './uris.ts';

/** Changes the URIs of a server that has to share some with another, wherever they occur in what it sends. */
export interface UriRewriter {
  /** The public form of one of the server's own URIs. */
  toPublic(own: string): string;
  /** A tool with the URI of its user interface changed. */
  tool(tool: Payload): Payload;
  /** A result of `tools/call`, `prompts/get` or `resources/read` with the URIs in its known places changed. */
  result(result: Payload): Payload;
  /** An error object with `data.uri` changed. */
  error(error: Payload): Payload;
}

/** The rewriter of a server, given the URIs and templates of its own that are public in another form. */
export function createUriRewriter(
  serverId: string,
  uris: ReadonlyMap<string, string>,
  templates: readonly Template[],
): UriRewriter {
  const toPublic = (own: string): string =>
    uris.get(own) ?? (templates.some((template) => template.matches(own)) ? mangleUri(serverId, own) : own);

  /** The edit of a member that holds a URI, undefined when there is nothing to change. */
  const uriEdit = (object: Payload | undefined, name: string): Record<string, string> | undefined => {
    const own = object === undefined ? undefined : textMember(object, name);
    if (own === undefined) return undefined;
    const next = toPublic(own);
    return next === own ? undefined : { [name]: JSON.stringify(next) };
  };
  const withUri = (object: Payload, name = 'uri'): Piece[] | undefined => {
    const edit = uriEdit(object, name);
    return edit === undefined ? undefined : editObject(object, edit);
  };
  /** A content block: a link to a resource, or a resource itself. */
  const block = (content: Payload): readonly Piece[] | undefined => {
    const resource = content.member('resource');
    const inner = resource?.members() === undefined ? undefined : withUri(resource);
    return inner === undefined ? withUri(content) : editObject(content, { resource: inner });
  };
  const message = (prompt: Payload): readonly Piece[] | undefined => {
    const content = prompt.member('content');
    if (content === undefined) return undefined;
    const inner = content.members() === undefined ? editArray(content, block) : block(content);
    return inner === undefined ? undefined : editObject(prompt, { content: inner });
  };
  return {
    toPublic,
    tool(tool) {
      const meta = tool.member('_meta');
      if (meta?.members() === undefined) return tool;
      const ui = meta.member('ui');
      const inner = ui?.members() === undefined ? undefined : withUri(ui, 'resourceUri');
      const edits = { ...uriEdit(meta, 'ui/resourceUri'), ...(inner === undefined ? undefined : { ui: inner }) };
      if (Object.keys(edits).length === 0) return tool;
      return Payload.ofPieces(editObject(tool, { _meta: editObject(meta, edits) }));
    },
    result(result) {
      const edits: Record<string, Piece[]> = {};
      const contents = result.member('contents');
      if (contents !== undefined) edits.contents = editArray(contents, (content) => withUri(content));
      const content = result.member('content');
      if (content !== undefined) edits.content = editArray(content, block);
      const messages = result.member('messages');
      if (messages !== undefined) edits.messages = editArray(messages, message);
      return Object.keys(edits).length === 0 ? result : Payload.ofPieces(editObject(result, edits));
    },
    error(error) {
      const data = error.member('data');
      const inner = data?.members() === undefined ? undefined : withUri(data);
      return inner === undefined ? error : Payload.ofPieces(editObject(error, { data: inner }));
    },
  };
}
