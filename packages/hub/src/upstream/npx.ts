import { err, ok, type Result } from '@hatago/protocol';
import { programOf } from './runtimes.ts';

/** What a command line has npm's runner fetch and run. */
export interface NpxCommand {
  /** As it is written: a name with or without a version, or another kind of source. */
  readonly spec: string;
  /** Where it stands among the arguments. */
  readonly at: number;
}

/** Flags of npx that take the next argument as their value. */
const WITH_VALUE = new Set(['-c', '--call', '-w', '--workspace', '--registry', '--cache', '--prefix', '--loglevel']);
const PACKAGE_FLAGS = new Set(['-p', '--package']);

/** Whether a command line is npm's runner, which goes by what lies in and above the folder it runs in. */
export function runsNpx(command: string, args: readonly string[]): boolean {
  const program = programOf(command);
  return program === 'npx' || (program === 'npm' && (args[0] === 'exec' || args[0] === 'x'));
}

/** The package that a command line runs by npx (or `npm exec`); undefined when it runs none. */
export function npxPackageOf(command: string, args: readonly string[]): NpxCommand | undefined {
  if (!runsNpx(command, args)) return undefined;
  for (let at = programOf(command) === 'npm' ? 1 : 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (PACKAGE_FLAGS.has(arg)) return atIndex(args, at + 1);
    if (arg.startsWith('--package=')) return { spec: arg.slice('--package='.length), at };
    if (arg === '--') return atIndex(args, at + 1);
    if (WITH_VALUE.has(arg)) at++;
    else if (!arg.startsWith('-')) return { spec: arg, at };
  }
  return undefined;
}

function atIndex(args: readonly string[], at: number): NpxCommand | undefined {
  const spec = args[at];
  return spec === undefined ? undefined : { spec, at };
}

/** A package of the registry, its version or tag apart. */
export interface PackageName {
  /** With its scope. */
  readonly name: string;
  /** A version, a range or a tag. */
  readonly version: string | undefined;
}

const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const VERSION = /^[A-Za-z0-9^~<>=*.| +_-]{1,128}$/;
const MAX_NAME = 214;
/** Sources other than the registry: a path, a repository, an address. */
const ELSEWHERE = /^(?:\.{1,2}[\\/]|[\\/]|~[\\/]|[A-Za-z]:[\\/]|[a-z][a-z+.-]*:|[\w.-]+\/[\w.-]+(?:#.*)?$)/;

/**
 * A package name as the registry allows it; undefined for a source that is not the registry (a path, a repository, an
 * address). The error says what is wrong with the name.
 */
export function parsePackageSpec(spec: string): Result<PackageName | undefined, string> {
  const shown = JSON.stringify(spec.slice(0, 64));
  if (hasControl(spec)) return err(`${shown} is not a package name: it has control characters`);
  const split = spec.indexOf('@', 1);
  const name = split === -1 ? spec : spec.slice(0, split);
  const version = split === -1 ? undefined : spec.slice(split + 1);
  if (name.length <= MAX_NAME && NAME.test(name)) {
    if (version === undefined || version === '') return ok({ name, version: undefined });
    if (VERSION.test(version)) return ok({ name, version });
    // An alias, `name@npm:other` or `name@git+https:…`, is as good as what it stands for.
    return /^[a-z][a-z+.-]*:\S+$/.test(version)
      ? ok(undefined)
      : err(`${shown} is not a package name: ${JSON.stringify(version.slice(0, 64))} is no version`);
  }
  if (!spec.startsWith('@') && ELSEWHERE.test(spec) && !/\s/.test(spec)) return ok(undefined);
  return err(`${shown} is not a package name`);
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return text === '';
}
