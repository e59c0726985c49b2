import { isRunning } from '@hatago/hub/storage/process-identity.ts';
import { type HubOptions, requireHub } from '../control/require-hub.ts';
import { CliError } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';

/** Options of `hatago stop` without a server. */
export interface StopOptions extends HubOptions {
  /** How long to wait for its end, in seconds. @default 60 */
  readonly timeout?: number;
}

const POLL_MS = 20;

/** Ends the running hub: what is under way comes to its end first, then its servers and its process end. */
export async function stopHub(options: StopOptions): Promise<void> {
  const hub = requireHub(options);
  const { pid, start } = hub.run;
  const { timeout = 60 } = options;
  const ended = await withProgress('the hub finishes what is under way', async () => {
    await hub.post('/shutdown', {}, timeout * 1000);
    const until = performance.now() + timeout * 1000;
    while (isRunning({ pid, start }) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return !isRunning({ pid, start });
  });
  if (!ended) throw new CliError(`the hub (process ${pid}) was told to end and has not within ${timeout} s`);
  if (options.json) printJson({ stopped: pid });
  else print(`The hub (process ${pid}) has ended.`);
}
