import { EMPTY_OBJECT, type Envelope, err, isRecord, MODERN_VERSION, ok, Payload, type Result } from '@hatago/protocol';
import type { CancelSignal } from '../core/cancel.ts';
import { HUB, type Outcome } from '../core/exchange.ts';
import type { Upstream } from '../core/upstream.ts';
import { type Item, LISTS, type ListKind, parseItems, type Rejected } from './items.ts';

/** Most pages read of one list. */
const MAX_PAGES = 64;

/** One list of a server, all pages of it. */
export interface UpstreamList {
  readonly items: readonly Item[];
  readonly rejected: readonly Rejected[];
  /** Least of what the pages say; 0 where one says nothing. */
  readonly ttlMs: number;
  /** Every page may be shown to every caller. */
  readonly shared: boolean;
  /** Members of the first page that the hub does not know, as they came. */
  readonly extras: readonly (readonly [name: string, value: Payload])[];
  /** The list did not end within 64 pages, or its cursors went round in a circle. */
  readonly cut: boolean;
}

/** A list that is empty because the server has none. */
export const NO_LIST: UpstreamList = { items: [], rejected: [], ttlMs: 0, shared: false, extras: [], cut: false };

/** Why a list could not be read; `absent` = the server has no such list after all. */
export interface ListFailure {
  readonly absent: boolean;
  readonly message: string;
}

/** What the hub says of itself when it asks for its own sake. */
export function hubEnvelope(hubInfo: object): Envelope {
  return {
    protocolVersion: MODERN_VERSION,
    clientInfo: Payload.ofValue(hubInfo),
    clientCapabilities: EMPTY_OBJECT,
    logLevel: undefined,
    progressToken: undefined,
    asks: 'deferred',
  };
}

/** Reads a list to its end, however many pages it has. */
export async function readList(
  upstream: Upstream,
  kind: ListKind,
  envelope: Envelope,
  signal: CancelSignal,
): Promise<Result<UpstreamList, ListFailure>> {
  const pages: Payload[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let cut = false;
  do {
    const outcome = await upstream.request({
      method: LISTS[kind].method,
      params: cursor === undefined ? EMPTY_OBJECT : Payload.ofValue({ cursor }),
      target: undefined,
      envelope,
      principal: HUB,
      session: undefined,
      signal,
      emit: () => {},
    });
    if (outcome.kind !== 'complete') return err(failureOf(outcome));
    pages.push(outcome.result);
    const next = outcome.result.text('nextCursor');
    // An empty text is a cursor like any other; only the member's absence ends the list.
    if (next !== undefined && (cursors.has(next) || pages.length === MAX_PAGES)) {
      cut = true;
      break;
    }
    if (next !== undefined) cursors.add(next);
    cursor = next;
  } while (cursor !== undefined);
  return joinPages(kind, pages, cut);
}

function failureOf(outcome: Outcome): ListFailure {
  if (outcome.kind !== 'error')
    return { absent: false, message: `it answered with an outcome of kind ${outcome.kind}` };
  const error = outcome.error.value();
  const code = isRecord(error) ? error.code : undefined;
  return { absent: code === -32601, message: `it answered with error ${String(code)}` };
}

/** The list that its pages make together. */
export function joinPages(kind: ListKind, pages: readonly Payload[], cut: boolean): Result<UpstreamList, ListFailure> {
  const items = new Map<string, Item>();
  const rejected: Rejected[] = [];
  let ttlMs = Number.POSITIVE_INFINITY;
  let shared = true;
  for (const page of pages) {
    const parsed = parseItems(kind, page);
    if (!parsed.ok) return err({ absent: false, message: parsed.error });
    for (const item of parsed.value.items) {
      if (items.has(item.key)) rejected.push({ key: item.key, reason: 'the list has it twice' });
      else items.set(item.key, item);
    }
    rejected.push(...parsed.value.rejected);
    const ttl = page.member('ttlMs')?.value();
    ttlMs = Math.min(ttlMs, typeof ttl === 'number' && ttl >= 0 ? ttl : 0);
    shared &&= page.text('cacheScope') === 'public';
  }
  const extras = extrasOf(kind, pages[0] as Payload);
  return ok({ items: [...items.values()], rejected, ttlMs, shared, extras, cut });
}

const OWN = new Set(['resultType', 'nextCursor', 'ttlMs', 'cacheScope']);

function extrasOf(kind: ListKind, page: Payload): [string, Payload][] {
  const names = page.members()?.names ?? [];
  return names
    .filter((name) => name !== LISTS[kind].member && !OWN.has(name))
    .map((name) => [name, Payload.ofBytes((page.member(name) as Payload).bytes().slice())]);
}
