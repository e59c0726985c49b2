import {
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { Script } from 'node:vm';

/** Where a part lies in the store: its first byte, length, what tells it from other builds, and whether it is packed. */
export type Place = readonly [at: number, length: number, digest: string, isPacked?: boolean];

/** The command: a program proper, and beside it a store in which the parts lie that it loads. */
export interface Bundle {
  /** The program proper, by its path. */
  readonly file: string;
  /** Name of the store, in the folder of the program. */
  readonly store: string;
  readonly parts: Readonly<Record<string, Place>>;
  /** Loads what is no part. */
  require(name: string): unknown;
}

/** Does something under other circumstances. */
export type Around = <T>(run: () => T) => T;

type Run = (exports: object, require: (name: string) => unknown, module: object, file: string, folder: string) => void;

/** Of older builds and other versions of Node no more is kept than this. */
const MAX_FILES = 48;
/** Under this name the parts find what is exported here. */
const SELF = '#loader';

let bundle: Bundle | undefined;
let store = -1;
let folder = '';
/** Whether what lies in the folder may be run. */
let isTrusted = false;
const loaded = new Map<string, { exports: object }>();
/** What was compiled anew, by its part. */
const compiled = new Map<string, Script>();
let around: Around = (run) => run();

/** Makes the parts of a bundle known; nothing of them is loaded yet. */
export function openBundle(opened: Bundle): void {
  bundle = opened;
  // Kept open: what is loaded later must come from this very file, though an update has put another in its place.
  store = openStore(join(dirname(opened.file), opened.store));
  folder = cacheFolder();
  isTrusted = isOwn(folder);
}

/**
 * Has everything that depends on the flags of V8 done inside of a function: compiled code is of use only under the flags it
 * was left under, so whoever changes them has it done under those of a start.
 */
export function withFlags(set: Around): void {
  around = set;
}

/** Loads a part, once; undefined where nothing is bundled or there is no such part. */
export function loadPart(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const place = bundle?.parts[name];
  if (bundle === undefined || place === undefined) return undefined;
  const module = { exports: {} };
  loaded.set(name, module);
  try {
    const run = compile(name, place).runInThisContext() as Run;
    run(module.exports, requirePart, module, bundle.file, dirname(bundle.file));
  } catch (error) {
    // Whoever loads it again must not find half of it.
    loaded.delete(name);
    throw error;
  }
  return module.exports;
}

/**
 * Leaves what this process has compiled so far to those that come after it, which takes half of the time of their start.
 * With names, only parts whose names begin with one of them.
 *
 * **Security:** what is left there is run as it is, so it lies in the user's own cache directory and is read only when
 * that is the user's indeed; never in a shared one, nor in a project's.
 */
export function leaveCode(names: readonly string[] = ['']): void {
  try {
    around(() => leaveThose(names));
  } catch {
    // Without a directory of one's own every start compiles anew.
  }
}

function leaveThose(names: readonly string[]): void {
  for (const [name, script] of compiled) {
    if (!names.some((start) => name.startsWith(start))) continue;
    write(entryOf(name), script.createCachedData());
    compiled.delete(name);
  }
}

function requirePart(name: string): unknown {
  if (name === SELF) return { loadPart, leaveCode, withFlags };
  return name.startsWith('./') ? loadPart(name.slice(2)) : (bundle as Bundle).require(name);
}

function compile(name: string, place: Place): Script {
  const cachedData = isTrusted ? read(entryOf(name)) : undefined;
  const filename = join(dirname((bundle as Bundle).file), name);
  const script = around(() => new Script(readPart(place), { filename, cachedData }));
  if (cachedData === undefined || script.cachedDataRejected === true) compiled.set(name, script);
  return script;
}

function openStore(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new Error(`a part of the program is missing (${path}): install hatago again`, { cause: error });
  }
}

function readPart([at, length, , isPacked]: Place): string {
  const bytes = Buffer.allocUnsafe(length);
  if (readSync(store, bytes, 0, length, at) !== length)
    throw new Error('a part of the program is cut off: install hatago again');
  return (isPacked === true ? unpacked(bytes) : bytes).toString('latin1');
}

/** Loaded here, for most starts need nothing that is packed. */
function unpacked(bytes: Buffer): Buffer {
  const { inflateRawSync } = (bundle as Bundle).require('node:zlib') as typeof import('node:zlib');
  return inflateRawSync(bytes);
}

const entryOf = (name: string): string => {
  const digest = bundle?.parts[name]?.[2];
  return join(folder, `${name}-${digest}-${process.version}-${process.arch}`);
};

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
  const path = dirname(entry);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const temporary = `${entry}.${process.pid}`;
  writeFileSync(temporary, code, { mode: 0o600 });
  renameSync(temporary, entry);
  sweep(path);
}

function sweep(path: string): void {
  const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  if (files.length <= MAX_FILES) return;
  const byAge = files
    .map(({ name }) => ({ name, mtimeMs: statSync(join(path, name)).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { name } of byAge.slice(MAX_FILES)) rmSync(join(path, name), { force: true });
}
