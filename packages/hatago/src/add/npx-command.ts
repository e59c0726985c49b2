import { npxPackageOf } from '@hatago/hub/upstream/npx.ts';

/** Where a command line that runs a package of npm names that package. */
export interface NpxPackage {
  /** As it stands there, e.g. `@scope/name@1.2.3`. */
  readonly spec: string;
  /** The arguments that follow the package. */
  readonly rest: readonly string[];
  /** The arguments with the package replaced, and told not to ask before it is installed. */
  withSpec(spec: string): string[];
}

/** The package that `npx …` or `npm exec …` runs, or undefined where the command runs none. */
export function packageOfCommand(command: string, args: readonly string[]): NpxPackage | undefined {
  const found = npxPackageOf(command, args);
  if (found === undefined) return undefined;
  const { spec, at } = found;
  const prefix = (args[at] as string).slice(0, -spec.length || undefined);
  return {
    spec,
    rest: args.slice(at + 1),
    withSpec(next) {
      const changed = args.map((arg, i) => (i === at ? `${prefix}${next}` : arg));
      if (changed.slice(0, at + 1).some((arg) => arg === '-y' || arg === '--yes')) return changed;
      const verb = changed[0] === 'exec' || changed[0] === 'x' ? 1 : 0;
      return [...changed.slice(0, verb), '-y', ...changed.slice(verb)];
    },
  };
}
