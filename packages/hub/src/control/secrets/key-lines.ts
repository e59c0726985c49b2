import { readFileSync, rmSync, statSync } from 'node:fs';
import { writeAtomically } from '../../storage/atomic-write.ts';
import { type MasterKey, parseKeyText, toMasterKey } from './master-key.ts';

/** Keys in a file, one a line, oldest first: while one key replaces another both are there. */
export interface KeyLines {
  readonly keys: readonly MasterKey[];
  /** Why there is none, where the file is there and holds none; undefined otherwise. */
  readonly problem: string | undefined;
}

/** Reads the keys of a file; none when it is not there. */
export function readKeyLines(path: string): KeyLines {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { keys: [], problem: code === 'ENOENT' ? undefined : `${path} cannot be read (${code ?? 'unreadable'})` };
  }
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.flatMap((line) => {
    const bytes = parseKeyText(line);
    return bytes === undefined ? [] : [toMasterKey(bytes, 'file')];
  });
  return { keys, problem: keys.length === 0 ? `${path} holds no key` : undefined };
}

/** Writes the keys, readable by the user alone; without any the file goes. */
export function writeKeyLines(path: string, keys: readonly MasterKey[]): void {
  if (keys.length === 0) return rmSync(path, { force: true });
  writeAtomically(path, `${keys.map((key) => Buffer.from(key.bytes).toString('base64')).join('\n')}\n`);
}

/** What is wrong with the permissions of a file that holds a key; undefined when others cannot read it. */
export function looseMode(path: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    const mode = statSync(path).mode & 0o777;
    return (mode & 0o077) === 0
      ? undefined
      : `${path} can be read by others (mode ${mode.toString(8)}): chmod 600 ${path}`;
  } catch {
    return undefined;
  }
}
