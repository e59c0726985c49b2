// Puts the command into one file: the program that loads the parts, and behind it each part, packed, as a line of comment.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { brotliCompressSync, constants } from 'node:zlib';

const SHEBANG = '#!/usr/bin/env node';
const COMMENT = '//';

/** Packs what was built in `folder` (`bin/bin.cjs` and `parts/*.cjs`) into the file, which is replaced at once. */
export function packProgram(folder, file) {
  const program = readFileSync(join(folder, 'bin/bin.cjs'), 'utf8');
  const names = readdirSync(join(folder, 'parts'))
    .filter((name) => name.endsWith('.cjs'))
    .sort();
  const parts = names.map((name) => packed(functionOf(name, readFileSync(join(folder, 'parts', name), 'utf8'))));
  const places = JSON.stringify(placesOf(names, parts));
  const lines = [SHEBANG, `const HATAGO_PARTS=${places};`, ascii(program.trim()), ...parts.map(({ line }) => line)];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}

/** Where each part lies: bytes from the end of the file, its length there and unpacked, and a digest of its text. */
function placesOf(names, parts) {
  const places = {};
  let fromEnd = 0;
  for (let i = names.length - 1; i >= 0; i--) {
    const { line, text } = parts[i];
    const length = line.length - COMMENT.length;
    fromEnd += length + 1;
    places[names[i]] = [fromEnd, length, text.length, createHash('sha256').update(text).digest('hex').slice(0, 12)];
    fromEnd += COMMENT.length;
  }
  return places;
}

/** Every start reads the whole file, and V8 goes through every comment: what they hold must be small. */
function packed(text) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return { text, line: COMMENT + brotliCompressSync(Buffer.from(text, 'latin1'), { params }).toString('base64') };
}

/** The part as a function expression, so that nothing has to be done to its text when it is loaded. */
function functionOf(name, text) {
  const whole = `(function(exports,require,module,__filename,__dirname){${ascii(text.trimEnd())}\n})`;
  new Script(whole, { filename: name });
  return whole;
}

/** Only ASCII, so that a byte is a character and the text is held as it lies on disk. */
function ascii(text) {
  return text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
