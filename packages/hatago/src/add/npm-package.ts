import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { type ProgramEnd, runProgram } from '../run-program.ts';
import { baseName, type PackageSpec } from './package-spec.ts';

/** One release of a package, as the registry that npm is configured for describes it. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly license: string | undefined;
  /** Who published it. */
  readonly publisher: string | undefined;
  /** Hash of its contents, as npm checks it at every installation. */
  readonly integrity: string | undefined;
  /** Where its contents come from. */
  readonly source: string | undefined;
  /** Why it should not be used any more, in its author's words. */
  readonly deprecated: string | undefined;
  /** Scripts of it that run when it is installed. */
  readonly installScripts: readonly string[];
  /** Names of the commands it brings. */
  readonly commands: readonly string[];
  /** The Node version it asks for. */
  readonly node: string | undefined;
}

/** Why a package is not known. */
export interface NpmFailure {
  readonly reason: 'no npm' | 'not found' | 'registry';
  readonly message: string;
}

const FIELDS = [
  'name',
  'version',
  'description',
  'license',
  'deprecated',
  'bin',
  'scripts',
  'engines',
  '_npmUser',
  'dist.integrity',
  'dist.tarball',
] as const;
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** How the registry is asked. */
export interface ViewOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** Asks the configured registry for one release: the one named, the newest of a range, or the newest of all. */
export async function viewPackage(
  spec: PackageSpec,
  options: ViewOptions = {},
): Promise<Result<NpmPackage, NpmFailure>> {
  const asked = `${spec.name}@${spec.version ?? 'latest'}`;
  const args = ['view', '--json', '--loglevel=error', '--no-update-notifier', '--', asked, ...FIELDS];
  return readView(await runProgram('npm', args, options), asked);
}

/** What the output of `npm view --json` says. */
export function readView(end: ProgramEnd, asked: string): Result<NpmPackage, NpmFailure> {
  if (end.error === 'ENOENT') {
    const message = 'npm was not found; it comes with Node.js, from https://nodejs.org';
    return err({ reason: 'no npm', message });
  }
  const value = parse(end.stdout);
  if (isRecord(value) && isRecord(value['error'])) return err(toFailure(value['error'], asked));
  if (end.code !== 0) {
    const why = end.stderr.trim().split('\n', 1)[0] || end.error || 'it did not answer in time';
    return err({ reason: 'registry', message: `the npm registry could not be asked for ${asked}: ${why}` });
  }
  // A range gives one release after the other, the newest last.
  const newest: unknown = Array.isArray(value) ? value.at(-1) : value;
  if (!isRecord(newest) || typeof newest['name'] !== 'string' || typeof newest['version'] !== 'string') {
    return err({ reason: 'not found', message: `the npm registry has no release ${asked}` });
  }
  return ok(toPackage(newest, newest['name'], newest['version']));
}

function toFailure(error: Record<string, unknown>, asked: string): NpmFailure {
  const { code, summary } = error;
  if (code === 'E404' || code === 'ETARGET')
    return { reason: 'not found', message: `the npm registry has no package ${asked}` };
  const why = String(summary ?? code ?? 'unknown reason').split('\n', 1)[0];
  return { reason: 'registry', message: `the npm registry could not be asked for ${asked}: ${why}` };
}

function toPackage(view: Record<string, unknown>, name: string, version: string): NpmPackage {
  const scripts = isRecord(view['scripts']) ? Object.keys(view['scripts']) : [];
  const engines = view['engines'];
  const publisher = view['_npmUser'];
  return {
    name,
    version,
    description: text(view['description']),
    license: text(view['license']),
    publisher: isRecord(publisher) ? text(publisher['name']) : text(publisher),
    integrity: text(view['dist.integrity']),
    source: text(view['dist.tarball']),
    deprecated: text(view['deprecated']),
    installScripts: INSTALL_SCRIPTS.filter((script) => scripts.includes(script)),
    commands: isRecord(view['bin']) ? Object.keys(view['bin']) : view['bin'] === undefined ? [] : [baseName(name)],
    node: isRecord(engines) ? text(engines['node']) : undefined,
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

/**
 * How npx is told to run exactly this release: by its name where that tells which of its commands is meant, else by the
 * command too.
 */
export function npxArguments(release: NpmPackage): Result<string[], string> {
  const { name, version, commands } = release;
  const pinned = `${name}@${version}`;
  if (commands.length === 0) return err(`${pinned} brings no command, so it is no server that can be run`);
  if (commands.length === 1 || commands.includes(baseName(name))) return ok(['-y', pinned]);
  const servers = commands.filter((command) => /mcp|server/.test(command));
  const [only] = servers;
  if (servers.length === 1 && only !== undefined) return ok(['-y', `--package=${pinned}`, only]);
  const line = `hatago add <id> -- npx -y --package=${pinned} ${commands[0]}`;
  return err(`${pinned} brings several commands (${commands.join(', ')}); say which one, e.g. ${line}`);
}
