import type { Command } from 'commander';
import { command, examples } from './command.ts';

/** Looking at and steering the hub that runs. */
export function addHubCommands(program: Command): void {
  addList(program);
}

function addList(program: Command): void {
  command(program, 'list', 'list the servers and their state')
    .alias('ls')
    .option('--tools', 'list the tools of every server')
    .addHelpText('after', examples('hatago list', 'hatago list --tools --json'))
    .action(async (_options, self: Command) => (await import('../commands/list.ts')).list(self.optsWithGlobals()));
}
