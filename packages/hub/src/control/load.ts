import { resolve } from 'node:path';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { runsNpx } from '../upstream/npx.ts';
import type { Blocked, Config, ServerConfig } from './config.ts';
import { type Environment, homeOf, projectOf } from './find-config.ts';
import type { Issue } from './issue.ts';
import { type Layer, layerAt, says } from './layer.ts';
import { fromHome } from './paths.ts';
import { type ReadDocument, type ReadOptions, readDocument } from './read-document.ts';
import { expandReferences } from './references.ts';
import { parseConfig } from './schema.ts';
import type { SecretReader } from './secret-reader.ts';
import { formatFault } from './source-document.ts';

/** A configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Absolute. */
  readonly file: string;
  /** Directory of the hub's state: `HATAGO_HOME`, else `.hatago` beside the project's file. */
  readonly home: string;
  readonly warnings: readonly string[];
  /** Everything that was read, or would be read if it were there, to be watched for changes; absolute. */
  readonly files: readonly string[];
  /** Which file each server came from, and whether that is a project's: neither named by the user nor in their home. */
  readonly origins: Readonly<Record<string, ServerOrigin>>;
  /** The names of the variables whose value each server is given. */
  readonly variableNames: Readonly<Record<string, readonly string[]>>;
  /** The names of the secrets each server refers to. */
  readonly secretNames: Readonly<Record<string, readonly string[]>>;
  /** Those among them that it needs and cannot have; such a server is blocked. */
  readonly missingSecrets: Readonly<Record<string, readonly string[]>>;
}

/** Where one server of a configuration was written. */
export interface ServerOrigin {
  /** The file that decides about it; others may add to it. */
  readonly file: string;
  /** Some of it came with a project's files, its `.env` among them, so its command is somebody else's until it is approved. */
  readonly project: boolean;
}

/** How a configuration is loaded. */
export interface LoadOptions extends ReadOptions {
  /** @default there is no secret */
  readonly secrets?: SecretReader;
}

const NO_SECRETS: SecretReader = () => ({ ok: false, reason: 'there are no secrets here' });

/**
 * Reads a configuration with all it builds on, replaces the references and checks it; every fault is told with file, line
 * and column. A secret that is missing is no fault: the server that needs it is blocked.
 */
export function loadConfig(
  file: string,
  env: Environment,
  options: LoadOptions = {},
): Result<LoadedConfig, readonly string[]> {
  const read = readDocument(file, env, options);
  return read.ok ? checkDocument(resolve(file), env, read.value, options.secrets ?? NO_SECRETS) : read;
}

function checkDocument(
  file: string,
  env: Environment,
  document: ReadDocument,
  secrets: SecretReader,
): Result<LoadedConfig, readonly string[]> {
  const { layers } = document;
  const folderOf = (path: Issue['path']): string => projectOf(layerAt(layers, path).file);
  const { values: variables, own } = document.variables;
  const isProject = (path: Issue['path']): boolean => layerAt(layers, path).project;
  const expanded = expandReferences(document.value, { variables, own, secrets, folderOf, isProject });
  const parsed = parseConfig(expanded.value);
  const issues = allIssues(expanded.issues, parsed);
  if (issues.length > 0 || !parsed.ok) return err(tellAll(layers, issues));
  const config = withServers(parsed.value, (server, id) => ({
    ...server,
    ...placed(server, (member) => folderOf(['mcpServers', id, member])),
    ...blockedFor(expanded.missingSecrets[id]),
  }));
  return ok({
    config,
    file,
    home: homeOf(file, env),
    warnings: document.warnings,
    files: document.files,
    origins: Object.fromEntries(
      Object.keys(config.mcpServers).map((id) => {
        const isSteered = (expanded.variableNames[id] ?? []).some((name) => variables[name] !== own[name]);
        return [id, originOf(layers, id, isSteered)];
      }),
    ),
    variableNames: expanded.variableNames,
    secretNames: expanded.secretNames,
    missingSecrets: Object.fromEntries(
      Object.entries(expanded.missingSecrets).map(([id, missing]) => [id, missing.map(({ name }) => name)]),
    ),
  });
}

