/**
 * How many letters must be put in, taken out, replaced, or swapped with their neighbour to make one text of the other;
 * infinite where it is more than `most`.
 */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  const distance = last[b.length] ?? 0;
  return distance > most ? Number.POSITIVE_INFINITY : distance;
}

/** The names a person may have meant, nearest first: misspelt a little, or a part of them. */
export function similarTo(asked: string, names: readonly string[], count = 3): readonly string[] {
  const wanted = asked.toLowerCase();
  return names
    .map((name) => ({ name, far: farness(wanted, name.toLowerCase()) }))
    .filter(({ far }) => Number.isFinite(far))
    .sort((a, b) => a.far - b.far || a.name.length - b.name.length)
    .slice(0, count)
    .map(({ name }) => name);
}

const PART = 2.5;

function farness(asked: string, name: string): number {
  const distance = editDistance(asked, name, asked.length < 5 ? 1 : 2);
  const isPart = asked.length >= 3 && (name.includes(asked) || asked.includes(name));
  return isPart ? Math.min(distance, PART) : distance;
}
