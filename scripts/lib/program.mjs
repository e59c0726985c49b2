// Puts the command into one file: the program that loads the parts, and behind it each part as a line of comment.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

const SHEBANG = '#!/usr/bin/env node';
/** Stands for the end of a line inside a part. */
const NEWLINE = '\x01';

/** Packs what was built in `folder` (`bin/bin.cjs` and `parts/*.cjs`) into the file, which is replaced at once. */
export function packProgram(folder, file) {
  const program = readFileSync(join(folder, 'bin/bin.cjs'), 'utf8');
  const names = readdirSync(join(folder, 'parts'))
    .filter((name) => name.endsWith('.cjs'))
    .sort();
  const lines = names.map((name) => lineOf(name, readFileSync(join(folder, 'parts', name), 'utf8')));
  const text = [SHEBANG, `const HATAGO_PARTS=${JSON.stringify(placesOf(names, lines))};`, ascii(program.trim())];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${text.join('\n')}\n${lines.map((line) => `//${line}\n`).join('')}`, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}

/** Where each part lies: bytes from the end of the file, its length, and a digest of its text. */
function placesOf(names, lines) {
  const places = {};
  let fromEnd = 0;
  for (let i = names.length - 1; i >= 0; i--) {
    fromEnd += lines[i].length + 1;
    places[names[i]] = [fromEnd, lines[i].length, createHash('sha256').update(lines[i]).digest('hex').slice(0, 12)];
    fromEnd += 2;
  }
  return places;
}

function lineOf(name, text) {
  if (text.includes(NEWLINE)) throw new Error(`${name} contains the character that stands for the end of a line`);
  const line = ascii(text.trimEnd());
  // Whatever the escapes have made of it, it must still be a program.
  new Script(`(function(exports,require,module,__filename,__dirname){${line}\n})`, { filename: name });
  return line.replaceAll(/\r?\n/g, NEWLINE);
}

/** Only ASCII, so that a byte is a character and the file is held as it lies on disk. */
function ascii(text) {
  return text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
