import { realpathSync } from 'node:fs';

/** A path without links in it; one that leads nowhere stays as it is. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
