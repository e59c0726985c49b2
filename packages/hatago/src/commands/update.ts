import { projectOf } from '@hatago/hub/control/find-config.ts';
import { visible } from '@hatago/hub/control/trust/visible.ts';
import type { Applied } from '../add/apply-to-hub.ts';
import { openConfigFile } from '../add/config-file.ts';
import { authOf, type DraftFlags, draftServer, pinned, releaseWarnings } from '../add/draft.ts';
import { entryChanges } from '../add/entry-changes.ts';
import { type NpmPackage, viewPackage } from '../add/npm-package.ts';
import { packageOfCommand } from '../add/npx-command.ts';
import { parsePackageSpec } from '../add/package-spec.ts';
import { parseEnv, parseHeaders } from '../add/pairs.ts';
import { save } from '../add/save.ts';
import { compact, restartOf, type ServerFlags, tryMs } from '../add/server-flags.ts';
import { offeredBy } from '../add/show.ts';
import { withBearer, withoutExposed } from '../add/sign-in.ts';
import { parseTarget, type Words } from '../add/target.ts';
import { tellApplied } from '../add/tell-applied.ts';
import { type Tried, tryOut } from '../add/try-out.ts';
import { whyBroken } from '../add/why-broken.ts';
import { workingFolder } from '../add/working-folder.ts';
import { coloursFor } from '../colours.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { print, printJson, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { insist } from '../prompt.ts';
import { unknownServer } from './rm.ts';

/** Options of `hatago update`. */
export interface UpdateOptions extends GlobalOptions, ServerFlags {
  /** Names of headers and variables to take away. */
  readonly unset: readonly string[];
}

type Entry = Readonly<Record<string, unknown>>;

/** What a server would become. */
interface Change {
  readonly entry: Entry;
  readonly before: NpmPackage | undefined;
  readonly release: NpmPackage | undefined;
}

interface ChangeOptions extends UpdateOptions {
  /** The folder that relative working directories start from. */
  readonly project: string;
  /** Where it runs: npm is asked from there, for its settings decide. */
  readonly cwd: string;
}

const pc = coloursFor(process.stderr);

/** Changes one server, or brings the package it runs to its newest release; only that server is started anew. */
export async function update(words: Words, options: UpdateOptions): Promise<void> {
  const [id, ...rest] = words.before;
  if (id === undefined)
    throw new CliError('name the server to change, e.g. `hatago update files --tags work`', EXIT.usage);
  const file = openConfigFile(options);
  const own = file.servers.find((server) => server.id === id);
  if (own === undefined) {
    const { config, origins } = file.preview([]);
    const origin = origins[id]?.file;
    if (origin === undefined) throw unknownServer(id, Object.keys(config.mcpServers), file);
    throw new CliError(`${id} comes from ${origin}; change it there, with --config ${origin}`);
  }
  const project = projectOf(file.file);
  const cwd = file.preview([]).config.mcpServers[id]?.cwd ?? project;
  const change = await withProgress('looking it up', () =>
    changeOf(own.entry, { before: rest, after: words.after }, { ...options, project, cwd }),
  );
  const exposed = await withoutExposed({ id, entry: change.entry, before: own.entry, home: file.home }, options);
  const candidate = await withBearer(exposed, file.home, options);
  const changes = entryChanges(own.entry, candidate.entry);
  if (changes.length === 0) return reportNothing(id, change, options);
  showChange(id, changes, change);
  await insist(`Change ${id}?`, options);
  const tried = await tryOut(candidate, {
    file,
    timeoutMs: tryMs(options, candidate.entry),
    noSignIn: options.yes === true,
  });
  if (tried.probe.offers === undefined && !options.force) {
    const why = whyBroken(id, tried.probe, candidate.entry['url'] !== undefined);
    throw new CliError(`${why}\nNothing was changed; --force changes it all the same.`);
  }
  report(tried, changes, await save(file, tried), options);
}

async function changeOf(entry: Entry, words: Words, options: ChangeOptions): Promise<Change> {
  if (words.before.length > 0 || words.after !== undefined) return replaced(entry, words, options);
  const flagged = withFlags(entry, options);
  const { command, args = [] } = flagged as { command?: string; args?: string[] };
  const found = command === undefined ? undefined : packageOfCommand(command, args);
  const isBare = entryChanges(entry, flagged).length === 0;
  if (found === undefined) {
    if (options.packageVersion !== undefined)
      throw new CliError('it runs no package, so there is no version to choose', EXIT.usage);
    if (isBare && options.auth === undefined) {
      throw new CliError('there is nothing to change; see `hatago update --help` for what can be', EXIT.usage);
    }
    return { entry: flagged, before: undefined, release: undefined };
  }
  const rest = options.args.length === 0 ? args : [...args.slice(0, args.length - found.rest.length), ...options.args];
  const again = packageOfCommand(command as string, rest);
  // Other changes leave the release alone.
  if (!isBare && options.packageVersion === undefined)
    return { entry: { ...flagged, args: rest }, before: undefined, release: undefined };
  if (options.args.length > 0 && options.packageVersion === undefined)
    return { entry: { ...flagged, args: rest }, before: undefined, release: undefined };
  const spec = parsePackageSpec(found.spec);
  if (!spec.ok) throw new CliError(spec.error);
  const { cwd } = options;
  const wanted = { name: spec.value.name, version: options.packageVersion };
  const { release } = await pinned(wanted, { cwd, asPackage: false });
  const before = spec.value.version === undefined ? undefined : await viewPackage(spec.value, { cwd });
  return {
    entry: { ...flagged, args: (again ?? found).withSpec(`${release.name}@${release.version}`) },
    before: before?.ok ? before.value : undefined,
    release,
  };
}

