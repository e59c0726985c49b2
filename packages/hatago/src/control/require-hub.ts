import { join } from 'node:path';
import { findConfig, homeOf } from '@hatago/hub/control/find-config.ts';
import { CliError, EXIT } from '../exit.ts';
import { findRunningHubs, type HubHome } from '../run-file.ts';
import { type ControlClient, connectControl } from './client.ts';

/** The options by which a command finds the hub it is meant for. */
export interface HubOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** The configuration file the options mean, and its state directory. */
export function hubHomeOf({ config }: HubOptions): HubHome {
  const cwd = process.cwd();
  const file = findConfig({ cwd, env: process.env, ...(config === undefined ? {} : { file: config }) });
  return { home: homeOf(file ?? join(cwd, 'hatago.config.jsonc'), process.env), file };
}

/** The hub that runs for the configuration; undefined when none does. */
export function findHub(options: HubOptions): ControlClient | undefined {
  return connectControl(hubHomeOf(options));
}

/** The hub that runs for the configuration. @throws CliError with exit code 3 when none does */
export function requireHub(options: HubOptions): ControlClient {
  const hub = findHub(options);
  if (hub !== undefined) return hub;
  throw noHub(hubHomeOf(options));
}

/** The failure of a command that needs a hub where none runs for its configuration, with those that run for others. */
export function noHub({ home, file }: HubHome, otherwise = ''): CliError {
  const others = findRunningHubs(home).flatMap(({ pid, config }) =>
    config === undefined ? [] : [`the hub that runs here (process ${pid}) serves ${config}; use --config ${config}`],
  );
  const start = `start one with \`hatago serve\`${otherwise}`;
  const [first] = others;
  if (first === undefined || file === undefined) return new CliError(`no hub is running here; ${start}`, EXIT.noHub);
  return new CliError([`no hub is running for ${file}; ${start}`, ...others].join('\n'), EXIT.noHub);
}
