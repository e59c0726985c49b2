import { Command, CommanderError, Option } from 'commander';
import { addCallCommands } from './cli/call.ts';
import { addClientsCommands } from './cli/clients.ts';
import { examples } from './cli/command.ts';
import { addConfigCommands } from './cli/config.ts';
import { addHubCommands } from './cli/hub.ts';
import { addSecretsCommands } from './cli/secrets.ts';
import { addServeCommands } from './cli/serve.ts';
import { addServersCommands } from './cli/servers.ts';
import { type CliError, EXIT } from './exit.ts';
import { VERSION } from './version.ts';

const GROUPS = [
  addServeCommands,
  addConfigCommands,
  addServersCommands,
  addClientsCommands,
  addHubCommands,
  addCallCommands,
  addSecretsCommands,
];

function build(): Command {
  const program = new Command('hatago')
    .description('Every MCP server behind one endpoint, for every MCP client.')
    .version(VERSION, '--version', 'print the version')
    .option('-c, --config <path>', 'configuration file (default: searched from here, then ~/.hatago)')
    .option('--profile <name>', 'profile laid over the configuration')
    .option('--json', 'print JSON for programs')
    .option('-v, --verbose', 'log more')
    .option('-q, --quiet', 'log errors only')
    .addOption(
      new Option('--log-level <level>', 'least severe log line').choices(['debug', 'info', 'warn', 'error', 'silent']),
    )
    .showHelpAfterError('(run with --help for the options and examples)')
    .exitOverride()
    .addHelpText(
      'after',
      examples('hatago init', 'hatago serve --http', 'hatago call everything_echo -i \'{"message":"hi"}\''),
    );
  for (const add of GROUPS) add(program);
  return program;
}

// A reader that goes away, such as `head`, is no failure of the hub.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

build()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = report(error);
  });

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Error && error.name === 'CliError') {
    process.stderr.write(`hatago: ${error.message}\n`);
    return (error as CliError).exit;
  }
  process.stderr.write(`hatago: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failure;
}
