import { programOf } from '@hatago/hub/upstream/runtimes.ts';
import { CliError, EXIT } from '../exit.ts';
import { type ExposedValue, exposedParameters, exposedValues } from './credentials.ts';
import { lookAlikeOf } from './look-alike.ts';
import { type NpmFailure, type NpmPackage, npxArguments, viewPackage } from './npm-package.ts';
import { packageOfCommand } from './npx-command.ts';
import { isExactVersion, type PackageSpec, parsePackageSpec } from './package-spec.ts';
import { parseEnv, parseHeaders } from './pairs.ts';
import { compact, restartOf, type ServerFlags } from './server-flags.ts';
import { idOfCommand, idOfPackage, idOfUrl } from './server-id.ts';
import type { AddTarget } from './target.ts';

/** A server as it would be written into the configuration. */
export interface Draft {
  readonly entry: Readonly<Record<string, unknown>>;
  /** What it could be called. */
  readonly suggestedId: string;
  /** The release of the package it runs; undefined where it runs none, or none is known. */
  readonly release: NpmPackage | undefined;
  /** What a person should think about before it is run, one sentence each. */
  readonly warnings: readonly string[];
}

/** How {@link draftServer} is asked. */
export interface DraftFlags extends ServerFlags {
  /** The folder the server will run in unless it says otherwise; npm is asked from there, for its settings decide. */
  readonly project: string;
}

/** Makes the entry of a server that was asked for; packages are looked up and pinned. */
export async function draftServer(target: AddTarget, { project, ...flags }: DraftFlags): Promise<Draft> {
  checkFlags(target, flags);
  const shared = { tags: flags.tags, restart: restartOf(flags) };
  if (target.kind === 'url') {
    const { url } = target;
    const type = flags.transport ?? (/^wss?:/i.test(url) ? 'ws' : 'http');
    const entry = compact({ type, url, headers: parseHeaders(flags.header), auth: authOf(flags), ...shared });
    return { entry, suggestedId: idOfUrl(url), release: undefined, warnings: urlWarnings(url) };
  }
  const env = parseEnv(flags.env);
  if (target.kind === 'package') {
    const { release, args } = await pinned(
      { ...target.spec, version: flags.packageVersion ?? target.spec.version },
      { cwd: project },
    );
    const entry = compact({ command: 'npx', args: [...args, ...flags.args], env, ...shared });
    return { entry, suggestedId: idOfPackage(release.name), release, warnings: releaseWarnings(release) };
  }
  const { command, args } = target;
  const suggestedId = idOfCommand(command, args);
  const found = packageOfCommand(command, args);
  const spec = found === undefined ? undefined : parsePackageSpec(found.spec);
  if (found === undefined || spec === undefined) {
    const warnings = commandWarnings(command, args);
    return { entry: compact({ command, args, env, ...shared }), suggestedId, release: undefined, warnings };
  }
  if (!spec.ok) throw new CliError(`${spec.error}; only packages of a registry are run with npx here`, EXIT.usage);
  const { release } = await pinned(
    { ...spec.value, version: flags.packageVersion ?? spec.value.version },
    { cwd: project, asPackage: false },
  );
  const words = found.withSpec(`${release.name}@${release.version}`);
  return {
    entry: compact({ command, args: words, env, ...shared }),
    suggestedId,
    release,
    warnings: releaseWarnings(release),
  };
}

function checkFlags(target: AddTarget, flags: ServerFlags): void {
  const { transport, header, auth, secret, env, args, packageVersion } = flags;
  const wrong = (message: string): never => {
    throw new CliError(message, EXIT.usage);
  };
  if (target.kind === 'url') {
    if (transport === 'stdio') wrong('--transport stdio is for commands; a URL is reached over http, sse or ws');
    if (env.length > 0) wrong('--env is for commands and packages; a remote server has --header');
    if (args.length > 0) wrong('--args is for packages');
    if (packageVersion !== undefined) wrong('--package-version is for packages');
    return;
  }
  if (transport !== undefined && transport !== 'stdio') wrong(`--transport ${transport} needs a URL`);
  if (header.length > 0 || auth !== undefined || secret !== undefined) {
    wrong('--header, --auth and --secret are for remote servers; give a command its secrets with --env');
  }
  if (target.kind === 'command' && args.length > 0)
    wrong('--args is for packages; write the arguments after the command');
}

