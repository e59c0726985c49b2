import { jsonStringAt, type Payload, valueEnd, valueStart } from '@hatago/protocol';

const QUOTE = 0x22;

/** The text of a member that is a string, read from the bytes without parsing the object; undefined for all else. */
export function textMember(object: Payload, name: string): string | undefined {
  const members = object.members();
  if (members === undefined) return undefined;
  const index = members.names.indexOf(name);
  if (index === -1) return undefined;
  const source = object.source();
  const start = valueStart(members, index);
  return source[start] === QUOTE ? jsonStringAt(source, start, valueEnd(members, index)) : undefined;
}
