import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { findConfig, homeOf } from '@hatago/hub/control/find-config.ts';
import { CliError, EXIT } from '../exit.ts';

/** What a system is told to run at login. */
export interface ServiceSpec {
  /** Of the service; a part of file names. */
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** State directory of the hub it runs. */
  readonly home: string;
}

/** The options that a service's hub is started with. */
export interface ServiceOptions {
  readonly name: string;
  readonly config?: string;
  readonly profile?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tags: readonly string[];
}

/** Where the command is run. */
export interface ServiceSurroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly node: string;
  /** The script of the command. */
  readonly script: string;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** What to run for these options; the configuration is the one that a hub started here would serve. */
export function toServiceSpec(options: ServiceOptions, { cwd, env, node, script }: ServiceSurroundings): ServiceSpec {
  const { name, config, profile, host, port, tags } = options;
  if (!NAME.test(name)) throw new CliError('--name takes lower-case letters, digits and hyphens', EXIT.usage);
  const file = findConfig({ cwd, env, ...(config === undefined ? {} : { file: config }) });
  if (file === undefined) {
    throw new CliError('there is no configuration to serve; write one with `hatago init`', EXIT.notFound);
  }
  const isNamed = config !== undefined || Boolean(env['HATAGO_CONFIG']);
  const command = [node, realpathSync(script), 'serve', '--http'];
  // A file that is found is not named: to name one is to vouch for the commands in it.
  if (isNamed) command.push('--config', file);
  if (profile !== undefined) command.push('--profile', profile);
  if (host !== undefined) command.push('--host', host);
  if (port !== undefined) command.push('--port', String(port));
  if (tags.length > 0) command.push('--tags', tags.join(','));
  const isInHome = dirname(file) === resolve(homedir(), '.hatago');
  const kept = ['PATH', 'HATAGO_HOME', 'HATAGO_PROFILE'].flatMap((key) => (env[key] ? [[key, env[key]]] : []));
  return {
    name,
    command,
    folder: isInHome ? homedir() : cwd,
    env: Object.fromEntries(kept) as Record<string, string>,
    home: homeOf(file, env),
  };
}

/** Whether the command would vanish with a cache. */
export function isFleeting({ command }: ServiceSpec): boolean {
  return command.some((part) => /[\\/]_npx[\\/]/.test(part));
}
