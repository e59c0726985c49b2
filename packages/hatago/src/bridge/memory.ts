/** Pieces of memory that are lent to a stream and used again when it is done with them. */
export interface Memory {
  /** Memory of at least that size; free for use until it is lent. */
  take(bytes: number): Buffer;
  /** It is looked at by others until `isTaken` says that nothing is any more. */
  lend(piece: Buffer): void;
}

const LEAST_BYTES = 64 * 1024;
/** A larger piece is not kept. */
const KEPT_BYTES = 4 * 1024 * 1024;

/**
 * Keeps two pieces in turn: fresh memory for each message would be left to the collector, which lets dozens of megabytes
 * of it pile up before it looks.
 */
export function createMemory(isTaken: () => boolean): Memory {
  let spare: Buffer | undefined;
  let lent: Buffer | undefined;
  const larger = (a: Buffer | undefined, b: Buffer | undefined): Buffer | undefined =>
    (a?.length ?? 0) >= (b?.length ?? 0) ? a : b;

  return {
    take(bytes) {
      if (lent !== undefined && isTaken()) {
        spare = larger(lent, spare);
        lent = undefined;
      }
      if (spare === undefined || spare.length < bytes) return Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, bytes));
      const piece = spare;
      spare = undefined;
      return piece;
    },
    lend(piece) {
      if (piece.length <= KEPT_BYTES) lent = larger(piece, lent);
    },
  };
}
