import { Command, Option } from 'commander';
import { VERSION } from '../version.ts';
import { addCallCommands } from './call.ts';
import { addClientsCommands } from './clients.ts';
import { examples } from './command.ts';
import { addConfigCommands } from './config.ts';
import { addHubCommands } from './hub.ts';
import { addSecretsCommands } from './secrets.ts';
import { addServeCommands } from './serve.ts';
import { addServersCommands } from './servers.ts';

/** The commands by the files that describe them: a command line needs only those it may mean. */
const GROUPS: readonly { readonly add: (program: Command) => void; readonly names: readonly string[] }[] = [
  { add: addServeCommands, names: ['serve', 'run', 'service'] },
  { add: addConfigCommands, names: ['init', 'migrate', 'config'] },
  {
    add: addServersCommands,
    names: ['add', 'rm', 'remove', 'update', 'npx', 'remote', 'mcp', 'doctor', 'completion', '__complete'],
  },
  { add: addClientsCommands, names: ['import', 'connect', 'disconnect'] },
  {
    add: addHubCommands,
    names: [
      ...['list', 'ls', 'status', 'reload', 'apply', 'drain', 'generations', 'session', 'policy'],
      ...['start', 'restart', 'stop', 'test', 'logs', 'graph'],
    ],
  },
  { add: addCallCommands, names: ['call', 'inspect'] },
  { add: addSecretsCommands, names: ['secret', 'trust'] },
];
/** These look at the commands themselves, so they need all of them. */
const ABOUT_ALL: ReadonlySet<string> = new Set(['help', 'completion', '__complete']);

/**
 * The tree of commands, each loaded when it is run; of the arguments of a command line only the part they may mean is
 * built. Without arguments, or with none that names a command, it is the whole tree.
 */
export function buildProgram(args: readonly string[] = []): Command {
  const program = buildRoot();
  for (const { add } of groupsFor(args)) add(program);
  return program;
}

function groupsFor(args: readonly string[]): typeof GROUPS {
  if (args.some((arg) => ABOUT_ALL.has(arg))) return GROUPS;
  const meant = GROUPS.filter(({ names }) => names.some((name) => args.includes(name)));
  return meant.length === 0 ? GROUPS : meant;
}

function buildRoot(): Command {
  return new Command('hatago')
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
}
