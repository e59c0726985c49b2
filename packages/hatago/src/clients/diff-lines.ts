/** One line of a difference. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Credentials that give themselves away by how they begin. */
const TOKEN = /\b(?:sk|pk|gh[pousr]|github_pat|glpat|xox[abprs]|ya29|AKIA|eyJ)[-_.]?[\w.-]{12,}/g;
const AROUND = 2;
const LONGEST = 160;

/** The lines that differ, with two unchanged ones around each place; values that look secret are hidden. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = split(before);
  const now = split(after);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (
    end < old.length - start &&
    end < now.length - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  ) {
    end++;
  }
  const line =
    (kind: DiffLine['kind']) =>
    (text: string): DiffLine => ({ kind, text: shorten(hideSecrets(text)) });
  return [
    ...old.slice(Math.max(0, start - AROUND), start).map(line('same')),
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end), line),
    ...old.slice(old.length - end, old.length - end + AROUND).map(line('same')),
  ];
}

/** Lines that stay in the middle of a change: what is only added shows as added alone. */
function middle(
  old: readonly string[],
  now: readonly string[],
  line: (kind: DiffLine['kind']) => (text: string) => DiffLine,
): DiffLine[] {
  const lines: DiffLine[] = [];
  let from = 0;
  for (const text of old) {
    const at = now.indexOf(text, from);
    if (at < 0) lines.push(line('removed')(text));
    else {
      lines.push(...now.slice(from, at).map(line('added')), line('same')(text));
      from = at + 1;
    }
  }
  return [...lines, ...now.slice(from).map(line('added'))];
}

const split = (text: string): string[] => {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

const NAMED =
  /(["']?[\w.-]*(?:token|key|secret|passw|credential|authoriz)[\w.-]*["']?\s*[:=]\s*)("(?:\\.|[^"\\])*"|'[^']*'|[^\s"'{[,][^\s,]*)/gi;

/** A line without the values that stand under names such as `API_KEY`, or look like credentials themselves. */
export function hideSecrets(line: string): string {
  return line.replace(TOKEN, '•••').replace(NAMED, (_, name: string, value: string) => {
    const quote = /^["']/.exec(value)?.[0] ?? '';
    return `${name}${quote}•••${quote}`;
  });
}

const shorten = (line: string): string => (line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line);
