const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A time for a person, in its two largest units: `2 h 5 min`. */
export function formatDuration(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1000) * 1000);
  const words: string[] = [];
  for (const [unitMs, name] of UNITS) {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    if (count > 0) words.push(`${count} ${name}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.length === 0 ? '0 s' : words.join(' ');
}
