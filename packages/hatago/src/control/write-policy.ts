import { writeConfig } from '@hatago/hub/control/write-config.ts';
import type { PolicyRules } from '@hatago/hub/middleware/policy-decision.ts';
import { loadContext } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { notWritten } from './not-written.ts';
import type { HubOptions } from './require-hub.ts';

/** Writes members of the policy into the configuration file, and returns its path. */
export function writePolicy(changed: Partial<PolicyRules>, options: HubOptions): string {
  const { file } = loadContext(options);
  if (file === undefined) {
    throw new CliError('there is no configuration to write into; `hatago init` writes one', EXIT.notFound);
  }
  const edits = Object.entries(changed).map(([name, value]) => ({ path: ['policy', name], value }));
  const written = writeConfig(file, edits);
  if (!written.ok) throw notWritten(written.error);
  return file;
}
