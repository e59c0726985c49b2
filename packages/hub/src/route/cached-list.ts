import { Payload } from '@hatago/protocol';
import type { ListKind } from './items.ts';
import { joinPages, type UpstreamList } from './read-list.ts';
import { renderList } from './ready-list.ts';

/** A list as the text it is remembered as: one result with all its items. */
export function toCachedList(kind: ListKind, { items, extras, ttlMs, shared }: UpstreamList): string {
  const own: [string, Payload][] = [
    ['ttlMs', Payload.ofValue(ttlMs)],
    ['cacheScope', Payload.ofValue(shared ? 'public' : 'private')],
  ];
  const payloads = items.map(({ payload }) => payload);
  const { pages } = renderList({ kind, items: payloads, extras: [...extras, ...own], maxBytes: Number.MAX_VALUE });
  return new TextDecoder().decode((pages[0] as Payload).bytes());
}

/** The list a text stands for; undefined when it is none. */
export function fromCachedList(kind: ListKind, text: string | undefined): UpstreamList | undefined {
  if (text === undefined) return undefined;
  const list = joinPages(kind, [Payload.ofBytes(new TextEncoder().encode(text))], false);
  return list.ok ? list.value : undefined;
}
