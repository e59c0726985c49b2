/** Characters that are not seen, move the cursor or turn the direction of what follows: those an attack hides behind. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0]/gu;

/** A text with every character that could deceive the eye written as its code, `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** A command line as it can be read and, but for escaped characters, typed: every argument in full, its ends to be seen. */
export function visibleCommand(parts: readonly string[]): string {
  return parts
    .map(visible)
    .map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}
