import { projectOf } from '@hatago/hub/control/find-config.ts';
import type { Applied } from '../add/apply-to-hub.ts';
import { type ConfigFile, openConfigFile } from '../add/config-file.ts';
import { type Draft, draftServer } from '../add/draft.ts';
import { servesOpenApi } from '../add/openapi.ts';
import { isSame } from '../add/same-server.ts';
import { save } from '../add/save.ts';
import { type ServerFlags, tryMs } from '../add/server-flags.ts';
import { freeId } from '../add/server-id.ts';
import { offeredBy, showServer } from '../add/show.ts';
import { withBearer, withoutExposed } from '../add/sign-in.ts';
import { type Asked, checkId, notServed, parseTarget, type Words } from '../add/target.ts';
import { tellApplied } from '../add/tell-applied.ts';
import { type Tried, tryOut } from '../add/try-out.ts';
import { whyBroken } from '../add/why-broken.ts';
import { workingFolder } from '../add/working-folder.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError } from '../exit.ts';
import { clean, print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import { insist } from '../prompt.ts';

/** Options of `hatago add`. */
export interface AddOptions extends GlobalOptions, ServerFlags {
  readonly id?: string;
}

/** Adds a server: shows what would run, asks, tries it, writes it into the configuration, and tells the running hub. */
export async function add(words: Words, options: AddOptions): Promise<void> {
  const asked = parseTarget(words);
  const file = openConfigFile(options);
  const fixed = checkId(options.id) ?? asked.id;
  if (fixed !== undefined) refuseTaken(file, fixed);
  const project = projectOf(file.file);
  const draft = await withProgress('looking it up', () => draftServer(asked.target, { ...options, project }));
  refuseTwin(file, draft, options);
  const id = fixed ?? freeId(draft.suggestedId, new Set(file.servers.map((server) => server.id)));
  const cwd = workingFolder(draft.entry, { cwd: process.cwd(), project });
  const entry = cwd === undefined ? draft.entry : { ...draft.entry, cwd };
  showServer({ ...draft, entry, id, file: file.file });
  const candidate = await withoutExposed({ id, entry, home: file.home }, options);
  const withAuth = await withBearer(candidate, file.home, options);
  await insist(
    draft.release === undefined && asked.target.kind === 'url' ? `Add ${id}?` : `Run this, and add it as ${id}?`,
    {
      ...options,
      initial: draft.warnings.length === 0,
    },
  );
  const tried = await tryOut(withAuth, {
    file,
    timeoutMs: tryMs(options, withAuth.entry),
    noSignIn: options.auth === 'none' || options.yes === true,
  });
  if (tried.probe.offers === undefined && !options.force) await refuseBroken(asked, tried);
  const applied = await save(file, tried);
  report(file, tried, applied, options);
}

function refuseTaken(file: ConfigFile, id: string): void {
  if (!file.servers.some((server) => server.id === id)) return;
  throw new CliError(
    `there is a server ${id} already; \`hatago update ${id}\` changes it, --id gives the new one another name`,
  );
}

/** The same server twice shows every tool of it twice. */
function refuseTwin(file: ConfigFile, { entry }: Draft, { force }: AddOptions): void {
  const twin = file.servers.find((server) => isSame(server.entry, entry));
  if (twin === undefined || force === true) return;
  throw new CliError(
    `${twin.id} is the same server already; \`hatago update ${twin.id}\` changes it, --force adds it once more`,
  );
}

async function refuseBroken({ target }: Asked, { id, entry, probe }: Tried): Promise<never> {
  const { url } = entry as { url?: string };
  if (url !== undefined && probe.challenge === undefined && (await servesOpenApi(url))) throw notServed(url);
  throw new CliError(
    `${whyBroken(id, probe, target.kind === 'url')}\nNothing was added; --force adds it all the same.`,
  );
}

function report(
  file: ConfigFile,
  { id, entry, probe }: Tried,
  applied: Applied | undefined,
  options: AddOptions,
): void {
  const { readiness, tools, resources, prompts, tokens, offers } = probe;
  if (options.json) {
    const era = offers === undefined ? null : { era: offers.era, protocolVersion: offers.protocolVersion };
    printJson({
      id,
      file: file.file,
      entry,
      readiness,
      tools,
      resources,
      prompts,
      tokens,
      ...era,
      hub: applied ?? null,
    });
    return;
  }
  const state =
    offers === undefined
      ? `added as it is: ${clean(readiness.message ?? readiness.state)}`
      : `works: ${offeredBy(probe)}`;
  print(`${id} ${state}`);
  print(`It was written into ${file.file}.`);
  tellApplied(id, applied);
}
