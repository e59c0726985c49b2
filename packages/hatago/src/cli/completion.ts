import { type Command, Option } from 'commander';
import { command, examples } from './command.ts';

/** Completion of command lines by a shell. */
export function addCompletionCommands(program: Command): void {
  command(program, 'completion', 'print the script by which a shell completes the command line')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      `${examples(
        'source <(hatago completion bash)     # in ~/.bashrc',
        'source <(hatago completion zsh)      # in ~/.zshrc, after compinit',
        'hatago completion fish | source      # in ~/.config/fish/config.fish',
      )}`,
    )
    .action(async (shell: string, _options, self: Command) =>
      (await import('../commands/completion.ts')).completion(shell, program, self.optsWithGlobals()),
    );
  // What the scripts ask while somebody types: ids and names, one a line.
  program
    .command('__complete', { hidden: true })
    .argument('<kind>')
    .addOption(new Option('-c, --config <path>').hideHelp())
    .exitOverride()
    .action(async (kind: string, _options, self: Command) =>
      (await import('../commands/complete.ts')).complete(kind, self.optsWithGlobals()),
    );
}
