import { readFileSync, statSync } from 'node:fs';
import { err, ok, type Result } from '@hatago/protocol';

/** The largest configuration file, in bytes. */
export const MAX_CONFIG_BYTES = 8_388_608;

/** The text of a regular file of a sane size; the error says in words why there is none. */
export function readSource(file: string): Result<string, string> {
  try {
    // Told apart before it is opened: to open a pipe waits for somebody who writes to it.
    const stat = statSync(file);
    if (!stat.isFile()) return err(stat.isDirectory() ? 'is a directory' : 'is not a regular file');
    if (stat.size > MAX_CONFIG_BYTES) return err(`is larger than ${MAX_CONFIG_BYTES} bytes`);
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return err(code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `cannot be read (${code})`);
  }
}
