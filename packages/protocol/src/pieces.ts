/** A part of a text on its way out: ready bytes, or a string to be written as UTF-8. */
export type Piece = Uint8Array | string;

const encoder = new TextEncoder();

/** Joins the pieces into one array of bytes; a single array of bytes is returned as it is. */
export function joinPieces(pieces: readonly Piece[]): Uint8Array {
  if (pieces.length === 1 && typeof pieces[0] !== 'string') return pieces[0] as Uint8Array;
  const parts: Uint8Array[] = [];
  let size = 0;
  // Counted by index: of a list there are thousands, and while a hub starts, nothing is optimized yet.
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] as Piece;
    const part = typeof piece === 'string' ? encoder.encode(piece) : piece;
    parts.push(part);
    size += part.length;
  }
  const joined = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Uint8Array;
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
