import type { Command } from 'commander';
import { collect, command, examples, wholeNumber } from './command.ts';

/** Running the hub. */
export function addServeCommands(program: Command): void {
  addServe(program);
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
    .action(async (_options, self: Command) => (await import('../commands/serve.ts')).serve(self.optsWithGlobals()));
}
