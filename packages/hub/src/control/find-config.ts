import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a configuration is looked for, first hit wins. */
export interface ConfigSearch {
  readonly cwd: string;
  readonly env: Environment;
  /** A path given by the user; then nothing else is looked at. */
  readonly file?: string;
}

const ENDINGS = ['.jsonc', '.json', '.yaml', '.yml'];
const NAMES = ['hatago.config', '.hatago', join('.hatago', 'config')];

/** The path of the configuration to use; undefined when there is none. */
export function findConfig({ cwd, env, file }: ConfigSearch): string | undefined {
  const given = file ?? env['HATAGO_CONFIG'];
  if (given !== undefined && given !== '') return resolve(cwd, given);
  const near = NAMES.flatMap((name) => ENDINGS.map((ending) => join(cwd, `${name}${ending}`)));
  const inHome = ENDINGS.map((ending) => join(homedir(), '.hatago', `config${ending}`));
  return [...near, ...inHome].find((path) => existsSync(path));
}

/** The state directory that belongs to a configuration file: `HATAGO_HOME`, else `.hatago` beside it. */
export function homeOf(file: string, env: Environment): string {
  const given = env['HATAGO_HOME'];
  return given !== undefined && given !== '' ? resolve(given) : folderOf(file);
}

/** The `.hatago` folder of a configuration file: the one it stands in, or the one beside it. */
export function folderOf(file: string): string {
  const folder = dirname(resolve(file));
  return folder.endsWith('.hatago') ? folder : join(folder, '.hatago');
}

/** What relative paths of servers start from: the folder of the file, or that of the `.hatago` it stands in. */
export function projectOf(file: string): string {
  const folder = dirname(resolve(file));
  const inside = /^(.*?)[\\/]\.hatago([\\/]profiles)?$/.exec(folder);
  return inside === null ? folder : inside[1] || folder;
}

/** Whether a file is the user's own by its place: in their home directory itself, or in `.hatago` there. */
export function isOwnFile(file: string): boolean {
  const folder = dirname(resolve(file));
  const own = join(homedir(), '.hatago');
  return folder === homedir() || folder === own || folder.startsWith(join(own, '/'));
}
