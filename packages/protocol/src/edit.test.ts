import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edits, editObject } from './edit.ts';
import { valueEnd, valueStart } from './members.ts';
import { Payload } from './payload.ts';
import { joinPieces, type Piece } from './pieces.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const payload = (text: string): Payload => Payload.ofBytes(encoder.encode(text));
const edited = (text: string, edits: Edits): string => decoder.decode(joinPieces(editObject(payload(text), edits)));

const name = fc.oneof(fc.constantFrom('a', 'b', 'c', '_meta', 'name', '__proto__'), fc.string({ maxLength: 4 }));
const object = fc
  .tuple(
    fc.uniqueArray(fc.tuple(name, fc.jsonValue({ maxDepth: 2 })), { selector: ([key]) => key, maxLength: 6 }),
    fc.constantFrom('', ' ', '\n\t '),
  )
  .map(([entries, space]) => {
    const members = entries.map(
      ([key, value]) => `${space}${JSON.stringify(key)}${space}:${space}${JSON.stringify(value)}${space}`,
    );
    return { text: `${space}{${members.join(',') || space}}`, entries };
  });
const edit = fc.oneof(
  fc.constant(null),
  fc.constant(undefined),
  fc.jsonValue({ maxDepth: 1 }).map((value) => ({ value })),
);
const edits = fc.uniqueArray(fc.tuple(name, edit), { selector: ([key]) => key, maxLength: 5 });

/** How an edit is given must not matter: as one string, as bytes, or in pieces. */
function written(value: unknown, turn: number): Piece | Piece[] {
  const text = JSON.stringify(value);
  if (turn % 3 === 0) return text;
  return turn % 3 === 1 ? encoder.encode(text) : [text.slice(0, 1), encoder.encode(text.slice(1))];
}

describe('editObject', () => {
  it('gives what editing the parsed object gives, and keeps the bytes of what it does not touch', () => {
    fc.assert(
      fc.property(object, edits, ({ text, entries }, changes) => {
        const given: { [key: string]: Piece | Piece[] | null | undefined } = Object.create(null);
        const expected = new Map<string, unknown>(entries);
        changes.forEach(([key, change], turn) => {
          given[key] = change === null || change === undefined ? change : written(change.value, turn);
          if (change === null) expected.delete(key);
          else if (change !== undefined) expected.set(key, change.value);
        });
        const before = payload(text.trim());
        const after = Payload.ofPieces(editObject(before, given as Edits));
        expect(JSON.parse(decoder.decode(after.bytes()))).toEqual(
          JSON.parse(
            `{${[...expected].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
          ),
        );
        // Kept members stand in their old order, with their old bytes, ahead of the added ones.
        const old = entries.map(([key]) => key).filter((key) => expected.has(key));
        const added = Object.keys(given).filter((key) => expected.has(key) && !old.includes(key));
        expect(after.members()?.names).toEqual([...old, ...added]);
        for (const [key] of entries) {
          if (given[key] !== undefined) continue;
          expect(after.member(key)?.bytes()).toEqual(before.member(key)?.bytes());
        }
      }),
      { seed: 7, numRuns: 1000 },
    );
  });

  it.each<[string, string, Edits, string]>([
    ['replaces in place', '{"a":1, "b":2 ,"c":3}', { b: '"x"' }, '{"a":1, "b":"x" ,"c":3}'],
    ['adds at the end', '{"a":1 }', { b: '2' }, '{"a":1,"b":2}'],
    ['adds to an empty object', '{ }', { a: '1', b: ['[', '2', ']'] }, '{"a":1,"b":[2]}'],
    ['removes the first', '{"a":1, "b":2}', { a: null }, '{"b":2}'],
    ['removes one between', '{"a":1, "b":2, "c":3}', { b: null }, '{"a":1, "c":3}'],
    ['removes the last', '{"a":1, "b":2 }', { b: null }, '{"a":1 }'],
    ['removes all', '{ "a":1, "b":2 }', { a: null, b: null }, '{}'],
    ['removes all and adds', '{ "a":1, "b":2 }', { a: null, c: '3', b: null }, '{"c":3}'],
    ['removes what is not there', '{"a":1}', { b: null }, '{"a":1'],
    ['leaves undefined alone', '{"a":1}', { a: undefined } as unknown as Edits, '{"a":1'],
  ])('%s', (_, before, changes, after) => {
    expect(edited(before, changes).startsWith(after)).toBe(true);
    JSON.parse(edited(before, changes));
  });

  it('passes the bytes of the source on without copying them', () => {
    const source = encoder.encode('{"a":1,"b":2}');
    const pieces = editObject(Payload.ofBytes(source), { b: '3' });
    expect(pieces[0]).toMatchObject({ buffer: source.buffer, byteOffset: 0 });
  });

  it('edits an object in the middle of a larger text', () => {
    const source = encoder.encode('[{"x":0},{"a":1},9]');
    const inner = Payload.ofBytes(source, 9, 16);
    expect(decoder.decode(joinPieces(editObject(inner, { a: '2' })))).toBe('{"a":2}');
    const members = inner.members();
    expect(members && source.slice(valueStart(members, 0), valueEnd(members, 0))).toEqual(encoder.encode('1'));
  });

  it('refuses what is no object', () => {
    for (const text of ['[1]', '1', '"a"', 'null']) expect(() => editObject(payload(text), {})).toThrow(TypeError);
  });
});
