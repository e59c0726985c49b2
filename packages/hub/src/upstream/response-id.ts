import type { Members, Scanned } from '@hatago/protocol';
import { valueEnd, valueStart } from '@hatago/protocol';

const decoder = new TextDecoder('latin1');
/** Only white space, a version and then the id, followed by what makes it a response. */
const AT_START =
  /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,15})\s*,\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"(?:result|error)"/;
const RESPONSE_START = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"(?:result|error)"/;
const AT_END = /,\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$/;

/**
 * The id of the request that a broken or discarded message would have answered, as far as its beginning or end tells;
 * undefined when it does not look like a response.
 */
export function responseIdOf(head: Uint8Array, tail: Uint8Array): number | undefined {
  const start = decoder.decode(head.length > 1024 ? head.subarray(0, 1024) : head);
  const first = AT_START.exec(start);
  if (first !== null) return Number(first[1]);
  if (!RESPONSE_START.test(start)) return undefined;
  const last = AT_END.exec(decoder.decode(tail.length > 256 ? tail.subarray(tail.length - 256) : tail));
  return last === null ? undefined : Number(last[1]);
}

/** Whether the message is a response to our request with the id. */
export function isResponseTo(message: Scanned, id: number): boolean {
  const top = message.top;
  return top !== undefined && !top.names.includes('method') && idIs(message.source, top, id);
}

/** Whether the message is an error response whose id is ours, null or missing. */
export function isErrorFor(message: Scanned, id: number): boolean {
  const top = message.top;
  if (top === undefined || !top.names.includes('error') || top.names.includes('method')) return false;
  const at = top.names.indexOf('id');
  if (at === -1) return true;
  return message.source[valueStart(top, at)] === 0x6e || idIs(message.source, top, id);
}

function idIs(source: Uint8Array, top: Members, id: number): boolean {
  const at = top.names.indexOf('id');
  if (at === -1) return false;
  const start = valueStart(top, at);
  let value = 0;
  for (let i = start; i < valueEnd(top, at); i++) {
    const digit = (source[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  return value === id;
}
