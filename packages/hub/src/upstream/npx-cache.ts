import { promises } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What npm and Node say when the folder a package was put into is not whole. */
const BROKEN = /\bENOTEMPTY\b|\bEEXIST\b|Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND/;
/** npx keeps each set of packages in a folder named by a hash. */
const FOLDER = /[\\/]_npx[\\/]([0-9a-f]{8,64})(?:[\\/]|$|["')\s:])/;

/** What {@link clearBrokenNpx} works with. */
export interface NpxCacheOptions {
  /** What the process wrote to its stderr. */
  readonly lines: readonly string[];
  /** The environment the process was given, where it names npm's cache. */
  readonly env: { readonly [name: string]: string | undefined };
  /** As `process.platform`. */
  readonly platform: string;
}

/**
 * Removes the one folder of npm's cache that a failed `npx` named as broken, so that it is fetched anew; resolves with its
 * path, or with undefined when nothing of the kind was said. Only the hash is taken from what was said, never the path:
 * whoever writes to stderr must not choose what is removed.
 */
export async function clearBrokenNpx({ lines, env, platform }: NpxCacheOptions): Promise<string | undefined> {
  if (!lines.some((line) => BROKEN.test(line))) return undefined;
  const hash = lines.map((line) => FOLDER.exec(line)?.[1]).find((found) => found !== undefined);
  if (hash === undefined) return undefined;
  const folder = join(npmCache(env, platform), '_npx', hash);
  try {
    if (!(await promises.lstat(folder)).isDirectory()) return undefined;
    await promises.rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
    return folder;
  } catch {
    return undefined;
  }
}

/** Where npm keeps its cache. @see npm config, `cache` */
function npmCache(env: NpxCacheOptions['env'], platform: string): string {
  const named = Object.entries(env).find(([name]) => name.toLowerCase() === 'npm_config_cache')?.[1];
  if (named !== undefined && named !== '') return named;
  if (platform !== 'win32') return join(env.HOME ?? homedir(), '.npm');
  return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'npm-cache');
}
