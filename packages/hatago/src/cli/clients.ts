import type { Command } from 'commander';
import { collect, command, examples } from './command.ts';

/** Taking over from clients what they have, and connecting them. */
export function addClientsCommands(program: Command): void {
  addImport(program);
  addConnect(program);
  addDisconnect(program);
}

function addImport(program: Command): void {
  command(program, 'import', 'take over the servers that installed clients have')
    .option('--from <client|file>', 'one client, or a file of one, instead of everything that is installed')
    .option('--all', 'take every server without asking, those of other projects and of shared files too')
    .option('-y, --yes', 'take what would be ticked, without asking')
    .option('--dry-run', 'show what would be taken, and change nothing')
    .option('--allow-env <names>', 'variables such as NODE_OPTIONS that a server may set nevertheless', collect, [])
    .option('--no-check', 'do not start the servers to see whether they work')
    .addHelpText(
      'after',
      examples(
        'hatago import',
        'hatago import --from cursor --yes',
        'hatago import --from ~/old/mcp.json --dry-run',
        'hatago import --all --json',
      ),
    )
    .action(async (_options, self: Command) =>
      (await import('../commands/import.ts')).importServers(self.optsWithGlobals()),
    );
}

function addConnect(program: Command): void {
  command(program, 'connect', "write the hub into a client's own file, or list the clients")
    .argument('[client]', 'such as claude-code, cursor or codex; without it, the clients are listed')
    .option('--project', "write to the project's file instead of the user's")
    .option('--stdio', 'the client starts a bridge to the hub (default, unless the hub is a service)')
    .option('--http', 'the client connects to the URL of the hub that runs now')
    .option('--file <path>', 'write to this file instead')
    .option('--name <name>', 'what the hub is called there (default: hatago)')
    .option('-y, --yes', 'write without asking')
    .option('--dry-run', 'show what would be written, and write nothing')
    .addHelpText(
      'after',
      examples(
        'hatago connect',
        'hatago connect claude-code',
        'hatago connect cursor --project --yes',
        'hatago connect codex --http --dry-run',
      ),
    )
    .action(async (client: string | undefined, _options, self: Command) =>
      (await import('../commands/connect.ts')).connect(client, self.optsWithGlobals()),
    );
}

function addDisconnect(program: Command): void {
  command(program, 'disconnect', "take the hub out of a client's file again")
    .argument('<client>', 'such as claude-code, cursor or codex')
    .option('--project', "only from the project's file")
    .option('--name <name>', 'what the hub is called there (default: hatago)')
    .option('-y, --yes', 'write without asking')
    .option('--dry-run', 'show what would be written, and write nothing')
    .addHelpText('after', examples('hatago disconnect claude-code', 'hatago disconnect cursor --project --yes'))
    .action(async (client: string, _options, self: Command) =>
      (await import('../commands/disconnect.ts')).disconnect(client, self.optsWithGlobals()),
    );
}
