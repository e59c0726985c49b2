import { isDeepStrictEqual } from 'node:util';
import { packageOfCommand } from './npx-command.ts';
import { parsePackageSpec } from './package-spec.ts';

/** Whether two entries are one server: the same address, or the same command line, the version of a package apart. */
export function isSame(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  if (a['url'] !== undefined || b['url'] !== undefined)
    return a['url'] === b['url'] && isDeepStrictEqual(a['headers'], b['headers']);
  return isDeepStrictEqual(lineOf(a), lineOf(b)) && isDeepStrictEqual(a['env'], b['env']);
}

function lineOf(entry: Readonly<Record<string, unknown>>): readonly string[] {
  const { command = '', args = [] } = entry as { command?: string; args?: string[] };
  const found = packageOfCommand(command, args);
  const spec = found === undefined ? undefined : parsePackageSpec(found.spec);
  return found !== undefined && spec?.ok ? ['npx', ...found.withSpec(spec.value.name)] : [command, ...args];
}
