import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { Script } from 'node:vm';

/** Of older builds and other versions of Node no more is kept than this. */
const MAX_FILES = 24;

type Compile = (this: NodeJS.Module, source: string, file: string) => unknown;
const { prototype } = Module as unknown as { prototype: { _compile: Compile } };
const { enableCompileCache, flushCompileCache } = Module as {
  enableCompileCache?(folder: string): unknown;
  flushCompileCache?(): void;
};

let folder: string | undefined;
/** What was compiled anew, by the file it is to be left in. */
const compiled = new Map<string, Script>();

/**
 * From now on the modules of a directory are compiled from what an earlier process left, which takes half of the time of
 * a start. Node does that by itself from 22.1 on. The names of the modules must tell their content.
 *
 * **Security:** what is left there is run as it is, so it lies in the user's own cache directory and is read only when
 * that is the user's indeed; never in a shared one, nor in a project's.
 */
export function useCodeCache(modules: string): void {
  folder = cacheFolder();
  if (enableCompileCache !== undefined) {
    enableCompileCache(folder);
    return;
  }
  const trusted = isOwn(folder);
  const compile = prototype._compile;
  prototype._compile = function (source, file) {
    if (!file.startsWith(modules + sep)) return compile.call(this, source, file);
    const entry = join(folder as string, `${basename(file)}-${process.version}-${process.arch}`);
    const cachedData = trusted ? read(entry) : undefined;
    const script = new Script(Module.wrap(source), { filename: file, cachedData });
    if (cachedData === undefined || script.cachedDataRejected === true) compiled.set(entry, script);
    const run = script.runInThisContext() as (...values: unknown[]) => unknown;
    return run.call(this.exports, this.exports, createRequire(file), this, file, dirname(file));
  };
}

/** Leaves what this process has compiled so far to those that come after it. */
export function leaveCode(): void {
  flushCompileCache?.();
  try {
    for (const [entry, script] of compiled) write(entry, script.createCachedData());
    if (compiled.size > 0) sweep(folder as string);
  } catch {
    // Without a directory of one's own every start compiles anew.
  }
  compiled.clear();
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'hatago', 'code');
}

function isOwn(path: string): boolean {
  try {
    const { uid, mode } = statSync(path);
    return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
  } catch {
    return false;
  }
}

function read(entry: string): Buffer | undefined {
  try {
    return readFileSync(entry);
  } catch {
    return undefined;
  }
}

function write(entry: string, code: Uint8Array): void {
  mkdirSync(dirname(entry), { recursive: true, mode: 0o700 });
  const temporary = `${entry}.${process.pid}`;
  writeFileSync(temporary, code, { mode: 0o600 });
  renameSync(temporary, entry);
}

function sweep(path: string): void {
  const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  const byAge = files
    .map(({ name }) => ({ name, mtimeMs: statSync(join(path, name)).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { name } of byAge.slice(MAX_FILES)) rmSync(join(path, name), { force: true });
}
