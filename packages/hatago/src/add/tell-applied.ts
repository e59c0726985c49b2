import { EXIT } from '../exit.ts';
import { print } from '../output.ts';
import type { Applied } from './apply-to-hub.ts';

/** Tells what the running hub made of a change. */
export function tellApplied(id: string, applied: Applied | undefined): void {
  if (applied === undefined) return print('No hub is running here; `hatago serve` starts one.');
  if (applied.outcome === 'failed') {
    process.exitCode = EXIT.failure;
    return print(`The running hub refuses the configuration and goes on as before:\n${applied.errors.join('\n')}`);
  }
  const state = applied.readiness?.state ?? 'removed';
  print(`The running hub has it as generation ${applied.generation}: ${id} is ${state}.`);
}
