import {
  fstatSync,
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

/** Where a part lies in the file: bytes from its end, length, what tells it from other builds, and whether it is packed. */
export type Place = readonly [fromEnd: number, length: number, digest: string, isPacked?: boolean];

/** The command in one file: its parts lie behind the program proper, each in a line that is a comment. */
export interface Bundle {
  readonly file: string;
  readonly parts: Readonly<Record<string, Place>>;
  /** Loads what is no part. */
  require(name: string): unknown;
}

/** Does something under other circumstances. */
export type Around = <T>(run: () => T) => T;

type Run = (exports: object, require: (name: string) => unknown, module: object, file: string, folder: string) => void;

/** Of older builds and other versions of Node no more is kept than this. */
const MAX_FILES = 48;
/** Stands for the end of a line in a part that is not minified. */
const NEWLINE = '\x01';
/** Under this name the parts find what is exported here. */
const SELF = '#loader';

let bundle: Bundle | undefined;
let text = -1;
let size = 0;
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
  text = openSync(opened.file, 'r');
  size = fstatSync(text).size;
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

function readPart([fromEnd, length, , isPacked]: Place): string {
  const bytes = Buffer.allocUnsafe(length);
  if (readSync(text, bytes, 0, length, size - fromEnd) !== length)
    throw new Error('the program file is cut off: install hatago again');
  const part = (isPacked === true ? unpacked(bytes) : bytes).toString('latin1');
  // No copy where none is needed: strings of this size make V8 collect garbage.
  return part.includes(NEWLINE) ? part.replaceAll(NEWLINE, '\n') : part;
}

/** Loaded here, for most starts need nothing that is packed. */
function unpacked(bytes: Buffer): Buffer {
  const { inflateRawSync } = (bundle as Bundle).require('node:zlib') as typeof import('node:zlib');
  return inflateRawSync(Buffer.from(bytes.toString('latin1'), 'base64'));
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
