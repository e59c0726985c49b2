import { isAbsolute, relative } from 'node:path';
import { findConfig } from '@hatago/hub/control/find-config.ts';
import type { Client, ClientFile, Launch } from './client.ts';

/** This program, as another one can start it. */
export interface Program {
  /** The script that was started. */
  readonly script: string;
  /** The interpreter that runs it. */
  readonly node: string;
  readonly version: string;
  readonly platform: NodeJS.Platform;
  /** The folder of the project. */
  readonly cwd: string;
}

/** The configuration a client is to use. */
export interface ChosenConfig {
  readonly file: string;
  /** The user named it, so what it runs is their own act; one that was found is asked about. */
  readonly isNamed: boolean;
}

/** What a client is told to start: a bridge to the hub of this configuration, which starts the hub where none runs. */
export function stdioLaunch(program: Program, config: ChosenConfig, client: Client, file: ClientFile): Launch {
  const serve = ['serve', '--stdio'];
  // A file that others check out must not name a place on this machine.
  if (file.scope === 'project')
    return npx(program, 'hatago', [...serve, ...inProject(config.file, client, program.cwd)]);
  const args = [...serve, config.isNamed ? '--config' : '--found-config', config.file];
  // What npx fetched is swept some day.
  if (/[\\/]_npx[\\/]/.test(program.script)) return npx(program, `hatago@${program.version}`, args);
  return { kind: 'stdio', command: program.node, args: [program.script, ...args] };
}

function npx(program: Program, name: string, args: readonly string[]): Launch {
  const words = ['npx', '-y', name, ...args];
  // On Windows npx is a script, which programs cannot start without a shell.
  const [command = 'npx', ...rest] = program.platform === 'win32' ? ['cmd', '/c', ...words] : words;
  return { kind: 'stdio', command, args: rest };
}

/**
 * How the configuration is told to everyone who has the project: not at all where the hub finds it by itself, and never
 * named, for that would count as the act of all of them and its servers as approved.
 */
function inProject(config: string, client: Client, folder: string): readonly string[] {
  const path = relative(folder, config).replaceAll('\\', '/');
  if (path === '' || path.startsWith('..') || isAbsolute(path)) return ['--found-config', config];
  if (client.projectFolder !== undefined) return ['--found-config', `${client.projectFolder}/${path}`];
  const found = findConfig({ cwd: folder, env: {} });
  return found === config ? [] : ['--found-config', path];
}
