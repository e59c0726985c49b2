import { editObject, isRecord, Payload } from '@hatago/protocol';
import { type Item, type ListKind, legacyToolOf } from './items.ts';
import { buildNameTable, legacyPayload, type NameEntry, type NameTable, type Rename } from './name-table.ts';
import type { Naming } from './names.ts';
import { type ReadyList, renderList, type View } from './ready-list.ts';
import { buildResourceTable, type ResourceTable } from './resource-table.ts';
import { sameBytes } from './same-bytes.ts';
import { SERVERS_ITEM, SERVERS_URI } from './servers-resource.ts';
import type { Member } from './settings.ts';

/** The extension of servers that run tasks. */
const TASKS = 'io.modelcontextprotocol/tasks';

/** Everything one route offers at one time; built anew when anything of it changes. */
export interface Catalog {
  readonly tools: NameTable;
  readonly prompts: NameTable;
  readonly resources: ResourceTable;
  readonly renames: readonly Rename[];
  /** The list as ready bytes, made on first use. */
  list(kind: ListKind, view: View): ReadyList;
  /** What the list shows, for comparing. */
  shown(kind: ListKind): readonly { readonly payload: Payload }[];
}

/** Options of {@link buildCatalog}. */
export interface CatalogOptions {
  readonly members: readonly Member[];
  /** Names and URIs of several servers share one space, and the hub has a resource of its own. */
  readonly aggregate: boolean;
  readonly naming: Naming;
  /** Bytes of items over which a list gets a further page. */
  readonly maxListBytes: number;
}

/** Merges what the inventories hold now. */
export function buildCatalog(options: CatalogOptions): Catalog {
  const { members, aggregate, naming, maxListBytes } = options;
  const resources = buildResourceTable(members, aggregate ? [SERVERS_URI] : []);
  const rewriterOf = resources.rewriterOf;
  const tools = buildNameTable({ kind: 'tool', members, prefix: aggregate, naming, rewriterOf });
  const prompts = buildNameTable({ kind: 'prompt', members, prefix: aggregate, naming, rewriterOf });
  const shown: Record<ListKind, readonly { readonly payload: Payload }[]> = {
    tools: tools.listed,
    prompts: prompts.listed,
    resources: aggregate ? [...resources.resources, { payload: SERVERS_ITEM }] : resources.resources,
    templates: resources.templates,
  };
  const ready = new Map<string, ReadyList>();
  return {
    tools,
    prompts,
    resources,
    renames: [...tools.renames, ...prompts.renames, ...resources.renames],
    shown: (kind) => shown[kind],
    list(kind, view) {
      const form = kind === 'tools' ? view : 'modern';
      const key = `${kind} ${form}`;
      let list = ready.get(key);
      if (list === undefined) {
        const items = kind === 'tools' ? tools.listed.map(toolForms[form]) : shown[kind].map(({ payload }) => payload);
        list = renderList({ kind, items, maxBytes: maxListBytes, extras: extrasOf(members, kind, aggregate) });
        ready.set(key, list);
      }
      return list;
    },
  };
}

/** A tool in each of the two forms of the list. */
const toolForms: Readonly<Record<View, (entry: NameEntry) => Payload>> = {
  /** The modern protocol has no `execution`: its servers alone decide what becomes a task. */
  modern: ({ item, payload }) =>
    hasExecution(item) ? Payload.ofPieces(editObject(payload, { execution: null })) : payload,
  /** Older clients send a task only to tools that say they take it; of such a server any may. */
  legacy: (entry) => {
    const payload = legacyPayload(entry);
    if (!mayRunTasks(entry.member) || hasExecution(entry.item)) return payload;
    return Payload.ofPieces(editObject(payload, { execution: '{"taskSupport":"optional"}' }));
  },
};

/** Judged by the item as it came, whose members are known: what is added to it for clients never is an `execution`. */
const hasExecution = ({ payload }: Item): boolean => payload.members()?.names.includes('execution') === true;

function mayRunTasks({ upstream }: Member): boolean {
  const extensions = upstream.status.offers?.capabilities.extensions;
  return isRecord(extensions) && TASKS in extensions;
}

/** What a list says of its own age: of several the least, and nothing lasting while one is missing. */
function extrasOf(members: readonly Member[], kind: ListKind, aggregate: boolean): [string, Payload][] {
  const lists = members.map(({ inventory }) => (inventory.listed ? inventory.list(kind) : undefined));
  const ttlMs = Math.min(...lists.map((list) => list?.ttlMs ?? 0));
  const shared = lists.every((list) => list?.shared === true);
  const unknown = aggregate ? [] : (lists[0]?.extras ?? []);
  return [
    ...unknown.map(([name, value]): [string, Payload] => [name, value]),
    ['ttlMs', Payload.ofValue(Number.isFinite(ttlMs) ? ttlMs : 0)],
    ['cacheScope', Payload.ofValue(lists.length > 0 && shared ? 'public' : 'private')],
  ];
}

/** The lists of a `list_changed` notification. */
const NOTIFIED: Readonly<Record<'tools' | 'prompts' | 'resources', readonly ListKind[]>> = {
  tools: ['tools'],
  prompts: ['prompts'],
  resources: ['resources', 'templates'],
};

/** Which lists of the second catalog show something else than those of the first. */
export function changedLists(before: Catalog, after: Catalog): ('tools' | 'prompts' | 'resources')[] {
  if (before === after) return [];
  return (['tools', 'prompts', 'resources'] as const).filter((name) =>
    NOTIFIED[name].some((kind) => !sameBytes(before.shown(kind), after.shown(kind))),
  );
}

/** Whether the structured output of a tool is wrapped for legacy clients. */
export function isWrapped(entry: NameEntry): boolean {
  return legacyToolOf(entry.item).wrapped;
}
