// Puts the command into two files: the program that loads the parts, and a store in which the parts lie one after the other.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { deflateRawSync } from 'node:zlib';

const SHEBANG = '#!/usr/bin/env node';
/** Parts of this size are packed: the package is fetched anew by every `npx` that has not kept it. */
const PACKED_FROM = 8192;
/** What most starts load is kept as it is, for to unpack it takes longer than to read it. */
const PLAIN = /^(main|rolldown-runtime|start|hub|cli)\b/;

/**
 * Packs what was built in `folder` (`bin/bin.cjs` and `parts/*.cjs`) into the file, and into the store beside it. A store is
 * named after what is in it, so that a program never finds that of another build; older ones go when the new program is there.
 */
export function packProgram(folder, file) {
  const program = readFileSync(join(folder, 'bin/bin.cjs'), 'utf8');
  const names = readdirSync(join(folder, 'parts'))
    .filter((name) => name.endsWith('.cjs'))
    .sort();
  const parts = names.map((name) => packed(name, functionOf(name, readFileSync(join(folder, 'parts', name), 'utf8'))));
  const bytes = Buffer.concat(parts.map((part) => part.bytes));
  const stem = basename(file, '.cjs');
  const store = `${stem}-${digestOf(bytes)}.parts`;
  mkdirSync(dirname(file), { recursive: true });
  replace(join(dirname(file), store), bytes, 0o644);
  const bundle = JSON.stringify({ store, parts: placesOf(names, parts) });
  replace(file, `${[SHEBANG, `const HATAGO_BUNDLE=${bundle};`, ascii(program.trim())].join('\n')}\n`, 0o755);
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith(`${stem}-`) && name.endsWith('.parts') && name !== store) rmSync(join(dirname(file), name));
  }
}

function replace(path, content, mode) {
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}

/** Where each part lies: its first byte, its length, a digest of it, and whether it is packed. */
function placesOf(names, parts) {
  const places = {};
  let at = 0;
  parts.forEach(({ bytes, isPacked }, i) => {
    places[names[i]] = [at, bytes.length, digestOf(bytes), ...(isPacked ? [true] : [])];
    at += bytes.length;
  });
  return places;
}

const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

function packed(name, text) {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < PACKED_FROM || PLAIN.test(name)) return { bytes, isPacked: false };
  return { bytes: deflateRawSync(bytes, { level: 9 }), isPacked: true };
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
