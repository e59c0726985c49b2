import type { Command } from 'commander';
import { command, examples } from './command.ts';

/** Making and changing a configuration. */
export function addConfigCommands(program: Command): void {
  addInit(program);
}

function addInit(program: Command): void {
  command(program, 'init', 'write a configuration to start from, and show how to connect clients')
    .option('-f, --force', 'overwrite an existing configuration')
    .option('--from <file>', 'take the servers of an existing .mcp.json, mcp.json or hatago.config.json')
    .option('-o, --output <path>', 'where to write (default: .hatago/config.jsonc)')
    .addHelpText(
      'after',
      examples('hatago init', 'hatago init --from .mcp.json', 'hatago init -o hatago.config.jsonc --force'),
    )
    .action(async (_options, self: Command) => (await import('../commands/init.ts')).init(self.optsWithGlobals()));
}
