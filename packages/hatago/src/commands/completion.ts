import type { Command } from 'commander';
import { toBash } from '../completion/bash.ts';
import { toFish } from '../completion/fish.ts';
import { toTree } from '../completion/tree.ts';
import { toZsh } from '../completion/zsh.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { printJson } from '../output.ts';

const SHELLS = { bash: toBash, zsh: toZsh, fish: toFish } as const;

/** Prints the completion script of a shell, made from the tree of commands. */
export async function completion(shell: string, program: Command, options: GlobalOptions): Promise<void> {
  const tree = toTree(program);
  if (!Object.hasOwn(SHELLS, shell)) {
    throw new CliError(
      `there is completion for ${Object.keys(SHELLS).join(', ')}, not for ${JSON.stringify(shell)}`,
      EXIT.usage,
    );
  }
  const script = SHELLS[shell as keyof typeof SHELLS](tree);
  if (options.json) return printJson({ shell, script });
  process.stdout.write(script);
}
