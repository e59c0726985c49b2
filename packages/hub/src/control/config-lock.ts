import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepTemporaries } from '../storage/atomic-write.ts';

/**
 * The lock of a configuration file, by its real path. It is kept among the system's temporary files, so that a process that
 * dies leaves nothing beside the file.
 */
export function configLock(path: string): string {
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 32);
  return join(tmpdir(), `hatago-${process.getuid?.() ?? 'user'}-${digest}.lock`);
}

/** Removes what killed writers of a configuration file left behind: beside the file that a link leads to, and of its lock. */
export function sweepConfig(file: string): void {
  const path = realPath(file);
  sweepTemporaries(path);
  sweepTemporaries(configLock(path));
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
