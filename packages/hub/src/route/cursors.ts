import type { Payload } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import { type ReadyList, withCursor } from './ready-list.ts';
import type { Sealer } from './seal.ts';
import { textMember } from './text-member.ts';

/** Serves the pages of lists; a page belongs to the list its first page came from. */
export interface Cursors {
  /** The page the exchange asks for: the first of `current` without a cursor, else the one its cursor names. */
  serve(exchange: Exchange, current: ReadyList): Outcome;
  /** Keeps what is readable now readable for its whole time, counted from now: its list is about to be replaced. */
  renew(): void;
}

/** Options of {@link createCursors}. */
export interface CursorsOptions {
  readonly sealer: Sealer;
  /** Milliseconds of the epoch. */
  now(): number;
  /** How long the pages of a list stay readable after it was last asked for from the start. @default 60000 */
  readonly keepMs?: number;
}

interface Snapshot {
  readonly id: number;
  readonly list: ReadyList;
  usedAt: number;
}

const USE = 'cursor';
/** Most lists whose pages are kept; the longest unused one goes first. */
const MAX_SNAPSHOTS = 64;

/**
 * Cursors name a snapshot and a page of it and are sealed for one principal and route. Lists of one page need none, and
 * nothing is kept of them.
 */
export function createCursors(options: CursorsOptions): Cursors {
  const { sealer, now, keepMs = 60_000 } = options;
  const snapshots = new Map<number, Snapshot>();
  // Cursors of another process, or of a router before this one, must not name a snapshot of ours.
  let epoch: string | undefined;
  let lastId = 0;

  const snapshotOf = (list: ReadyList): Snapshot => {
    for (const [id, old] of snapshots) {
      if (old.list === list) return old;
      if (now() - old.usedAt > keepMs) snapshots.delete(id);
    }
    const oldest = snapshots.size < MAX_SNAPSHOTS ? undefined : snapshots.keys().next().value;
    if (oldest !== undefined) snapshots.delete(oldest);
    const snapshot: Snapshot = { id: ++lastId, list, usedAt: now() };
    snapshots.set(snapshot.id, snapshot);
    return snapshot;
  };
  const page = (exchange: Exchange, snapshot: Snapshot, index: number): Outcome => {
    snapshot.usedAt = now();
    const { pages } = snapshot.list;
    const result = pages[index] as (typeof pages)[number];
    if (index === pages.length - 1) return { kind: 'complete', result };
    epoch ??= crypto.randomUUID();
    const place = [exchange.principal.id, exchange.route, exchange.method, epoch, snapshot.id, index + 1];
    return { kind: 'complete', result: withCursor(result, sealer.seal(USE, place)) };
  };
  const refuse = (): Outcome =>
    failure('HATAGO_INVALID_PARAMS', { message: 'The cursor is not valid any more; list again without it.' });

  return {
    renew() {
      for (const snapshot of snapshots.values()) if (now() - snapshot.usedAt <= keepMs) snapshot.usedAt = now();
    },
    serve(exchange, current) {
      if (exchange.params.members()?.names.includes('cursor') !== true) {
        if (current.pages.length === 1) return { kind: 'complete', result: current.pages[0] as Payload };
        return page(exchange, snapshotOf(current), 0);
      }
      const text = textMember(exchange.params, 'cursor');
      const opened = text === undefined ? undefined : sealer.open(USE, text);
      if (opened?.ok !== true || !Array.isArray(opened.value)) return refuse();
      const [principal, route, method, from, id, index] = opened.value as [
        string,
        string,
        string,
        string,
        number,
        number,
      ];
      const snapshot = from === epoch ? snapshots.get(id) : undefined;
      const mine = principal === exchange.principal.id && route === exchange.route && method === exchange.method;
      if (!mine || snapshot === undefined || now() - snapshot.usedAt > keepMs) return refuse();
      return page(exchange, snapshot, index);
    },
  };
}
