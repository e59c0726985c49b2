/** The lines at the end of `next` that came after those of `before`; both are the last lines of one endless text. */
export function newLines(before: readonly string[], next: readonly string[]): readonly string[] {
  const most = Math.min(before.length, next.length);
  // The longest end of the old that the new begins with: whatever is behind it is new.
  for (let length = most; length > 0; length--) {
    if (isSame(before, before.length - length, next, length)) return next.slice(length);
  }
  return next;
}

function isSame(before: readonly string[], from: number, next: readonly string[], length: number): boolean {
  for (let i = 0; i < length; i++) if (before[from + i] !== next[i]) return false;
  return true;
}
