const MAX_INDENT = 256;
const MAX_MARKS = 32;
const MAX_OPEN = 256;

/**
 * Where a YAML text begins to nest deeper than anybody writes, told without parsing it: to parse such a text can take the
 * process with it. A text that passes may still be too deep. undefined when it is not.
 */
export function findDeepNesting(text: string): number | undefined {
  let open = 0;
  let lineStart = 0;
  let marks = 0;
  let leading = true;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\n') {
      lineStart = i + 1;
      marks = 0;
      leading = true;
    } else if (char === '[' || char === '{') {
      if (++open > MAX_OPEN) return i;
      leading = false;
    } else if (char === ']' || char === '}') {
      open = Math.max(0, open - 1);
    } else if (leading && (char === '-' || char === '?' || char === ':')) {
      if (++marks > MAX_MARKS) return i;
    } else if (leading && char !== ' ' && char !== '\t') {
      leading = false;
    }
    if (leading && i - lineStart > MAX_INDENT && char !== '\r') return i;
  }
  return undefined;
}
