import { lstatSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';

/** What a file holds and may be told apart by. */
export interface FileState {
  /** The file itself, where the path is a link to it. */
  readonly path: string;
  /** undefined when there is no such file. */
  readonly text: string | undefined;
  readonly mode: number;
}

const NEW_FILE_MODE = 0o600;

/** Reads a file, following links; one that is no UTF-8 text is refused. @throws Error with the path and the reason */
export function readState(path: string): FileState {
  const real = follow(path);
  let bytes: Buffer;
  try {
    bytes = readFileSync(real);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path: real, text: undefined, mode: NEW_FILE_MODE };
    throw new Error(`${path}: cannot be read (${code ?? 'unreadable'})`);
  }
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new Error(`${path}:1:1: is no UTF-8 text`);
  return { path: real, text, mode: statSync(real).mode & 0o777 };
}

/** The file a path leads to; a link to nowhere leads to where the file would be. */
function follow(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return lstatSync(path).isSymbolicLink() ? realpathSync(dirname(path)) && path : path;
    } catch {
      return path;
    }
  }
}

/**
 * Replaces what a file holds, unless it holds something else by now: then nothing is written and the result is false.
 * `undefined` removes the file. Permissions stay as they were.
 */
export function replaceFile(before: FileState, text: string | undefined): boolean {
  if (readState(before.path).text !== before.text) return false;
  if (text === undefined) rmSync(before.path, { force: true });
  else writeAtomically(before.path, text, before.text === undefined ? { mode: before.mode } : { keepMode: true });
  return true;
}
