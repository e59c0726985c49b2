import { editObject, joinPieces, moveMembers, Payload, type Piece } from '@hatago/protocol';
import { LISTS, type ListKind } from './items.ts';
import { scannedPayload } from './splice.ts';

/** In which form a list is shown: as the modern protocol has it, or with what older clients need changed. */
export type View = 'modern' | 'legacy';

/** A list as ready bytes, in one page or several. */
export interface ReadyList {
  readonly kind: ListKind;
  /** Whole results; all but the last still lack their `nextCursor`. */
  readonly pages: readonly Payload[];
}

/** Options of {@link renderList}. */
export interface RenderOptions {
  readonly kind: ListKind;
  readonly items: readonly Payload[];
  /** Further members of the result, as they are to be sent. */
  readonly extras: readonly (readonly [name: string, value: Payload])[];
  /** Bytes of items over which a further page is begun; what the hub itself puts into an item counts by its characters. */
  readonly maxBytes: number;
}

const COMMA = Uint8Array.of(0x2c);

/** Makes the pages of a list; each holds at least one item, in a list of one page it may be none. */
export function renderList(options: RenderOptions): ReadyList {
  const { kind, items, extras, maxBytes } = options;
  const toPage = pageMaker(`{${JSON.stringify(LISTS[kind].member)}:[`, [
    ']',
    ...extras.flatMap(([name, value]): Piece[] => [`,${JSON.stringify(name)}:`, ...value.pieces()]),
    '}',
  ]);
  const pages: Payload[] = [];
  let page: Piece[] = [];
  let size = 0;
  const end = (): void => {
    pages.push(toPage(page));
    page = [];
    size = 0;
  };
  for (const item of items) {
    // Joined only here, with all others: an item that was renamed lies in pieces.
    const pieces = item.pieces();
    let length = 0;
    for (let i = 0; i < pieces.length; i++) length += (pieces[i] as Piece).length;
    if (size > 0 && size + length > maxBytes) end();
    if (size > 0) page.push(COMMA);
    for (let i = 0; i < pieces.length; i++) page.push(pieces[i] as Piece);
    size += length;
  }
  end();
  return { kind, pages };
}

/** Finds the members of a page without items once; those of the others lie as far behind as their items are long. */
function pageMaker(head: string, tail: readonly Piece[]): (items: readonly Piece[]) => Payload {
  const empty = scannedPayload(joinPieces([head, ...tail]));
  const members = empty.members();
  return (items) => {
    const bytes = joinPieces([head, ...items, ...tail]);
    const by = bytes.length - empty.bytes().length;
    return Payload.ofBytes(bytes, 0, bytes.length, members && moveMembers(members, head.length, by));
  };
}

/** The page with the cursor of the one after it. */
export function withCursor(page: Payload, cursor: string): Payload {
  return Payload.ofPieces(editObject(page, { nextCursor: JSON.stringify(cursor) }));
}
