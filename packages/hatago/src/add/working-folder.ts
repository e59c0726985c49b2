import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';

/** Where a command line was written, and where its configuration stands. */
export interface Written {
  readonly cwd: string;
  /** The folder that relative working directories of the configuration start from. */
  readonly project: string;
}

/**
 * The working directory an entry needs because its command line names files by paths relative to where it was written: a
 * hub may be started anywhere. Undefined where it names none.
 */
export function workingFolder(entry: Readonly<Record<string, unknown>>, { cwd, project }: Written): string | undefined {
  const { command, args = [] } = entry as { command?: string; args?: readonly string[] };
  if (command === undefined) return undefined;
  const names = [...(/[\\/]/.test(command) ? [command] : []), ...args.filter((arg) => !arg.startsWith('-'))];
  if (!names.some((name) => name !== '' && !isAbsolute(name) && existsSync(resolve(cwd, name)))) return undefined;
  const path = relative(project, cwd).replaceAll('\\', '/');
  if (path === '') return '.';
  return path.startsWith('..') || isAbsolute(path) ? cwd : path;
}
