import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path with `~` in front as one in the user's home. */
export function fromHome(path: string): string {
  return path === '~' || /^~[\\/]/.test(path) ? join(homedir(), path.slice(1)) : path;
}
