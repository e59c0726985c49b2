import { serve } from './commands/serve.ts';
import { reportFailure, surviveLostReaders } from './report-failure.ts';
import type { ServeOptions } from './serving/options.ts';

/** Serves until the hub ends; a failure is told in words and becomes the exit code. */
export async function runServe(options: ServeOptions): Promise<void> {
  surviveLostReaders();
  try {
    await serve(options);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}
