import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { visible } from '@hatago/hub/control/trust/visible.ts';
import { readVariables } from '@hatago/hub/control/variables.ts';
import { applyToHub } from '../add/apply-to-hub.ts';
import { type ConfigFile, openConfigFile } from '../add/config-file.ts';
import { type CheckedServer, checkServers } from '../clients/check-servers.ts';
import { chooseServers } from '../clients/choose-servers.ts';
import { describeEntry } from '../clients/describe-entry.ts';
import { exampleServer } from '../clients/example-server.ts';
import { type Found, findServers, findServersIn } from '../clients/find-servers.ts';
import { type Machine, thisMachine } from '../clients/machine.ts';
import { type PlannedServer, planImport } from '../clients/plan-import.ts';
import { showImported, toImportReport } from '../clients/show-import.ts';
import { CLIENTS, findClient } from '../clients/table.ts';
import { fit, takeOver, type Unfit } from '../clients/take-over.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { printJson, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { findRunningHub } from '../run-file.ts';

/** Options of `hatago import`. */
export interface ImportOptions extends GlobalOptions {
  readonly from?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowEnv: readonly string[];
  /** @default true */
  readonly check: boolean;
}

/** Takes over the servers that installed clients have, and says for each whether it works. */
export async function importServers(options: ImportOptions): Promise<void> {
  const machine = thisMachine();
  const file = openConfigFile(options);
  const found = await find(options.from, machine);
  for (const fault of found.faults) tell(`careful: ${visible(fault)}`);
  const example = exampleServer(file.servers);
  const kept = file.servers.filter((server) => server !== example);
  const plan = planImport(found.servers, {
    existing: Object.fromEntries(kept.map(({ id, entry }) => [id, entry])),
    allowEnv: options.allowEnv,
    env: variablesFor(file, machine),
    ports: portsOf(file),
    cwd: machine.cwd,
  });
  if (!options.json) introduce(found, plan);
  const chosen = await chooseServers(plan, options);
  const { servers, unfit } = await write(file, chosen, options);
  const checked = servers.length === 0 || options.dryRun ? [] : await check(file, servers, options);
  const report = toImportReport({ file: file.file, plan, taken: servers, unfit, checked, faults: found.faults });
  if (options.json) printJson({ ...report, dryRun: options.dryRun === true });
  else showImported(report, options.dryRun === true);
  const refused = plan.some(({ state }) => state === 'refused');
  if (servers.length === 0 && refused) process.exitCode = EXIT.denied;
  else if (unfit.length > 0 || (servers.length === 0 && found.faults.length > 0)) process.exitCode = EXIT.failure;
}

async function find(from: string | undefined, machine: Machine): Promise<Found> {
  if (from === undefined) return findServers(CLIENTS, machine);
  const client = findClient(from);
  if (client !== undefined) {
    const found = await findServers([client], machine);
    if (found.files.length > 0) return found;
    const places = client.files(machine).map(({ path }) => `  ${path}`);
    throw new CliError(`${client.name} has no file here; it would be one of\n${places.join('\n')}`, EXIT.notFound);
  }
  if (!existsSync(from)) {
    const ids = CLIENTS.map(({ id }) => id).join(', ');
    throw new CliError(`${JSON.stringify(from)} is neither a file nor a client; there are ${ids}`, EXIT.notFound);
  }
  const found = await findServersIn(from, machine);
  if (found.servers.length === 0 && found.faults.length > 0) throw new CliError(found.faults.join('\n'));
  return found;
}

/** The variables that references of the configuration are filled from. */
function variablesFor({ file }: ConfigFile, { env, cwd }: Machine): Machine['env'] {
  const found = readVariables({ env, cwd, folder: dirname(file), envFiles: [], envOverride: false });
  if (!found.ok) throw new CliError(found.error.join('\n'));
  return found.value.values;
}

/** Ports under which a client may know the hub itself. */
function portsOf({ home, file, preview }: ConfigFile): readonly number[] {
  const url = findRunningHub({ home, file })?.url;
  return [3535, preview([]).config.http.port, ...(url === undefined ? [] : [Number(new URL(url).port)])];
}

/** Says what was found, and in full what each server would run. */
function introduce({ files, servers }: Found, plan: readonly PlannedServer[]): void {
  const names = [...new Set(files.map(({ client }) => client.name))];
  if (names.length === 0) return tell('No client is installed here that has servers.');
  const same = servers.length - plan.length;
  tell(
    `Found ${plan.length} server${plan.length === 1 ? '' : 's'} in ${names.join(', ')}${same > 0 ? ', each once' : ''}.`,
  );
  for (const { id, entry, reason, state } of plan) {
    const why = reason === undefined ? '' : `  (${visible(reason)})`;
    if (state === 'new') tell(`  ${id}: ${describeEntry(entry)}${why}`);
  }
}

async function write(
  file: ConfigFile,
  chosen: readonly PlannedServer[],
  options: ImportOptions,
): Promise<{ servers: readonly PlannedServer[]; unfit: readonly Unfit[] }> {
  if (chosen.length === 0) return { servers: [], unfit: [] };
  // What `init` wrote to have something to show gives way to real servers.
  const example = exampleServer(file.servers);
  const fitting = fit(file, chosen, example === undefined ? [] : [{ path: example.path, value: undefined }]);
  const { servers, unfit } = fitting;
  if (!options.json) announce(servers);
  if (!options.json && example !== undefined && servers.length > 0)
    tell('  The example of `hatago init` gives way to them.');
  if (servers.length > 0 && !options.dryRun) await takeOver(file, fitting);
  return { servers, unfit };
}

/** Says what becomes of secrets. */
function announce(servers: readonly PlannedServer[]): void {
  for (const { id, secrets } of servers) {
    for (const { name, at } of secrets) tell(`  ${id}: ${visible(at)} goes into the encrypted secrets, as ${name}`);
  }
}

async function check(
  file: ConfigFile,
  servers: readonly PlannedServer[],
  options: ImportOptions,
): Promise<readonly CheckedServer[]> {
  const ids = servers.map(({ id }) => id);
  const [first] = ids;
  if (first !== undefined) await applyToHub(file, first, 0);
  if (!options.check) return [];
  const { config } = openConfigFile({ ...options, config: file.file }).preview([]);
  return withProgress(`starting ${ids.length} servers to see whether they work`, ({ say }) =>
    checkServers(config, ids, {
      file: file.file,
      onDone: (done) => say(`${done} of ${ids.length} servers checked`),
    }),
  );
}
