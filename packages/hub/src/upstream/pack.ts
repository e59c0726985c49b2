import type { Piece } from '@hatago/protocol';

/** Joins pieces into one buffer in one allocation, strings as UTF-8. */
export function packPieces(pieces: readonly Piece[]): Buffer {
  let size = 0;
  for (const piece of pieces) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at += out.write(piece, at);
    else {
      out.set(piece, at);
      at += piece.length;
    }
  }
  return out;
}

/** Bytes the pieces come to, a string's counted without encoding it. */
export function sizeOfPieces(pieces: readonly Piece[]): number {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return size;
}
