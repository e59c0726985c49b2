import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packProgram } from '../../../scripts/lib/program.mjs';

/** The program proper, as short as it can be; the loader itself comes from its source. */
const BIN = `
const { openBundle, loadPart } = require(process.env.LOADER);
openBundle({ file: __filename, parts: HATAGO_PARTS, require });
if (process.argv[2] === 'none') console.log(loadPart('none.cjs'));
else loadPart('main.cjs');
`;
const MAIN = `
const { word } = require('./word.cjs');
const again = require('./word.cjs');
const { leaveCode, loadPart, withFlags } = require('#loader');
const { basename } = require('node:path');
if (process.env.FLAGS) {
  const { setFlagsFromString } = require('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
  withFlags((run) => {
    setFlagsFromString('--semi-space-growth-factor=2');
    const done = run();
    setFlagsFromString('--semi-space-growth-factor=1');
    return done;
  });
}
if (process.env.REPLACED) require('node:fs').rmSync(__filename);
console.log(JSON.stringify([word, again.word === word, loadPart('late.cjs').late, basename(__filename), module.exports === exports]));
if (process.argv[2] === 'leave') leaveCode();
if (process.argv[2] === 'some') leaveCode(['wo']);
`;
const WORD = 'exports.word = `旅籠 */ "two\nlines" // ${/^[ \\t]*/.test("")}`;\n';
const EXPECTED = ['旅籠 */ "two\nlines" // true', true, 'late', 'program.cjs', true];

