/** Where the bytes of one answer go: `whole` once, or `begin`, any number of `write`, and `end`. */
export interface Outlet {
  /** Nothing that is written reaches the client any more. */
  readonly destroyed: boolean;
  /** What the client has not taken yet, in bytes. */
  readonly writableLength: number;
  /** Sends a whole answer in one write; `text` holds a byte in each character. Headers are name, value, name, value … */
  whole(status: number, headers: readonly string[], text: string): void;
  /** Begins an answer of `size` bytes, or of a length that is not known yet. */
  begin(status: number, headers: readonly string[], size?: number): void;
  /** A text holds a byte in each character. */
  write(data: string | Uint8Array): void;
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
  /** Calls back once when the answer is over: `delivered` when all of it was handed to the network. */
  onClose(call: (delivered: boolean) => void): void;
}

/** Whether an answer of this status has no body, and so no length either. @see RFC 9110 section 15.3.5 */
export const hasNoBody = (status: number): boolean => status === 204;