/** The server is another one from now on; what does not say how it is reached stays. */
async function replaced(entry: Entry, words: Words, options: ChangeOptions): Promise<Change> {
  const { target } = parseTarget(words.after === undefined ? words : { before: [], after: words.after });
  const { entry: next, release } = await draftServer(target, {
    ...options,
    header: [],
    env: [],
    auth: undefined,
    secret: undefined,
    tags: [],
  } as DraftFlags);
  const gone = [
    'command',
    'args',
    'url',
    'type',
    'cwd',
    ...(next['url'] === undefined ? ['headers', 'auth'] : ['env']),
  ];
  const kept = Object.fromEntries(Object.entries(entry).filter(([name]) => !gone.includes(name)));
  const folder = workingFolder(next, { cwd: process.cwd(), project: options.project });
  return { entry: withFlags(compact({ ...next, cwd: folder, ...kept }), options), before: undefined, release };
}

function withFlags(entry: Entry, options: UpdateOptions): Entry {
  const { header, env, tags, transport, unset } = options;
  const isRemote = entry['url'] !== undefined;
  if (isRemote && (env.length > 0 || options.args.length > 0))
    throw new CliError('--env and --args are for commands and packages', EXIT.usage);
  if (!isRemote && (header.length > 0 || options.auth !== undefined || options.secret !== undefined)) {
    throw new CliError('--header, --auth and --secret are for remote servers', EXIT.usage);
  }
  const without = (values: unknown): Record<string, unknown> =>
    Object.fromEntries(Object.entries((values ?? {}) as object).filter(([name]) => !unset.includes(name)));
  const missing = unset.find(
    (name) => !(name in ((entry['headers'] ?? {}) as object)) && !(name in ((entry['env'] ?? {}) as object)),
  );
  if (missing !== undefined)
    throw new CliError(`it has no header and no variable ${JSON.stringify(missing)}`, EXIT.usage);
  const auth = options.auth === 'none' ? undefined : (authOf(options) ?? entry['auth']);
  const restart = restartOf(options);
  const changed = {
    ...entry,
    ...(transport === undefined ? {} : { type: transport }),
    headers: { ...without(entry['headers']), ...parseHeaders(header) },
    env: { ...without(entry['env']), ...parseEnv(env) },
    auth,
    tags: tags.length === 0 ? entry['tags'] : tags,
    ...(restart === undefined ? {} : { restart: { ...(entry['restart'] as object | undefined), ...restart } }),
  };
  // What was written down as empty before stays written down.
  return Object.fromEntries(
    Object.entries(changed).filter(([name, value]) =>
      name in entry ? value !== undefined : name in compact({ [name]: value }),
    ),
  );
}

function showChange(id: string, changes: readonly string[], { before, release }: Change): void {
  tell(pc.bold(id));
  for (const line of changes) tell(`  ${line}`);
  if (release === undefined) return;
  if (before !== undefined) tell(`  release: ${before.version} → ${release.version}`);
  const integrity = before?.integrity === undefined ? '' : `${before.integrity} → `;
  tell(`  integrity: ${integrity}${release.integrity ?? 'the registry names none'}`);
  const publisher = release.publisher ?? 'nobody it names';
  if (before?.publisher !== undefined && before.publisher !== release.publisher) {
    tell(
      `  ${pc.yellow('careful')}: published by ${visible(publisher)}, the one before by ${visible(before.publisher)}`,
    );
  }
  for (const warning of releaseWarnings(release)) tell(`  ${pc.yellow('careful')}: ${visible(warning)}`);
}

function reportNothing(id: string, { release }: Change, options: UpdateOptions): void {
  if (options.json) return printJson({ id, changes: [], hub: null });
  print(
    release === undefined
      ? `${id} is like that already.`
      : `${id} runs the newest release already, ${release.name} ${release.version}.`,
  );
}

function report(
  { id, probe }: Tried,
  changes: readonly string[],
  applied: Applied | undefined,
  options: UpdateOptions,
): void {
  const { readiness, tools, tokens, resources, prompts } = probe;
  if (options.json)
    return printJson({ id, changes, readiness, tools, resources, prompts, tokens, hub: applied ?? null });
  print(
    probe.offers === undefined
      ? `${id} was changed, and does not work as it is.`
      : `${id} was changed and works: ${offeredBy(probe)}`,
  );
  tellApplied(id, applied);
}