/** The authentication of an entry that the flags ask for; the token itself is kept as a secret. */
export function authOf({ auth, secret }: ServerFlags): Readonly<Record<string, unknown>> | undefined {
  if (auth === 'none' || secret === undefined) return undefined;
  return { type: 'bearer', token: `\${secret:${secret}}` };
}

/** Looks a package up as npm does in a folder, and says how npx runs exactly that release. */
export async function pinned(
  spec: PackageSpec,
  { cwd, asPackage = true }: { readonly cwd: string; readonly asPackage?: boolean },
): Promise<{ readonly release: NpmPackage; readonly args: readonly string[] }> {
  const found = await viewPackage(spec, { cwd });
  if (!found.ok) throw toCliError(found.error);
  const release = found.value;
  if (!isExactVersion(release.version)) throw new CliError(`${release.name} has no exact version to pin it to`);
  const args = asPackage ? npxArguments(release) : { ok: true as const, value: [] };
  if (!args.ok) throw new CliError(args.error);
  return { release, args: args.value };
}

function toCliError({ reason, message }: NpmFailure): CliError {
  if (reason !== 'not found') return new CliError(message);
  return new CliError(`${message}; check its name, or give a URL or -- and a command`, EXIT.notFound);
}

/** Runners of other languages fetch the newest release too, unless they are told which one. */
function commandWarnings(command: string, args: readonly string[]): string[] {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const program = programOf(command);
  const [first] = program === 'pipx' ? words.filter((word) => word !== 'run') : words;
  if ((program === 'uvx' || program === 'pipx') && first !== undefined && !/[=@]|^[./]/.test(first)) {
    return [`it runs whatever release of ${first} is newest when it starts; ${first}==<version> names one`];
  }
  return [];
}

/** What is to be said of a release before it is run. */
export function releaseWarnings(release: NpmPackage): string[] {
  const { name, deprecated, installScripts, node } = release;
  const known = lookAlikeOf(name);
  return [
    ...(known === undefined ? [] : [`${name} is not the well-known ${known}, though its name looks like it`]),
    ...(deprecated === undefined ? [] : [`its author says not to use it any more: ${deprecated}`]),
    ...(installScripts.length === 0
      ? []
      : [`it runs scripts of its own when it is installed: ${installScripts.join(', ')}`]),
    ...(node === undefined || satisfies(process.versions.node, node)
      ? []
      : [`it asks for Node ${node}; this is ${process.versions.node}`]),
  ];
}

/** Whether a version is at least what `>=` asks for; true for what is written in another way. */
function satisfies(version: string, range: string): boolean {
  const [, major, minor = '0'] = /^\s*>=\s*v?(\d+)(?:\.(\d+))?/.exec(range) ?? [];
  if (major === undefined) return true;
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > Number(major) || (ownMajor === Number(major) && ownMinor >= Number(minor));
}

function urlWarnings(url: string): string[] {
  const { protocol, hostname } = new URL(url);
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  const exposed = exposedParameters(url);
  return [
    ...(/^(?:http|ws):$/.test(protocol) && !isLocal
      ? ['it is reached without encryption, so anybody on the way can read along']
      : []),
    ...(exposed.length === 0
      ? []
      : [`the URL seems to hold a credential (${exposed.join(', ')}), which is kept in the configuration as it is`]),
  ];
}

/** The literal values of an entry that look like credentials. */
export function exposedIn(entry: Readonly<Record<string, unknown>>): readonly ExposedValue[] {
  const { headers = {}, env = {} } = entry as { headers?: Record<string, string>; env?: Record<string, string | null> };
  return exposedValues(headers, env);
}
