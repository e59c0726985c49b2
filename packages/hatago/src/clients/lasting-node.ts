import { realpathSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

/**
 * The path under which this interpreter is likely to be found after it was updated: the one of the search path where
 * that leads to it, for its own may have the version in it.
 */
export function lastingNode(execPath: string, searchPath: string): string {
  const real = realOf(execPath);
  const places = searchPath.split(delimiter).filter((folder) => folder !== '');
  return places.map((folder) => join(folder, basename(execPath))).find((path) => realOf(path) === real) ?? execPath;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
