import type { ApplyResult } from '@hatago/hub/control/control-plane.ts';
import { EXIT } from '../exit.ts';
import { print, printJson, tell } from '../output.ts';
import { diffLines } from './diff-lines.ts';
import type { HubOptions } from './require-hub.ts';

/** Prints what came of a change of the configuration; exit code 1 where it was refused. */
export function printApplied(result: ApplyResult, { json }: HubOptions): void {
  if (result.outcome === 'failed') process.exitCode = EXIT.failure;
  if (json) return printJson(result);
  for (const warning of result.warnings) tell(`warning: ${warning}`);
  const { outcome, generation, errors, diff } = result;
  if (outcome === 'failed') {
    for (const error of errors) tell(error);
    return tell(`hatago: the configuration is refused; generation ${generation} goes on unchanged`);
  }
  const lines = diffLines(diff);
  for (const line of lines) print(line);
  if (outcome === 'unchanged' || lines.length === 0) print(`Nothing changed; generation ${generation} goes on.`);
  else if (outcome === 'dry-run') print(`This is what would change; generation ${generation} goes on as it is.`);
  else print(`Generation ${generation} is active.`);
}
