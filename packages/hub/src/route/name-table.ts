import { editObject, Payload } from '@hatago/protocol';
import { isIncluded } from '../core/globs.ts';
import { type Item, legacyToolOf } from './items.ts';
import { aliasOf, assignNames, type Naming, publicName } from './names.ts';
import type { Member } from './settings.ts';
import type { UriRewriter } from './uri-rewriter.ts';

/** A tool or prompt under its public name. */
export interface NameEntry {
  readonly member: Member;
  readonly item: Item;
  readonly publicName: string;
  /** The item as clients see it. */
  readonly payload: Payload;
  /** The server's own name where it differs from the public one. */
  readonly target: string | undefined;
  /** Changes the URIs in its results; undefined for nearly all servers. */
  readonly rewriter: UriRewriter | undefined;
  /** An entry is a destination as it stands, for clients whose results are not wrapped. */
  readonly wrap: false;
  /** New members of the item, as JSON text. */
  readonly edits: Edits | undefined;
}

/** A name that differs from the plain `{server}{separator}{name}`. */
export interface Rename {
  readonly server: string;
  readonly kind: 'tool' | 'prompt' | 'resource' | 'template';
  /** The server's own name or URI. */
  readonly own: string;
  /** What clients see; undefined when it could not be given one and is left out. */
  readonly public: string | undefined;
  readonly reason: 'altered' | 'collision' | 'override';
}

/** The names of one kind on one route. */
export interface NameTable {
  /** Those to be listed, in order: by server, then as the server lists them. */
  readonly listed: readonly NameEntry[];
  /** The entry of a public name, or of a server's own name that no two servers have; servers that are down count too. */
  find(name: string): NameEntry | undefined;
  /** The entry of a public name only. */
  byPublicName(name: string): NameEntry | undefined;
  /** Ids of the servers that share a name none of them may have, by the strategy `error`. */
  sharedBy(name: string): readonly string[] | undefined;
  readonly renames: readonly Rename[];
}

/** Options of {@link buildNameTable}. */
export interface NameTableOptions {
  readonly kind: 'tool' | 'prompt';
  readonly members: readonly Member[];
  /** False on routes of one server, where every name stays as it is. */
  readonly prefix: boolean;
  readonly naming: Naming;
  rewriterOf(member: Member): UriRewriter | undefined;
}

interface Wanted {
  readonly item: Item;
  /** Its own name, or the configured one in place of it. */
  readonly name: string;
  readonly override: { readonly name?: string; readonly description?: string } | undefined;
}

/** Gives every tool or prompt of the members its public name; see {@link assignNames} for the rules. */
export function buildNameTable(options: NameTableOptions): NameTable {
  const { kind, members, prefix, naming } = options;
  const wanted = members.map((member) => wantedOf(kind, member));
  const servers = members.map(({ upstream }, i) => ({
    id: upstream.id,
    names: (wanted[i] ?? []).map(({ name }) => name),
  }));
  const ids = members.map(({ upstream }) => upstream.id);
  const names = prefix ? assignNames(servers, ids, naming) : servers.map((server) => server.names);
  const byPublic = new Map<string, NameEntry>();
  const byOwn = new Map<string, NameEntry | null>();
  const shared = new Map<string, readonly string[]>();
  const listed: NameEntry[] = [];
  const renames: Rename[] = [];
  const hasAliases = prefix && Object.keys(naming.aliases ?? {}).length > 0;
  members.forEach((member, m) => {
    (wanted[m] ?? []).forEach(({ item, name, override }, i) => {
      const { id } = member.upstream;
      const report = (reason: Rename['reason'], seen: string | undefined): void => {
        renames.push({ server: id, kind, own: item.key, public: seen, reason });
      };
      let given = names[m]?.[i];
      if (given === undefined) {
        shared.set(name, [...(shared.get(name) ?? []), id]);
        report('collision', undefined);
        return;
      }
      const taken = byPublic.has(given);
      // Only a name made to look like another's hash can end here; the longer hash settles it.
      if (taken) given = prefix ? publicName(id, name, naming, 16) : given;
      if (byPublic.has(given)) {
        report('collision', undefined);
        return;
      }
      const entry = buildEntry(options, member, item, given, override);
      byPublic.set(given, entry);
      byOwn.set(name, byOwn.has(name) ? null : entry);
      if (member.inventory.listed) listed.push(entry);
      const isChosen = override?.name !== undefined || (hasAliases && aliasOf(id, name, naming) !== undefined);
      if (isChosen) report('override', given);
      else if (prefix && given !== plainName(id, name, naming)) report(taken ? 'collision' : 'altered', given);
    });
  });
  return {
    listed,
    find: (name) => byPublic.get(name) ?? byOwn.get(name) ?? undefined,
    byPublicName: (name) => byPublic.get(name),
    sharedBy: (name) => shared.get(name),
    renames,
  };
}

