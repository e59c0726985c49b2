import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sweepTemporaries, temporaryOf } from './atomic-write.ts';

const KEY_BYTES = 32;

/**
 * The 32-byte key kept in the file, made at first use and readable by its user alone. Where no file can be written the
 * key lives as long as the process: what it sealed is then worthless after a restart, and nothing else is lost.
 */
export function loadKey(path: string): Uint8Array {
  sweepTemporaries(path);
  const known = read(path);
  if (known !== undefined) return known;
  try {
    create(path);
  } catch {
    // Another hub made it meanwhile, or none can be made.
  }
  return read(path) ?? randomBytes(KEY_BYTES);
}

function create(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = temporaryOf(path);
  writeFileSync(temporary, randomBytes(KEY_BYTES).toString('base64'), { mode: 0o600 });
  try {
    // Of two hubs that start at once, the second one's link fails and it reads the key of the first.
    linkSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function read(path: string): Uint8Array | undefined {
  try {
    const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
    return key.length === KEY_BYTES ? key : undefined;
  } catch {
    return undefined;
  }
}
