// Puts the command into one file: the program that loads the parts, and behind it each part as a line of comment.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { deflateRawSync } from 'node:zlib';

const SHEBANG = '#!/usr/bin/env node';
/** Stands for the end of a line inside a part. */
const NEWLINE = '\x01';
/** Parts of this size are packed: every start reads the whole file, and V8 goes through every comment. */
const PACKED_FROM = 8192;
/** What most starts load is kept as it is, for to unpack it takes longer than to read it. */
const PLAIN = /^(main|rolldown-runtime|start|hub|cli)\b/;

/** Packs what was built in `folder` (`bin/bin.cjs` and `parts/*.cjs`) into the file, which is replaced at once. */
export function packProgram(folder, file) {
  const program = readFileSync(join(folder, 'bin/bin.cjs'), 'utf8');
  const names = readdirSync(join(folder, 'parts'))
    .filter((name) => name.endsWith('.cjs'))
    .sort();
  const lines = names.map((name) => packed(name, lineOf(name, readFileSync(join(folder, 'parts', name), 'utf8'))));
  const text = [SHEBANG, `const HATAGO_PARTS=${JSON.stringify(placesOf(names, lines))};`, ascii(program.trim())];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${text.join('\n')}\n${lines.map(({ text: line }) => `//${line}\n`).join('')}`, {
    mode: 0o755,
  });
  renameSync(`${file}.new`, file);
}

/** Where each part lies: bytes from the end of the file, its length, a digest of its text, and whether it is packed. */
function placesOf(names, lines) {
  const places = {};
  let fromEnd = 0;
  for (let i = names.length - 1; i >= 0; i--) {
    const { text, isPacked } = lines[i];
    fromEnd += text.length + 1;
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
    places[names[i]] = [fromEnd, text.length, digest, ...(isPacked ? [true] : [])];
    fromEnd += 2;
  }
  return places;
}

function packed(name, text) {
  if (text.length < PACKED_FROM || PLAIN.test(name)) return { text, isPacked: false };
  return { text: deflateRawSync(text, { level: 9 }).toString('base64'), isPacked: true };
}

/** The part as a function expression in one line, so that nothing has to be done to its text when it is loaded. */
function lineOf(name, text) {
  if (text.includes(NEWLINE)) throw new Error(`${name} contains the character that stands for the end of a line`);
  const whole = `(function(exports,require,module,__filename,__dirname){${ascii(text.trimEnd())}\n})`;
  // Of a program without needless space only template literals have ends of lines inside.
  const escaped = whole.replaceAll(/\r?\n(?!\}\)$)/g, '\\n').replace(/\n\}\)$/, '})');
  if (compiles(escaped, name)) return escaped;
  if (!compiles(whole, name)) throw new Error(`${name} is no program any more`);
  return whole.replaceAll(/\r?\n/g, NEWLINE);
}

function compiles(text, name) {
  try {
    new Script(text, { filename: name });
    return true;
  } catch {
    return false;
  }
}

/** Only ASCII, so that a byte is a character and the file is held as it lies on disk. */
function ascii(text) {
  return text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
