import { CommanderError } from 'commander';
import { buildProgram } from './cli/program.ts';
import { type CliError, EXIT } from './exit.ts';

// A reader that goes away, such as `head`, is no failure of the hub.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

buildProgram(process.argv.slice(2))
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
