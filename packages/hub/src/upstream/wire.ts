import { type Members, type Payload, type Piece, valueEnd, valueStart } from '@hatago/protocol';

/** The bytes of a member's value, -1 index excluded by the caller. */
export function rawAt(source: Uint8Array, members: Members, index: number): Uint8Array {
  return source.subarray(valueStart(members, index), valueEnd(members, index));
}

/** The member's value when it is a non-negative integer of plain digits, else -1. */
export function integerAt(source: Uint8Array, members: Members, index: number): number {
  const start = valueStart(members, index);
  const end = valueEnd(members, index);
  if (end - start > 15) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (source[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Whether the member of the object is exactly this JSON text of plain characters. */
export function memberIs(object: Payload, name: string, text: string): boolean {
  const members = object.members();
  const index = members === undefined ? -1 : members.names.indexOf(name);
  if (index === -1) return false;
  const source = object.source();
  const start = valueStart(members as Members, index);
  if (valueEnd(members as Members, index) - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (source[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether the object has the member. */
export function hasMember(object: Payload, name: string): boolean {
  return object.members()?.names.includes(name) === true;
}

/** A request around ready params. */
export function requestMessage(id: number, method: string, params: readonly Piece[]): Piece[] {
  return [`{"jsonrpc":"2.0","id":${id},"method":${quote(method)},"params":`, ...params, '}'];
}

/** A notification around ready params. */
export function notificationMessage(method: string, params: readonly Piece[]): Piece[] {
  return [`{"jsonrpc":"2.0","method":${quote(method)},"params":`, ...params, '}'];
}

/** A response; `id` is JSON text as the other side wrote it. */
export function responseMessage(id: string, member: 'result' | 'error', body: readonly Piece[]): Piece[] {
  return [`{"jsonrpc":"2.0","id":${id},"${member}":`, ...body, '}'];
}

const PLAIN = /^[a-zA-Z0-9/_.-]+$/;

/** A text as JSON; names of methods and tools are plain as a rule. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
