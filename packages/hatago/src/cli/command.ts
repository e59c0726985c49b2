import { type Command, InvalidArgumentError } from 'commander';

/** The examples at the end of a command's help. */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

/** Gathers an option that may be repeated or hold several values with commas between. */
export const collect = (value: string, before: string[]): string[] => [
  ...before,
  ...value.split(',').filter((t) => t !== ''),
];

/** A number of milliseconds, or a port: whole and not negative. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

/** A word that is one: a variable that a script forgot to set is none. */
export function notEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.');
  return value;
}

/** A command with the program's global options at hand wherever they were written. */
export function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <path>', 'configuration file')
    .option('--profile <name>', 'profile laid over the configuration')
    .option('--json', 'print JSON for programs')
    .exitOverride()
    .showHelpAfterError('(run with --help for the options and examples)');
}
