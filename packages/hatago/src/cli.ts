import { CommanderError } from 'commander';
import { leaveCode } from '#loader';
import { buildProgram } from './cli/program.ts';
import { EXIT } from './exit.ts';
import { reportFailure, surviveLostReaders } from './report-failure.ts';

surviveLostReaders();
// Of the rest most commands compile so little that a hub would have to compile nearly all of it at every start.
process.once('exit', () => leaveCode(['main', 'start', 'cli', 'rolldown-runtime']));
buildProgram(process.argv.slice(2))
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = error instanceof CommanderError ? exitOf(error) : reportFailure(error);
  });

const exitOf = ({ exitCode }: CommanderError): number => (exitCode === 0 ? EXIT.ok : EXIT.usage);
