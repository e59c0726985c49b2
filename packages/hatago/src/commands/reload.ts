import type { ApplyResult } from '@hatago/hub/control/control-plane.ts';
import { printApplied } from '../control/print-applied.ts';
import { type HubOptions, requireHub } from '../control/require-hub.ts';
import { withProgress } from '../progress.ts';

/** Options of `hatago reload`. */
export interface ReloadOptions extends HubOptions {
  readonly dryRun?: boolean;
}

/** Has the running hub read its configuration again, and prints what changed, or would. */
export async function reload(options: ReloadOptions): Promise<void> {
  const hub = requireHub(options);
  const asked = { dryRun: options.dryRun === true };
  const result = await withProgress('the hub builds it', () => hub.post<ApplyResult>('/reload', asked));
  printApplied(result, options);
}
