import { join } from 'node:path';
import { findConfig, homeOf } from '@hatago/hub/control/find-config.ts';
import { CliError, EXIT } from '../exit.ts';
import { type ControlClient, connectControl } from './client.ts';

/** The options by which a command finds the hub it is meant for. */
export interface HubOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** The state directory of the configuration the options mean. */
export function homeFor({ config }: HubOptions): string {
  const cwd = process.cwd();
  const file = findConfig({ cwd, env: process.env, ...(config === undefined ? {} : { file: config }) });
  return homeOf(file ?? join(cwd, 'hatago.config.jsonc'), process.env);
}

/** The hub that runs for the configuration; undefined when none does. */
export function findHub(options: HubOptions): ControlClient | undefined {
  return connectControl(homeFor(options));
}

/** The hub that runs for the configuration. @throws CliError with exit code 3 when none does */
export function requireHub(options: HubOptions): ControlClient {
  const hub = findHub(options);
  if (hub !== undefined) return hub;
  throw new CliError('no hub is running here; start one with `hatago serve`', EXIT.noHub);
}
