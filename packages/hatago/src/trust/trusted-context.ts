import { existsSync } from 'node:fs';
import { loadTrusted, type TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import { type GlobalOptions, locateConfig, readOptionsOf } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';

/** The configuration in use, its secrets read and its unapproved servers blocked; undefined where there is none. */
export function loadTrustedContext(options: GlobalOptions): TrustedConfig | undefined {
  const file = locateConfig(options);
  if (file === undefined) return undefined;
  const loaded = loadTrusted(file, process.env, readOptionsOf(options));
  if (!loaded.ok) throw new CliError(loaded.error.join('\n'), existsSync(file) ? EXIT.usage : EXIT.notFound);
  return loaded.value;
}
