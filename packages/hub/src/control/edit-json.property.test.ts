import fc from 'fast-check';
import { findNodeAtLocation, type Node, parse, parseTree } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { editDocument } from './edit-document.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = (string | number)[];

const names = fc.constantFrom('a', 'b', 'c d', 'e.f', 'ü');
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Json>(1, 'x // no comment', 'y /* nor */', true, null, ''),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const object = fc.dictionary(names, value, { maxKeys: 4, noNullPrototype: true });
/** What stands between two tokens: `#` becomes a number, so that every comment is unlike the others. */
const gaps = fc.array(fc.constantFrom('', ' ', '\n', '\n  ', ' /*#*/ ', ' //#\n', '\n  //#\n  ', '\t', '\r\n'), {
  minLength: 1,
  maxLength: 30,
});

/** Writes a value with gaps between its tokens, and with commas behind the last member where the gap is a blank. */
function render(json: Json, gap: () => string): string {
  const list = (open: string, items: string[], close: string): string => {
    const trailing = items.length > 0 && gap() === ' ' ? ',' : '';
    return `${open}${gap()}${items.join(`${gap()},${gap()}`)}${gap()}${trailing}${gap()}${close}`;
  };
  if (Array.isArray(json))
    return list(
      '[',
      json.map((item) => render(item, gap)),
      ']',
    );
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.entries(json).map(
    ([name, member]) => `${JSON.stringify(name)}${gap()}:${gap()}${render(member, gap)}`,
  );
  return list('{', members, '}');
}

function textOf(json: Json, pieces: string[]): string {
  let at = 0;
  let comment = 0;
  return render(json, () => (pieces[at++ % pieces.length] as string).replace('#', () => String(comment++)));
}

const commentsOf = (text: string): string[] =>
  text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/\/\/\d+|\/\*\d+\*\//g) ?? [];

function paths(json: Json): Path[] {
  if (typeof json !== 'object' || json === null) return [[]];
  const entries: [string | number, Json][] = Array.isArray(json) ? [...json.entries()] : Object.entries(json);
  return [[], ...entries.flatMap(([step, member]) => paths(member).map((path) => [step, ...path]))];
}

/** What the edit has to come to, made the plain way. */
function changed(json: Json, path: Path, to: Json | undefined): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return to;
  const copy = structuredClone(json) as Json[] & { [name: string]: Json };
  const inner = changed((copy[step as number] ?? {}) as Json, rest, to);
  if (inner !== undefined) copy[step as number] = inner;
  else if (Array.isArray(copy)) copy.splice(step as number, 1);
  else delete copy[step as never];
  return copy;
}

const read = (text: string): unknown => {
  const errors: never[] = [];
  const result: unknown = parse(text, errors, { allowTrailingComma: true });
  expect(errors, text).toEqual([]);
  return result;
};

/** The comments that an edit at a place may take with it: those in the value, and behind it on its line. */
function own(text: string, path: Path): string[] {
  const tree = parseTree(text, [], { allowTrailingComma: true }) as Node;
  const node = findNodeAtLocation(tree, path) as Node;
  const whole = node.parent?.type === 'property' ? node.parent : node;
  const line = /^[^\n]*/.exec(text.slice(whole.offset + whole.length))?.[0] ?? '';
  return commentsOf(text.slice(whole.offset, whole.offset + whole.length + line.length));
}

describe('any edit of any text', () => {
  const pick = fc.nat();

  it('comes to the value it should, and keeps the other comments', () => {
    fc.assert(
      fc.property(object, gaps, pick, fc.option(value, { nil: undefined }), (json, pieces, n, to) => {
        const all = paths(json).filter((path) => path.length > 0);
        fc.pre(all.length > 0);
        const path = all[n % all.length] as Path;
        const text = textOf(json, pieces);
        const edited = editDocument(text, [{ path, value: to }]);
        if (!edited.ok) throw new Error(edited.error);
        expect(read(edited.value)).toEqual(changed(json, path, to));
        const left = commentsOf(edited.value);
        const mayGo = own(text, path);
        expect(commentsOf(text).filter((comment) => !left.includes(comment) && !mayGo.includes(comment))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('adds a member anywhere and loses no comment', () => {
    fc.assert(
      fc.property(object, gaps, pick, value, (json, pieces, n, to) => {
        const all = paths(json).filter((path) => {
          const at = path.reduce<Json>((part, step) => (part as never)[step], json);
          return typeof at === 'object' && at !== null && !Array.isArray(at);
        });
        const path = [...(all[n % all.length] as Path), 'new', 'one'];
        const text = textOf(json, pieces);
        const edited = editDocument(text, [{ path, value: to }]);
        if (!edited.ok) throw new Error(edited.error);
        expect(read(edited.value)).toEqual(changed(json, path, to));
        expect(commentsOf(edited.value)).toEqual(commentsOf(text));
      }),
      { numRuns: 400 },
    );
  });
});
