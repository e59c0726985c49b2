import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type CliError, EXIT } from './exit.ts';
import { VERSION } from './version.ts';

const examples = (...lines: string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
const collect = (value: string, before: string[]): string[] => [...before, ...value.split(',').filter((t) => t !== '')];

/** A number of milliseconds, or a port: whole and not negative. */
function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

function build(): Command {
  const program = new Command('hatago')
    .description('Every MCP server behind one endpoint, for every MCP client.')
    .version(VERSION, '--version', 'print the version')
    .option('-c, --config <path>', 'configuration file (default: searched from here, then ~/.hatago)')
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
  addServe(program);
  addInit(program);
  addList(program);
  addCall(program);
  addInspect(program);
  return program;
}

/** A command with the program's global options at hand wherever they were written. */
function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <path>', 'configuration file')
    .option('--json', 'print JSON for programs')
    .exitOverride()
    .showHelpAfterError('(run with --help for the options and examples)');
}

function addServe(program: Command): void {
  command(program, 'serve', 'run the hub (HTTP on a terminal, stdio on a pipe)')
    .alias('run')
    .option('--http', 'serve Streamable HTTP')
    .option('--stdio', 'serve one client over stdin and stdout')
    .option('-H, --host <host>', 'address to listen on (default: 127.0.0.1)')
    .option('-p, --port <port>', 'port to listen on, 0 for any (default: 3535)', wholeNumber)
    .option('--tags <tags>', 'only servers with one of these tags, comma separated', collect, [])
    .option('--demo', 'serve three npm servers to try the hub with')
    .option('--allow-unauthenticated-network', 'DANGEROUS: serve others than this machine without any authentication')
    .addHelpText(
      'after',
      examples(
        'hatago serve --http',
        'hatago serve --stdio --config .hatago/config.jsonc',
        'hatago serve --http --port 8080 --tags dev,docs',
      ),
    )
    .action(async (_options, self: Command) => (await import('./commands/serve.ts')).serve(self.optsWithGlobals()));
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
    .action(async (_options, self: Command) => (await import('./commands/init.ts')).init(self.optsWithGlobals()));
}

function addList(program: Command): void {
  command(program, 'list', 'list the servers and their state')
    .alias('ls')
    .option('--tools', 'list the tools of every server')
    .addHelpText('after', examples('hatago list', 'hatago list --tools --json'))
    .action(async (_options, self: Command) => (await import('./commands/list.ts')).list(self.optsWithGlobals()));
}

function addCall(program: Command): void {
  command(program, 'call', 'call a tool of the running hub, or of one started for the call')
    .argument('<tool>', 'public name of the tool, as `hatago list --tools` shows it')
    .option('-i, --input <json>', 'arguments as JSON')
    .option('-f, --file <path>', 'arguments from a JSON file, - for standard input')
    .option('--timeout <ms>', 'give up after so many milliseconds, 0 = never (default: 300000)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'hatago call everything_echo -i \'{"message":"hi"}\'',
        'hatago call fs_read_file -f args.json',
        'echo \'{"a":1}\' | hatago call math_add -f -',
        'hatago call github_search --json',
      ),
    )
    .action(async (tool: string, _options, self: Command) =>
      (await import('./commands/call.ts')).call(tool, self.optsWithGlobals()),
    );
}

function addInspect(program: Command): void {
  command(program, 'inspect', 'show what a server offers: era, capabilities, tools, schemas, findings')
    .argument('<target...>', 'a server id of the configuration, a URL, or -- and a command')
    .option('--timeout <ms>', 'give up after so many milliseconds (default: 30000)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'hatago inspect everything',
        'hatago inspect https://mcp.example.com/mcp --json',
        'hatago inspect -- npx -y @modelcontextprotocol/server-everything',
      ),
    )
    .action(async (target: string[], _options, self: Command) =>
      (await import('./commands/inspect.ts')).inspect(target, self.optsWithGlobals()),
    );
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
