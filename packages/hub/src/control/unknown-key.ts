import type { Shape } from './accept.ts';

/** The keys an object at this place of a document may have; empty where any are allowed. */
export function keysAt(shape: Shape, path: readonly (string | number)[]): readonly string[] {
  const { anyOf, properties, additionalProperties, items } = shape;
  if (anyOf !== undefined) return anyOf.flatMap((one) => keysAt(one, path));
  const [next, ...rest] = path;
  if (next === undefined) return Object.keys(properties ?? {});
  const inner = properties?.[String(next)] ?? (additionalProperties || items);
  return inner === undefined ? [] : keysAt(inner, rest);
}

/** What is wrong with a key nobody knows: the one it was probably meant to be, else all there are. */
export function unknownKey(name: string, known: readonly string[]): string {
  const start = `unknown key ${JSON.stringify(name)}`;
  const closest = (name.length > 64 ? [] : known)
    .map((key) => ({ key, distance: editDistance(name.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (known.length === 0) return start;
  if (closest !== undefined && closest.distance <= Math.max(1, Math.floor(name.length / 3)))
    return `${start}; did you mean "${closest.key}"?`;
  return `${start}; what is supported here: ${known.join(', ')}`;
}

/** Letters to change, to add, to leave out or to swap with their neighbours. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(changed, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
