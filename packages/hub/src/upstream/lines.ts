/** The last lines a server wrote to its stderr, over all its processes. */
export interface Lines {
  add(line: string): void;
  /** How many were ever added. */
  readonly count: number;
  /** Those that are kept, the oldest first. */
  all(): readonly string[];
  /** Those that are kept of what was added after so many. */
  since(count: number): readonly string[];
}

/** Bounds of what is kept. */
export interface LinesLimits {
  /** @default 500 */
  readonly maxLines?: number;
  /** Characters of all lines together. @default 65536 */
  readonly maxChars?: number;
}

/** Keeps the last lines. */
export function createLines({ maxLines = 500, maxChars = 65_536 }: LinesLimits = {}): Lines {
  let kept: string[] = [];
  let chars = 0;
  let count = 0;
  const last = (most: number): readonly string[] => {
    let from = kept.length;
    let size = 0;
    while (from > 0 && kept.length - from < most) {
      size += (kept[from - 1] as string).length;
      if (size > maxChars) break;
      from--;
    }
    return kept.slice(from);
  };
  return {
    add(line) {
      count++;
      kept.push(line);
      chars += line.length;
      // Cut in one go, now and then: taking the first of a long list away is dear.
      if (kept.length < 2 * maxLines && chars < 2 * maxChars) return;
      kept = [...last(maxLines)];
      chars = kept.reduce((sum, { length }) => sum + length, 0);
    },
    get count() {
      return count;
    },
    all: () => last(maxLines),
    since: (before) => last(Math.min(maxLines, count - before)),
  };
}
