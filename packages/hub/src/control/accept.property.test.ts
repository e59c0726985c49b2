import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { accept, REFUSED, type Shape } from './accept.ts';
import { documentSchema } from './schema-document.ts';
import shape from './shape.json' with { type: 'json' };

const SHAPE = shape as Shape;

/** Values of a shape, now and then with something else in their place. */
function values(of: Shape, depth = 0): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    // Just outside of bounds, among others.
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      65_536,
      15,
      129,
      0.5,
      2 ** 53,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '',
      'x',
      '*',
      [],
      {},
      [1],
    ),
    fc.string(),
    fc.integer(),
  );
  return fc.oneof({ weight: 300, arbitrary: right(of, depth) }, { weight: 1, arbitrary: odd });
}

function right(of: Shape, depth: number): fc.Arbitrary<unknown> {
  if (of.anyOf !== undefined) return fc.oneof(...of.anyOf.map((one) => values(one, depth)));
  if (of.enum !== undefined) return fc.constantFrom(...of.enum);
  if ('const' in of) return fc.constant(of.const);
  switch (of.type) {
    case 'integer':
      return fc.integer({ min: of.minimum ?? 0, max: of.maximum ?? 100 });
    case 'number':
      return fc.double({ min: of.minimum ?? 0, max: of.maximum ?? 100, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return of.minLength === 16 ? fc.string({ minLength: 15 }) : fc.constantFrom('A', 'ab_c', '_', 'GITHUB');
    case 'array':
      return fc.array(values(of.items ?? {}, depth + 1), { maxLength: 3 });
    case 'object':
      return members(of, depth);
    default:
      return fc.option(fc.string());
  }
}

function members({ properties = {}, additionalProperties }: Shape, depth: number): fc.Arbitrary<unknown> {
  const known = Object.entries(properties).map(([name, member]) => [name, values(member, depth + 1)] as const);
  const some = fc.record(Object.fromEntries(known), { requiredKeys: [] });
  const further = fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'toString'), fc.constant(undefined), {
    maxKeys: 2,
  });
  return fc
    .tuple(some, further, fc.integer({ min: 0, max: 40 }))
    .chain(([one, names, chance]) =>
      additionalProperties || chance === 0
        ? fc
            .record(
              Object.fromEntries(
                Object.keys(names).map((name) => [name, values(additionalProperties || {}, depth + 1)]),
              ),
            )
            .map((rest) => ({ ...one, ...rest }))
        : fc.constant(one),
    );
}

describe('what a document is accepted by', () => {
  it('accepts what the schema accepts, and makes the same of it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(values(SHAPE), (value) => {
        const taken = accept(SHAPE, value);
        const parsed = z.safeParse(documentSchema(), value);
        expect(taken !== REFUSED).toBe(parsed.success);
        if (!parsed.success) return;
        accepted++;
        expect(taken).toEqual(parsed.data);
        expect(JSON.stringify(taken)).toBe(JSON.stringify(parsed.data));
      }),
      { numRuns: 600, seed: 11 },
    );
    expect(accepted).toBeGreaterThan(150);
  });

  it.each([
    ['a name of every object', '{"mcpServers":{"__proto__":{"command":"x"}}}'],
    ['an inherited name', '{"constructor":{}}'],
    ['an inherited name of a server', '{"mcpServers":{"a":{"command":"x","toString":1}}}'],
  ])('refuses %s', (_what, text) => {
    expect(accept(SHAPE, JSON.parse(text))).toBe(REFUSED);
  });

  it('hands out nothing of its own, so that nobody can change a default', () => {
    const [one, other] = [accept(SHAPE, {}), accept(SHAPE, {})] as { http: { allowedHosts: string[] } }[];
    one?.http.allowedHosts.push('evil');
    expect(other?.http.allowedHosts).toEqual([]);
  });
});
