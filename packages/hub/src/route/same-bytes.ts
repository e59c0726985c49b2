import type { Payload } from '@hatago/protocol';

/** Whether two lists hold the same payloads, byte for byte and in the same order. */
export function sameBytes(a: readonly { payload: Payload }[], b: readonly { payload: Payload }[]): boolean {
  return (
    a === b ||
    (a.length === b.length && a.every(({ payload }, i) => isSame(payload, (b[i] as { payload: Payload }).payload)))
  );
}

function isSame(a: Payload, b: Payload): boolean {
  return a === b || Buffer.compare(a.bytes(), b.bytes()) === 0;
}
