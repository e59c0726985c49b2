/** An id of a JSON-RPC request: `0` and `''` are ids, so it is never tested for truthiness. */
export type RequestId = string | number;

/** The longest string id the hub accepts, in characters. */
export const MAX_ID_LENGTH = 128;

/** Whether a value may be the id of a request: a string of at most 128 characters or a safe integer. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' ? value.length <= MAX_ID_LENGTH : Number.isSafeInteger(value);
}

/** Whether a value is an object that is neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
