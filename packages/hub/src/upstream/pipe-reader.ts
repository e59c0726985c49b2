import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** Who is told what a pipe brings. */
export interface PipeEvents {
  /** The bytes are the callee's until it returns, where {@link readPipe} said that it reuses memory. */
  onChunk(bytes: Uint8Array): void;
  /** Where the next bytes are read into, if not into memory of the reader's; asked after each chunk. */
  room(): Uint8Array | undefined;
  /** Everything was read. */
  onClose(): void;
}

/** A pipe that is being read. */
export interface PipeReader {
  /** Whether the memory of one chunk is used again for the next, save what {@link PipeEvents.room} gave. */
  readonly reusesMemory: boolean;
  destroy(): void;
}

/** As much as a pipe holds is read at once. */
const READ_BYTES = 256 * 1024;
/** A read is over when its callback returns, so that one buffer serves all pipes. */
let shared: Uint8Array | undefined;

/**
 * Reads a child's pipe into memory that is used again and again: a stream would allocate 64 KiB for each read. Where the
 * runtime does not offer that, or reads go on in the background (Windows), it reads the stream.
 */
export function readPipe(pipe: Readable, events: PipeEvents): PipeReader {
  // What the stream has read already would be lost.
  const isUnread = pipe.readableLength === 0;
  const { _handle: handle } = pipe as Readable & { _handle?: { useUserBuffer?: unknown } };
  const reusesMemory = process.platform !== 'win32' && isUnread && typeof handle?.useUserBuffer === 'function';
  const source = reusesMemory ? readHandle(handle, events) : pipe.on('data', (chunk) => events.onChunk(chunk));
  source.on('error', () => {});
  source.on('close', () => events.onClose());
  return { reusesMemory, destroy: () => void source.destroy() };
}

function readHandle(handle: object, events: PipeEvents): Socket {
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const common = shared;
  const callback = (size: number, bytes: Uint8Array): boolean => {
    events.onChunk(size === bytes.length ? bytes : bytes.subarray(0, size));
    return true;
  };
  const options = {
    handle,
    readable: true,
    writable: false,
    onread: { buffer: () => events.room() ?? common, callback },
  };
  return new Socket(options as ConstructorParameters<typeof Socket>[0]);
}
