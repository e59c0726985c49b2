import { createHash } from 'node:crypto';
import { isRecord, type Payload } from '@hatago/protocol';

/** What a retry may change of a request's params. */
const FREE = new Set(['_meta', 'inputResponses', 'requestState']);

/** JSON with the members of every object in one order, so that equal values give equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(',')}}`;
}

/** A digest of what a request asks for; the same for its retries, however they are written. */
export function digestOf(params: Payload): string {
  const value = params.value();
  const asked = isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !FREE.has(name))) : value;
  return createHash('sha256').update(canonical(asked)).digest('base64url');
}