describe('a command in one file', () => {
  let folder: string;
  let program: string;
  let cache: string;
  let loader: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hatago-loader-'));
    program = join(folder, 'program.cjs');
    cache = join(folder, 'cache');
    for (const name of ['bin', 'parts']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'bin/bin.cjs'), BIN);
    writeFileSync(join(folder, 'parts/main.cjs'), MAIN);
    writeFileSync(join(folder, 'parts/word.cjs'), WORD);
    writeFileSync(join(folder, 'parts/late.cjs'), `exports.late = 'late';`);
    loader = join(folder, 'loader.cjs');
    writeLoader(loader);
    packProgram(folder, program);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (argument = '', more: Record<string, string> = {}): unknown => {
    const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache, LOADER: loader, ...more };
    return JSON.parse(String(execFileSync(process.execPath, [program, argument], { env })) || 'null');
  };
  const left = (): string[] => readdirSync(join(cache, 'hatago/code')).map((name) => name.split('-')[0] as string);

  it('runs its parts as they were, each once', () => {
    expect(run()).toEqual(EXPECTED);
  });

  it('packs its parts, and runs them all the same', () => {
    const text = `exports.late = 'late';\n// ${'as large as a library '.repeat(1000)}\n`;
    writeFileSync(join(folder, 'parts/late.cjs'), text);
    packProgram(folder, program);
    expect(statSync(program).size).toBeLessThan(5000);
    expect(run('leave')).toEqual(EXPECTED);
    expect(run()).toEqual(EXPECTED);
    expect(left().sort()).toEqual(['late.cjs', 'main.cjs', 'word.cjs']);
  });

  it('finds code again after the flags of V8 were changed', () => {
    run('leave');
    const folder = join(cache, 'hatago/code');
    const entry = join(folder, String(readdirSync(folder).find((name) => name.startsWith('late'))));
    utimesSync(entry, 1, 1);
    expect(run('leave', { FLAGS: '1' })).toEqual(EXPECTED);
    expect(statSync(entry).mtimeMs).toBe(1000);
  });

  it('is one file of ASCII that may be run', () => {
    const text = readFileSync(program);
    expect(text.every((byte) => byte < 0x80)).toBe(true);
    expect(statSync(program).mode & 0o111).toBe(0o111);
  });

  it('unpacks no part whose text an earlier process has left', () => {
    run('leave');
    writeFileSync(program, readFileSync(program, 'utf8').replaceAll(/^\/\/.*$/gm, '//'));
    expect(run()).toEqual(EXPECTED);
  });

  it('says what to do where a part is damaged', () => {
    const text = readFileSync(program, 'utf8');
    for (const damaged of [text.replaceAll(/^\/\/.{40}/gm, '//'), text.slice(0, -20)]) {
      writeFileSync(program, damaged);
      expect(() => run()).toThrow(/damaged \(.*program.cjs\): install hatago again/);
    }
  });

  it('loads a part anew that failed', () => {
    const main = `
      let tries = 0;
      for (let i = 0; i < 2; i++) try { require('./late.cjs') } catch { tries++ }
      console.log(tries);`;
    writeFileSync(join(folder, 'parts/main.cjs'), main);
    writeFileSync(join(folder, 'parts/late.cjs'), `throw new Error('broken');`);
    packProgram(folder, program);
    expect(run()).toBe(2);
  });

  it('finds nothing where there is no such part', () => {
    const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache, LOADER: loader };
    expect(String(execFileSync(process.execPath, [program, 'none'], { env })).trim()).toBe('undefined');
  });

  it('loads what comes later from the file it was started from, though another is in its place', () => {
    expect(run('', { REPLACED: '1' })).toEqual(EXPECTED);
  });

  it('leaves compiled code to the next start, readable by its user alone', () => {
    run('leave');
    expect(left().sort()).toEqual(['late.cjs', 'main.cjs', 'word.cjs']);
    for (const name of readdirSync(join(cache, 'hatago/code'))) {
      expect(statSync(join(cache, 'hatago/code', name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(cache, 'hatago/code')).mode & 0o777).toBe(0o700);
    // What was taken over is not left again.
    const before = readdirSync(join(cache, 'hatago/code')).map(
      (name) => statSync(join(cache, 'hatago/code', name)).ino,
    );
    expect(run('leave')).toEqual(EXPECTED);
    const after = readdirSync(join(cache, 'hatago/code')).map((name) => statSync(join(cache, 'hatago/code', name)).ino);
    expect(after).toEqual(before);
  });

  it('leaves only the parts that are named', () => {
    run('some');
    expect(left()).toEqual(['word.cjs']);
  });

  it('takes no code from a folder that others may write to', () => {
    run('leave');
    const files = readdirSync(join(cache, 'hatago/code')).map((name) => join(cache, 'hatago/code', name));
    const before = files.map((file) => statSync(file).ino);
    chmodSync(join(cache, 'hatago/code'), 0o777);
    expect(run('leave')).toEqual(EXPECTED);
    expect(files.map((file) => statSync(file).ino)).not.toEqual(before);
  });

  it.each([
    ['something else', () => Buffer.from('broken')],
    ['cut off', (left: Buffer) => left.subarray(0, -100)],
    ['empty at its end', (left: Buffer) => Buffer.concat([left.subarray(0, -100), Buffer.alloc(100)])],
    ['empty at its beginning', (left: Buffer) => Buffer.concat([Buffer.alloc(100), left.subarray(100)])],
    ['all empty', (left: Buffer) => Buffer.alloc(left.length)],
  ])('starts all the same where what was left is %s', (_how, damage) => {
    run('leave');
    const files = readdirSync(join(cache, 'hatago/code')).map((name) => join(cache, 'hatago/code', name));
    for (const file of files) writeFileSync(file, damage(readFileSync(file)));
    expect(run()).toEqual(EXPECTED);
  });

  it('starts all the same where nothing can be left', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(run('leave', { XDG_CACHE_HOME: join(folder, 'file') })).toEqual(EXPECTED);
  });
});

/** The loader as a module that every Node runs. */
function writeLoader(file: string): void {
  const source = readFileSync(new URL('loader.ts', import.meta.url), 'utf8');
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  writeFileSync(file, ts.transpileModule(source, { compilerOptions }).outputText);
}
