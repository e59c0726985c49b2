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

/** Where a part lies in the file: bytes from its end, length there and unpacked, and what tells it from other builds. */
export type Place = readonly [fromEnd: number, length: number, textLength: number, digest: string];

/** The command in one file: its parts lie packed behind the program proper, each in a line that is a comment. */
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
/** How the text of every part begins and ends. */
const HEAD = '(function(exports,require,module,__filename,__dirname){';
const TAIL = '\n})';
/** Under this name the parts find what is exported here. */
const SELF = '#loader';

let bundle: Bundle | undefined;
let program = -1;
let size = 0;
let folder = '';
/** Whether what lies in the folder may be run. */
let isTrusted = false;
const loaded = new Map<string, { exports: object }>();
/** What was compiled anew, by its part. */
const compiled = new Map<string, { text: string; script: Script }>();
let around: Around = (run) => run();

/** Makes the parts of a bundle known; nothing of them is loaded yet. */
export function openBundle(opened: Bundle): void {
  bundle = opened;
  // Kept open: what is loaded later must come from this very file, though an update has put another in its place.
  program = openSync(opened.file, 'r');
  size = fstatSync(program).size;
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
 * Leaves what this process has unpacked and compiled so far to those that come after it, which takes half of the time of
 * their start. With names, only parts whose names begin with one of them.
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
  for (const [name, { text, script }] of compiled) {
    if (!names.some((start) => name.startsWith(start))) continue;
    write(entryOf(name), [script.createCachedData(), Buffer.from(text, 'latin1')]);
    compiled.delete(name);
  }
}

function requirePart(name: string): unknown {
  if (name === SELF) return { loadPart, leaveCode, withFlags };
  return name.startsWith('./') ? loadPart(name.slice(2)) : (bundle as Bundle).require(name);
}

function compile(name: string, place: Place): Script {
  const filename = join(dirname((bundle as Bundle).file), name);
  const left = isTrusted ? compileLeft(name, place, filename) : undefined;
  if (left !== undefined) return left;
  const text = readPart(place);
  const script = around(() => new Script(text, { filename }));
  compiled.set(name, { text, script });
  return script;
}

/** From the code that was left of a part, and the text behind it; undefined where they are of no use. */
function compileLeft(name: string, [, , textLength]: Place, filename: string): Script | undefined {
  try {
    const bytes = readFileSync(entryOf(name));
    const end = bytes.length - textLength;
    const text = bytes.toString('latin1', end);
    if (!text.startsWith(HEAD) || !text.endsWith(TAIL)) return undefined;
    const script = around(() => new Script(text, { filename, cachedData: bytes.subarray(0, end) }));
    return script.cachedDataRejected === true ? undefined : script;
  } catch {
    return undefined;
  }
}

/** What it takes is loaded here, for most starts find what an earlier one has unpacked. */
function readPart([fromEnd, length, textLength]: Place): string {
  const { brotliDecompressSync } = (bundle as Bundle).require('node:zlib') as typeof import('node:zlib');
  const bytes = Buffer.allocUnsafe(length);
  try {
    readSync(program, bytes, 0, length, size - fromEnd);
    const text = brotliDecompressSync(Buffer.from(bytes.toString('latin1'), 'base64')).toString('latin1');
    if (text.length === textLength) return text;
  } catch {
    // Told below.
  }
  throw new Error(`the program file is damaged (${(bundle as Bundle).file}): install hatago again`);
}

const entryOf = (name: string): string => {
  const digest = bundle?.parts[name]?.[3];
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

function write(entry: string, pieces: readonly Uint8Array[]): void {
  const path = dirname(entry);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const temporary = `${entry}.${process.pid}`;
  writeFileSync(temporary, Buffer.concat(pieces), { mode: 0o600 });
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
