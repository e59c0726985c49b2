import { type CliError, EXIT } from './exit.ts';

/** Tells a failure on stderr and returns the exit code that goes with it. */
export function reportFailure(error: unknown): number {
  if (error instanceof Error && error.name === 'CliError') {
    process.stderr.write(`hatago: ${error.message}\n`);
    return (error as CliError).exit;
  }
  process.stderr.write(`hatago: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failure;
}

/** A reader that goes away, such as `head`, is no failure of ours. */
export function surviveLostReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
