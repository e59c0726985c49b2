import { editObject, Payload } from '@hatago/protocol';
import type { Item } from './items.ts';
import type { Rename } from './name-table.ts';
import type { Member } from './settings.ts';
import { parseTemplate, type Template } from './templates.ts';
import { createUriRewriter, type UriRewriter } from './uri-rewriter.ts';
import { isRewritable, mangleUri, unmangleUri } from './uris.ts';

/** A resource or template under its public URI. */
export interface ResourceEntry {
  readonly member: Member;
  /** As clients see it. */
  readonly payload: Payload;
  readonly publicUri: string;
  /** The server's own URI or template where it differs. */
  readonly target: string | undefined;
}

/** Who a URI belongs to. */
export interface ResourceOwner {
  readonly member: Member;
  /** The server's own URI where it differs from the public one. */
  readonly target: string | undefined;
}

/** The resources and templates of one route. */
export interface ResourceTable {
  readonly resources: readonly ResourceEntry[];
  readonly templates: readonly ResourceEntry[];
  /** The owner of a URI: the server that lists it, else the one whose matching template has the longest literal start. */
  ownerOf(uri: string): ResourceOwner | undefined;
  /** The owner of a template by its public text, or of a URI. */
  ownerOfReference(text: string): ResourceOwner | undefined;
  rewriterOf(member: Member): UriRewriter | undefined;
  readonly renames: readonly Rename[];
}

interface Candidate extends ResourceOwner {
  readonly template: Template;
}

/**
 * Puts the resources of all members into one table. Each keeps its own URI unless a server before it, in the order of the
 * configuration, has that URI too.
 */
export function buildResourceTable(members: readonly Member[], reserved: readonly string[]): ResourceTable {
  const renames: Rename[] = [];
  const byUri = new Map<string, ResourceEntry | undefined>(reserved.map((uri) => [uri, undefined]));
  const byTemplate = new Map<string, ResourceEntry | undefined>();
  const resources: ResourceEntry[] = [];
  const templates: ResourceEntry[] = [];
  const rewritten = new Map<Member, { readonly uris: Map<string, string>; readonly templates: Template[] }>();
  const candidates: Candidate[] = [];

  const place = (
    kind: 'resource' | 'template',
    member: Member,
    item: Item,
    taken: Map<string, ResourceEntry | undefined>,
  ): ResourceEntry | undefined => {
    const { id } = member.upstream;
    let publicUri = item.key;
    if (taken.has(publicUri)) {
      const mangled = mangleUri(id, item.key);
      const next = isRewritable(item.key) && !taken.has(mangled) ? mangled : undefined;
      renames.push({ server: id, kind, own: item.key, public: next, reason: 'collision' });
      if (next === undefined) return undefined;
      publicUri = next;
      const changed = rewritten.get(member) ?? { uris: new Map<string, string>(), templates: [] as Template[] };
      rewritten.set(member, changed);
      if (kind === 'resource') changed.uris.set(item.key, publicUri);
      else changed.templates.push(parseTemplate(item.key));
    }
    const changed = publicUri !== item.key;
    const name = kind === 'resource' ? 'uri' : 'uriTemplate';
    const payload = changed
      ? Payload.ofPieces(editObject(item.payload, { [name]: JSON.stringify(publicUri) }))
      : item.payload;
    const entry: ResourceEntry = { member, payload, publicUri, target: changed ? item.key : undefined };
    taken.set(publicUri, entry);
    return entry;
  };

  for (const member of members) {
    const { inventory } = member;
    for (const item of inventory.list('resources').items) {
      const entry = place('resource', member, item, byUri);
      if (entry !== undefined && inventory.listed) resources.push(entry);
    }
    for (const item of inventory.list('templates').items) {
      const entry = place('template', member, item, byTemplate);
      if (entry === undefined) continue;
      candidates.push({ member, target: entry.target, template: parseTemplate(entry.publicUri) });
      if (inventory.listed) templates.push(entry);
    }
  }
  // The sort is stable, so between equals the order of the configuration decides.
  candidates.sort((a, b) => b.template.literal.length - a.template.literal.length);
  const rewriters = new Map(
    [...rewritten].map(([member, { uris, templates }]) => [
      member,
      createUriRewriter(member.upstream.id, uris, templates),
    ]),
  );

  const ownerOf = (uri: string): ResourceOwner | undefined => {
    const entry = byUri.get(uri);
    if (entry !== undefined) return entry;
    const found = candidates.find(({ template }) => template.matches(uri));
    if (found === undefined) return undefined;
    const target = found.target === undefined ? undefined : unmangleUri(found.member.upstream.id, uri);
    return { member: found.member, target };
  };
  return {
    resources,
    templates,
    ownerOf,
    ownerOfReference: (text) => byTemplate.get(text) ?? ownerOf(text),
    rewriterOf: (member) => rewriters.get(member),
    renames,
  };
}
