import type { Payload } from '@hatago/protocol';
import type { UpstreamList } from './read-list.ts';

interface Held {
  readonly payload: Payload;
}

/** Whether two lists hold the same payloads, byte for byte and in the same order. */
export function sameBytes(a: readonly Held[], b: readonly Held[]): boolean {
  return a === b || (a.length === b.length && a.every(({ payload }, i) => isSame(payload, b[i]?.payload as Payload)));
}

/** Whether two readings of a list give the same to show. */
export function isSameList(a: UpstreamList, b: UpstreamList): boolean {
  return (
    a.ttlMs === b.ttlMs &&
    a.shared === b.shared &&
    sameBytes(a.items, b.items) &&
    a.extras.length === b.extras.length &&
    a.extras.every(([name, value], i) => name === b.extras[i]?.[0] && isSame(value, b.extras[i]?.[1] as Payload))
  );
}

function isSame(a: Payload, b: Payload): boolean {
  return a === b || Buffer.compare(a.bytes(), b.bytes()) === 0;
}
