import { Argument, type Command, Option } from 'commander';
import { command, examples, notEmpty } from './command.ts';

/** Which tools may be called, and by whom. */
export function addPolicy(program: Command): void {
  const policy = command(program, 'policy', 'which tools may be called, and by whom')
    .addOption(new Option('--stats').hideHelp())
    .addOption(new Option('--dry-run').hideHelp())
    .addHelpText(
      'after',
      examples('hatago policy', 'hatago policy deny "fs_write*"', 'hatago policy test fs_write_file --principal local'),
    )
    .action(async (_options, self: Command) => {
      const { stats, dryRun, ...options } = self.optsWithGlobals<{ stats?: true; dryRun?: true }>();
      const commands = await import('../commands/policy.ts');
      if (stats) await commands.policyStats(options);
      else if (dryRun) await commands.changePolicy({ kind: 'dryRun', value: true }, options);
      else await commands.showPolicy(options);
    });
  command(policy, 'show', 'show the rules in effect')
    .addHelpText('after', examples('hatago policy show --json'))
    .action(async (_options, self: Command) =>
      (await import('../commands/policy.ts')).showPolicy(self.optsWithGlobals()),
    );
  command(policy, 'stats', 'show what was decided since the configuration last changed')
    .addHelpText('after', examples('hatago policy stats'))
    .action(async (_options, self: Command) =>
      (await import('../commands/policy.ts')).policyStats(self.optsWithGlobals()),
    );
  command(policy, 'test', 'say what is decided of a tool, and by which rule')
    .argument('<tool>', 'public name of the tool')
    .option('--principal <id>', 'who calls it (default: local)')
    .addHelpText(
      'after',
      examples('hatago policy test fs_write_file', 'hatago policy test fs_read --principal bob --json'),
    )
    .action(async (tool: string, _options, self: Command) =>
      (await import('../commands/policy.ts')).testPolicy(tool, self.optsWithGlobals()),
    );
  addChanges(policy);
}

function addChanges(policy: Command): void {
  for (const [verb, value] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    command(policy, verb, `${verb} the policy`)
      .addHelpText('after', examples(`hatago policy ${verb}`))
      .action(async (_options, self: Command) =>
        (await import('../commands/policy.ts')).changePolicy({ kind: 'enabled', value }, self.optsWithGlobals()),
      );
  }
  command(policy, 'dry-run', 'log what would be denied, and deny nothing')
    .addArgument(new Argument('<state>', 'on or off').choices(['on', 'off']))
    .addHelpText('after', examples('hatago policy dry-run on'))
    .action(async (state: string, _options, self: Command) =>
      (await import('../commands/policy.ts')).changePolicy(
        { kind: 'dryRun', value: state === 'on' },
        self.optsWithGlobals(),
      ),
    );
  for (const effect of ['allow', 'deny'] as const) {
    command(policy, effect, `${effect} the tools that match a pattern, ahead of every other rule`)
      .argument('<pattern>', 'public name of a tool; * stands for any text, ? for one character', notEmpty)
      .option('--principal <pattern>', 'only for these callers (default: *)')
      .addHelpText(
        'after',
        examples(`hatago policy ${effect} "fs_write*"`, `hatago policy ${effect} github_* --principal bob`),
      )
      .action(async (tool: string, _options, self: Command) => {
        const { principal = '*', ...options } = self.optsWithGlobals<{ principal?: string }>();
        const { changePolicy } = await import('../commands/policy.ts');
        await changePolicy({ kind: 'rule', effect, tool, principal }, options);
      });
  }
}
