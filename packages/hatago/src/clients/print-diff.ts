import { coloursFor } from '../colours.ts';
import { clean, tell } from '../output.ts';
import { diffLines } from './diff-lines.ts';

const SIGNS = { same: ' ', added: '+', removed: '-' } as const;

/** Shows on stderr how a file is to change. */
export function printDiff(file: string, before: string, after: string): void {
  const on = coloursFor(process.stderr);
  const paint = { same: on.dim, added: on.green, removed: on.red } as const;
  tell(on.bold(clean(file)));
  for (const { kind, text } of diffLines(before, after)) tell(paint[kind](`${SIGNS[kind]} ${clean(text)}`));
}
