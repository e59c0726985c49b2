import type { GenerationRecord } from '@hatago/hub/control/control-plane.ts';
import { type HubOptions, requireHub } from '../control/require-hub.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';

/** Options of `hatago drain`. */
export interface DrainOptions extends HubOptions {
  /** In seconds. */
  readonly timeout?: number;
  readonly force?: boolean;
}

/** Ends a generation that is no longer active, once its sessions and calls have ended or the time is over. */
export async function drain(generation: string, options: DrainOptions): Promise<void> {
  const hub = requireHub(options);
  const path = `/generations/${encodeURIComponent(generation)}/drain`;
  const asked = {
    force: options.force === true,
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout * 1000 }),
  };
  const waiting = `what is under way on generation ${generation} comes to its end`;
  const record = await withProgress(waiting, () => hub.post<GenerationRecord>(path, asked));
  if (options.json) return printJson(record);
  const left = record.sessions + record.calls;
  print(
    record.state === 'retired'
      ? `Generation ${record.id} has ended.`
      : `Generation ${record.id} is ${record.state}: ${left} sessions and calls are still on it. --force ends them.`,
  );
}
