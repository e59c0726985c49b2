import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Options of {@link openRotatingFile}. */
export interface RotatingFileOptions {
  /** Size from which on the file is begun anew. @default 5242880 */
  readonly maxBytes?: number;
  /** How many earlier files stay, as `<path>.1` (the newest) and so on. @default 3 */
  readonly keep?: number;
}

/** A log file that does not grow without bound. */
export interface RotatingFile {
  /** Appends the text at once; what cannot be written is dropped. */
  write(text: string): void;
  close(): void;
}

/**
 * Appends to a file for its user alone; nothing is made before the first write. It is emptied in place when it is full, so
 * that those who have it open for appending, such as the stderr of a process, go on with the new one.
 */
export function openRotatingFile(path: string, options: RotatingFileOptions = {}): RotatingFile {
  const { maxBytes = 5 * 1024 * 1024, keep = 3 } = options;
  let file: number | undefined;
  let isBroken = false;

  const rotate = (open: number): void => {
    for (let i = keep - 1; i >= 1; i--) if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`);
    if (keep > 0) copyFileSync(path, `${path}.1`);
    ftruncateSync(open, 0);
  };
  return {
    write(text) {
      if (isBroken) return;
      try {
        if (file === undefined) {
          mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
          file = openSync(path, 'a', 0o600);
        }
        const { size } = fstatSync(file);
        if (size > 0 && size + Buffer.byteLength(text) > maxBytes) rotate(file);
        writeSync(file, text);
      } catch {
        isBroken = true;
      }
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
      isBroken = true;
    },
  };
}
