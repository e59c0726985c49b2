import { loadTrusted } from '@hatago/hub/control/trust/load-trusted.ts';
import { CliError, EXIT } from '../exit.ts';
import { approveIds } from './ask-for-trust.ts';

/** Approves servers of a configuration file that a command of ours has just written on the user's word. */
export async function approve(file: string, ids: readonly string[]): Promise<void> {
  const loaded = loadTrusted(file, process.env);
  if (!loaded.ok) throw new CliError(loaded.error.join('\n'), EXIT.usage);
  await approveIds(loaded.value, ids);
}
