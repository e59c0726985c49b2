import { type Members, valueEnd, valueStart } from './members.ts';
import type { Payload } from './payload.ts';
import type { Piece } from './pieces.ts';

/** New JSON text per member name; `null` removes the member. Members that are not there are added at the end. */
export type Edits = { readonly [name: string]: Piece | readonly Piece[] | null };

/**
 * The object with some members replaced, added or removed, as pieces: everything that is not edited stays the bytes it
 * was, in its place.
 */
export function editObject(object: Payload, edits: Edits): Piece[] {
  const members = object.members();
  const source = object.source();
  const out: Piece[] = [];
  if (members === undefined) throw new TypeError('only an object can be edited');
  let from = members.start;
  let first = true;
  let left = Object.keys(edits).length;
  for (let i = 0; i < members.names.length && left > 0; i++) {
    const name = members.names[i] as string;
    const edit = Object.hasOwn(edits, name) ? edits[name] : undefined;
    if (edit === undefined) {
      first = false;
      continue;
    }
    left--;
    if (edit === null) {
      // Up to the end of what is kept, then on behind the removed value: with its comma in front, or behind if it leads.
      const cut = previousEnd(members, i);
      if (cut > from) out.push(source.subarray(from, cut));
      from = first ? nextStart(members, i) : valueEnd(members, i);
      continue;
    }
    first = false;
    out.push(source.subarray(from, valueStart(members, i)));
    push(out, edit);
    from = valueEnd(members, i);
  }
  if (left === 0) {
    out.push(source.subarray(from, members.end));
    return out;
  }
  const last = members.names.length === 0 ? members.start + 1 : Math.max(from, lastEnd(members));
  if (last > from) out.push(source.subarray(from, last));
  let comma = members.names.some((name) => !Object.hasOwn(edits, name) || edits[name] !== null);
  for (const name in edits) {
    const edit = edits[name];
    if (edit === null || edit === undefined || members.names.includes(name)) continue;
    out.push(`${comma ? ',' : ''}${JSON.stringify(name)}:`);
    push(out, edit);
    comma = true;
  }
  out.push('}');
  return out;
}

function push(out: Piece[], edit: Piece | readonly Piece[]): void {
  if (typeof edit === 'string' || edit instanceof Uint8Array) out.push(edit);
  else for (const piece of edit) out.push(piece);
}

const lastEnd = (members: Members): number => valueEnd(members, members.names.length - 1);
const previousEnd = (members: Members, index: number): number =>
  index === 0 ? members.start + 1 : valueEnd(members, index - 1);
const nextStart = (members: Members, index: number): number =>
  index + 1 < members.names.length ? (members.at[(index + 1) * 3] as number) : members.end - 1;