/** All that is wrong. What is wrong with a value in place of which there is none yet says nothing new. */
function allIssues(references: readonly Issue[], parsed: ReturnType<typeof parseConfig>): readonly Issue[] {
  if (parsed.ok) return references;
  const unclear = new Set(references.flatMap(({ path }) => (path[0] === 'mcpServers' ? [path[1]] : [])));
  return [...references, ...parsed.error.filter(({ path }) => path[0] !== 'mcpServers' || !unclear.has(path[1]))];
}

/** A file with more faults than this is not one that somebody meant to write. */
const MAX_FAULTS = 200;

function tellAll(layers: readonly Layer[], issues: readonly Issue[]): readonly string[] {
  const told = issues.slice(0, MAX_FAULTS).map((issue) => formatFault(layerAt(layers, issue.path).locate(issue)));
  const more = issues.length - told.length;
  return more > 0 ? [...told, `${layers[0]?.file}: and ${more} more`] : told;
}

/** A project's `.env` that fills references of the user's own server has its say in it too. */
function originOf(layers: readonly Layer[], id: string, isSteered: boolean): ServerOrigin {
  const path = ['mcpServers', id];
  const project = isSteered || layers.some((layer) => layer.project && says(layer, path));
  return { file: layerAt(layers, path).file, project };
}

function withServers(config: Config, change: (server: ServerConfig, id: string) => ServerConfig): Config {
  const servers = Object.entries(config.mcpServers).map(([id, server]) => [id, change(server, id)]);
  return { ...config, mcpServers: Object.fromEntries(servers) };
}

/**
 * Where it runs. npm's runner asks the registry that a `.npmrc` around it names, and prefers what is installed there: for it
 * that is never a folder the hub happens to be started in, such as a clone of somebody's project.
 */
function placed(
  { command, args, cwd }: ServerConfig,
  folderOf: (member: string) => string,
): Pick<ServerConfig, 'cwd' | 'startIn'> {
  if (cwd !== undefined) return { cwd: resolve(folderOf('cwd'), fromHome(cwd)) };
  return command !== undefined && runsNpx(command, args) ? { startIn: folderOf('command') } : {};
}

function blockedFor(missing: readonly { readonly name: string; readonly reason: string }[] = []): {
  blocked?: Blocked;
} {
  const [first] = missing;
  if (first === undefined) return {};
  const names = missing.map(({ name }) => JSON.stringify(name)).join(', ');
  const blocked: Blocked = {
    code: 'HATAGO_SECRET_MISSING',
    message: `it needs the ${missing.length === 1 ? 'secret' : 'secrets'} ${names}: ${first.reason}`,
    fix: `hatago secret set ${first.name}`,
  };
  return { blocked };
}

/** What is wrong with a configuration apart from variables that are not set, such as before an edit is written. */
export function checkText(file: string, env: Environment, options: ReadOptions = {}): readonly string[] {
  const read = readDocument(file, env, options);
  if (!read.ok) return read.error;
  const { layers, value } = read.value;
  const unset = expandReferences(value, {
    variables: {},
    own: {},
    secrets: () => ({ ok: true, value: 'secret' }),
    folderOf: () => projectOf(file),
    isProject: () => false,
  });
  const parsed = parseConfig(unset.value);
  const wrong = unset.issues.filter(({ message }) => !/^\$\{\w+\} is not set/.test(message));
  // What stands where a variable is not set cannot be judged.
  const judged = allIssues(unset.issues, parsed).filter((issue) => !unset.issues.includes(issue));
  return tellAll(layers, [...wrong, ...judged]);
}

/** The servers of a file in any format we read, to be copied into a file of ours. */
export interface ServersOfFile {
  /** References as they are written. */
  readonly servers: Readonly<Record<string, unknown>>;
  /** What was left out or changed. */
  readonly warnings: readonly string[];
}

/** Reads the servers of a file in any format; variables need not be set. */
export function loadServers(file: string, env: Environment = {}): Result<ServersOfFile, readonly string[]> {
  const read = readDocument(file, env, { explicit: true, profile: '' });
  if (!read.ok) return read;
  const { mcpServers } = read.value.value;
  if (!isRecord(mcpServers)) return err([`${file}:1:1: has no "mcpServers" and no "servers"`]);
  const faults = checkText(file, env, { explicit: true, profile: '' });
  return faults.length === 0 ? ok({ servers: mcpServers, warnings: read.value.warnings }) : err(faults);
}
