import type { Command } from 'commander';
import { command, examples } from './command.ts';
import { addCompletionCommands } from './completion.ts';
import { addFamilies } from './families.ts';
import { addAdd, append, withServerOptions, wordsOf } from './server-options.ts';

/** Adding, changing and checking servers. */
export function addServersCommands(program: Command): void {
  addAdd(program, 'add', 'add a server: a URL, an npm package, or a command after --')
    .argument('[words...]', '<url|package>, <id> <url|package>, or [id] -- and a command')
    .option('-i, --id <name>', 'what it is called here (default: made of the URL, package or command)')
    .addHelpText(
      'after',
      examples(
        'hatago add @modelcontextprotocol/server-everything',
        'hatago add wiki https://mcp.deepwiki.com/mcp',
        'hatago add files @modelcontextprotocol/server-filesystem --args ~/notes',
        'hatago add notes -- node ./notes-server.js --read-only',
        'hatago add https://api.example.com/mcp --auth bearer --secret EXAMPLE_TOKEN --tags work',
      ),
    )
    .action(async (_words, _options, self: Command) =>
      (await import('../commands/add.ts')).add(await wordsOf(self), self.optsWithGlobals()),
    );
  addRm(program);
  addUpdate(program);
  addFamilies(program);
  addDoctor(program);
  addCompletionCommands(program);
}

function addRm(program: Command): void {
  command(program, 'rm', 'remove a server from the configuration, and stop it')
    .alias('remove')
    .argument('<id>', 'a server of the configuration')
    .option('--keep-credentials', 'keep the secrets that were stored for it')
    .addHelpText('after', examples('hatago rm wiki', 'hatago rm wiki --keep-credentials --json'))
    .action(async (id: string, _options, self: Command) =>
      (await import('../commands/rm.ts')).rm(id, self.optsWithGlobals()),
    );
}

function addUpdate(program: Command): void {
  withServerOptions(command(program, 'update', 'change a server, or bring its package to the newest version'))
    .argument('<id>', 'a server of the configuration')
    .argument('[words...]', 'a URL, a package, or -- and a command, to take the place of what it is')
    .option('--unset <name>', 'take a header or a variable away; may be repeated', append, [])
    .option('-y, --yes', 'do not ask, for scripts')
    .option('-f, --force', 'change it even where it does not work then')
    .addHelpText(
      'after',
      examples(
        'hatago update everything',
        'hatago update everything --package-version 2026.8.31',
        'hatago update wiki https://mcp.deepwiki.com/mcp --tags docs',
        'hatago update files --env LOG=debug --unset OLD_VARIABLE --max-restarts 10',
      ),
    )
    .action(async (_id, _words, _options, self: Command) =>
      (await import('../commands/update.ts')).update(await wordsOf(self), self.optsWithGlobals()),
    );
}

function addDoctor(program: Command): void {
  command(program, 'doctor', 'check everything: what is wrong, why, and what mends it')
    .option('--fix', 'mend what can be mended without harm')
    .option('--crypto', 'check the encryption of the secrets too, with each of them')
    .option('--no-start', 'do not start servers that are not running to check them')
    .addHelpText('after', examples('hatago doctor', 'hatago doctor --fix', 'hatago doctor --json'))
    .action(async (_options, self: Command) => (await import('../commands/doctor.ts')).doctor(self.optsWithGlobals()));
}
