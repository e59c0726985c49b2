import { type Command, Option } from 'commander';
import type { Words } from '../add/target.ts';
import { collect, command, wholeNumber } from './command.ts';

/** A command that takes what describes a server. */
export function addAdd(parent: Command, name: string, description: string): Command {
  return withServerOptions(command(parent, name, description))
    .option('-y, --yes', 'do not ask, for scripts')
    .option('-f, --force', 'add it even where it does not work, or is there already under another id');
}

/** The options by which a server is described. */
export function withServerOptions(self: Command): Command {
  return self
    .addOption(
      new Option('-t, --transport <kind>', 'how a URL is reached (default: found out)').choices([
        'http',
        'sse',
        'ws',
        'stdio',
      ]),
    )
    .option('-H, --header <header>', '"Name: value" sent to a remote server; may be repeated', append, [])
    .addOption(new Option('--auth <kind>', 'how a remote server is signed in to').choices(['bearer', 'none']))
    .option('--secret <secret>', 'name of the secret that holds the bearer token (default: it is asked for)')
    .option('-e, --env <variable>', 'NAME=value for a command or package; may be repeated', append, [])
    .option('--tags <tags>', 'tags to choose it by, comma separated', collect, [])
    .option('-V, --package-version <version>', 'version, range or tag of the package (default: the newest)')
    .option('-a, --args <argument...>', 'arguments for the command of a package', append, [])
    .option('--no-auto-restart', 'leave it stopped when it ends by itself')
    .option('--max-restarts <n>', 'start it again at most so often in a row (default: 5)', wholeNumber)
    .option(
      '--timeout <ms>',
      'give up the test after so many milliseconds (default: 180000, remote 30000)',
      wholeNumber,
    );
}

/** Gathers an option that may be repeated. */
export const append = (value: string, before: string[]): string[] => [...before, value];

/** The operands of a command, with those after `--` apart. */
export async function wordsOf(self: Command): Promise<Words> {
  const { splitWords } = await import('../add/target.ts');
  let root = self;
  while (root.parent !== null) root = root.parent;
  return splitWords(self.args, (root as Command & { readonly rawArgs: readonly string[] }).rawArgs);
}
