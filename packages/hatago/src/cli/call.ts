import type { Command } from 'commander';
import { command, examples, wholeNumber } from './command.ts';
import { wordsOf } from './server-options.ts';

/** Using tools, and looking into servers. */
export function addCallCommands(program: Command): void {
  addCall(program);
  addInspect(program);
}

function addCall(program: Command): void {
  command(program, 'call', 'call a tool of the running hub, or of one started for the call')
    .argument('<tool>', 'public name of the tool, as `hatago list --tools` shows it')
    .argument('[input]', '- for arguments from standard input')
    .option('-i, --input <json>', 'arguments as JSON')
    .option('-f, --file <path>', 'arguments from a JSON file, - for standard input')
    .option('--timeout <ms>', 'give up after so many milliseconds, 0 = never (default: 300000)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'hatago call everything_echo -i \'{"message":"hi"}\'',
        'hatago call fs_read_file -f args.json',
        'echo \'{"a":1}\' | hatago call math_add -',
        'hatago call github_search --json',
      ),
    )
    .action(async (tool: string, input: string | undefined, _options, self: Command) =>
      (await import('../commands/call.ts')).call(tool, input, self.optsWithGlobals()),
    );
}

function addInspect(program: Command): void {
  command(
    program,
    'inspect',
    'show what a server, or the running hub, offers: era, capabilities, tools, schemas, findings',
  )
    .argument('[target...]', 'a server id of the configuration, a URL, or -- and a command (default: the running hub)')
    .option('--ui', 'open the running hub, or a URL, in the MCP Inspector')
    .option('--timeout <ms>', 'give up after so many milliseconds (default: 30000)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'hatago inspect everything',
        'hatago inspect --ui',
        'hatago inspect https://mcp.example.com/mcp --json',
        'hatago inspect -- npx -y @modelcontextprotocol/server-everything',
      ),
    )
    .action(async (_target: string[], _options, self: Command) =>
      (await import('../commands/inspect.ts')).inspect(await wordsOf(self), self.optsWithGlobals()),
    );
}
