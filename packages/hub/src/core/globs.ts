/** Whether a name matches a pattern in which `*` stands for any text and `?` for one character; takes linear space and O(n·m) time. */
export function matchesGlob(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      // Nearly every pattern is one star: nothing behind it is left to be found.
      if (p === pattern.length) return true;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star !== -1) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Whether a name is in: matched by one of `include` and by none of `exclude`. */
export function isIncluded(name: string, include: readonly string[], exclude: readonly string[]): boolean {
  return isMatched(name, include) && !isMatched(name, exclude);
}

function isMatched(name: string, globs: readonly string[]): boolean {
  for (let i = 0; i < globs.length; i++) if (matchesGlob(globs[i] as string, name)) return true;
  return false;
}
