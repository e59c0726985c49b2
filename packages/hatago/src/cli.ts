import { CommanderError } from 'commander';
import { buildProgram } from './cli/program.ts';
import { EXIT } from './exit.ts';
import { reportFailure, surviveLostReaders } from './report-failure.ts';

surviveLostReaders();
buildProgram(process.argv.slice(2))
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = error instanceof CommanderError ? exitOf(error) : reportFailure(error);
  });

const exitOf = ({ exitCode }: CommanderError): number => (exitCode === 0 ? EXIT.ok : EXIT.usage);
