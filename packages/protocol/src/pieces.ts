/** A part of a text on its way out: ready bytes, or a string to be written as UTF-8. */
export type Piece = Uint8Array | string;

const encoder = new TextEncoder();

/** Joins the pieces into one array of bytes; a single array of bytes is returned as it is. */
export function joinPieces(pieces: readonly Piece[]): Uint8Array {
  if (pieces.length === 1 && typeof pieces[0] !== 'string') return pieces[0] as Uint8Array;
  const parts = pieces.map((piece) => (typeof piece === 'string' ? encoder.encode(piece) : piece));
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