const plainName = (id: string, name: string, naming: Naming): string =>
  naming.strategy === 'prefix' ? `${id}${naming.separator}${name}` : name;

function wantedOf(kind: 'tool' | 'prompt', member: Member): Wanted[] {
  if (kind === 'prompt') {
    return member.inventory.list('prompts').items.map((item) => ({ item, name: item.key, override: undefined }));
  }
  const { include = ['*'], exclude = [], overrides = {} } = member.tools ?? {};
  const taken = new Set<string>();
  const wanted: Wanted[] = [];
  for (const item of member.inventory.list('tools').items) {
    if (!isIncluded(item.key, include, exclude)) continue;
    const override = Object.hasOwn(overrides, item.key) ? overrides[item.key] : undefined;
    const name = override?.name ?? item.key;
    // An override may give a name that the server has already: the server's own order decides.
    if (taken.has(name)) continue;
    taken.add(name);
    wanted.push({ item, name, override });
  }
  return wanted;
}

function buildEntry(
  options: NameTableOptions,
  member: Member,
  item: Item,
  given: string,
  override: Wanted['override'],
): NameEntry {
  const rewriter = options.rewriterOf(member);
  const edits = editsOf(item, given, override?.description);
  const renamed = edits === undefined ? item.payload : spliced(item, edits);
  return {
    member,
    item,
    publicName: given,
    payload: options.kind === 'tool' && rewriter !== undefined ? rewriter.tool(renamed) : renamed,
    target: given === item.key ? undefined : item.key,
    rewriter,
    wrap: false,
    edits,
  };
}

/** New members of the item, as JSON text; undefined where it stays as it is. */
function editsOf(item: Item, given: string, description: string | undefined): Edits | undefined {
  const isRenamed = given !== item.key;
  if (description === undefined) return isRenamed ? { name: JSON.stringify(given) } : undefined;
  const text = description.replaceAll('{description}', () => item.payload.text('description') ?? '');
  return { ...(isRenamed ? { name: JSON.stringify(given) } : {}), description: JSON.stringify(text) };
}

type Edits = Readonly<Record<string, string>>;

const made = new WeakMap<Item, { readonly edits: Edits; readonly payload: Payload }>();

/** The item with the edits; made once for all routes and rebuilds that want the same one after the other. */
function spliced(item: Item, edits: Edits): Payload {
  const last = made.get(item);
  if (last !== undefined && last.edits.name === edits.name && last.edits.description === edits.description)
    return last.payload;
  const payload = Payload.ofPieces(editObject(item.payload, edits));
  made.set(item, { edits, payload });
  return payload;
}

/** The tool as legacy clients see it, under its public name. */
export function legacyPayload(entry: NameEntry): Payload {
  const { tool } = legacyToolOf(entry.item);
  if (tool === entry.item.payload) return entry.payload;
  const renamed = entry.edits === undefined ? tool : Payload.ofPieces(editObject(tool, entry.edits));
  return entry.rewriter === undefined ? renamed : entry.rewriter.tool(renamed);
}
