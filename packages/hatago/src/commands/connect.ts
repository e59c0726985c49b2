import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@hatago/protocol';
import { entryAt, setEntry } from '../clients/change-entry.ts';
import { type FileState, readState, replaceFile } from '../clients/change-file.ts';
import type { Client, ClientFile, Launch } from '../clients/client.ts';
import { hashOf, openConnections } from '../clients/connections.ts';
import { type EntryPlace, openFormat } from '../clients/file-format.ts';
import { isService } from '../clients/is-service.ts';
import { lastingNode } from '../clients/lasting-node.ts';
import { type ChosenConfig, stdioLaunch } from '../clients/launch.ts';
import { type Machine, thisMachine } from '../clients/machine.ts';
import { isOwnEntry } from '../clients/own-entry.ts';
import { printDiff } from '../clients/print-diff.ts';
import { CLIENTS, findClient } from '../clients/table.ts';
import { type GlobalOptions, isConfigNamed, locateConfig } from '../context.ts';
import { hubHomeOf } from '../control/require-hub.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, formatTable, print, printJson } from '../output.ts';
import { insist } from '../prompt.ts';
import { findRunningHub } from '../run-file.ts';
import { VERSION } from '../version.ts';

/** Options of `hatago connect`. */
export interface ConnectOptions extends GlobalOptions {
  readonly project?: boolean;
  readonly http?: boolean;
  readonly stdio?: boolean;
  readonly file?: string;
  readonly name?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** Writes the hub's entry into a client's own file, or shows which clients there are where none is named. */
export async function connect(name: string | undefined, options: ConnectOptions): Promise<void> {
  const machine = thisMachine();
  if (name === undefined) return showClients(machine, options);
  const client = clientOf(name);
  const file = fileOf(client, machine, options);
  const launch = launchFor(client, file, options);
  const format = await openFormat(client.format);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = read(file.path);
    const change = await prepare(before, client, file, launch, options);
    if (change === undefined) {
      if (options.json) printJson({ client: client.id, file: file.path, changed: false });
      else print(`${client.name} is connected already: ${clean(file.path)}`);
      return;
    }
    if (!options.json && attempt === 0) printDiff(file.path, before.text ?? '', change.after);
    if (options.dryRun) return report(client, file, launch, options, undefined);
    if (attempt === 0) await insist(`Write this to ${clean(file.path)}?`, { yes: options.yes === true });
    const backup = record(machine, client, before, change, format.parse(before.text ?? ''));
    if (backup !== false) return report(client, file, launch, options, backup);
  }
  throw new CliError(`${file.path}: is being written by another program; close ${client.name} and try again`);
}

const MAX_ATTEMPTS = 3;

interface Change {
  readonly after: string;
  readonly place: EntryPlace;
}

async function prepare(
  before: FileState,
  client: Client,
  file: ClientFile,
  launch: Launch,
  options: ConnectOptions,
): Promise<Change | undefined> {
  const format = await openFormat(client.format);
  const text = before.text ?? '';
  const parsed = format.parse(text);
  if (!parsed.ok) throw new CliError(parsed.error.map((fault) => `${file.path}:${fault}`).join('\n'), EXIT.failure);
  const place = { path: client.path(parsed.value), key: options.name ?? 'hatago' };
  const entry = client.write(launch, parsed.value);
  const there = entryAt(parsed.value, place);
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(there ?? null)), JSON.parse(JSON.stringify(entry)))) return undefined;
  if (there !== undefined && !isOwnEntry(there, [portOf(there), portOf(entry)])) {
    const what = `${file.path}: ${JSON.stringify(place.key)} is another server there`;
    throw new CliError(`${what}; --name gives the hub a name of its own, such as --name hub`);
  }
  const edited = setEntry(format, text, place, entry);
  if (!edited.ok) throw new CliError(`${file.path}:${edited.error}`, EXIT.failure);
  return { after: edited.value, place };
}

/** Writes the file, and what is needed to undo that; false when the file has changed meanwhile. */
function record(
  machine: Machine,
  client: Client,
  before: FileState,
  { after, place }: Change,
  document: { readonly ok: boolean; readonly value?: unknown },
): string | null | false {
  const connections = openConnections(machine);
  const earlier = connections.find(before.path, place.key);
  // Connected again while nothing else changed: what was there before the first time is what to go back to.
  const keeps = earlier !== undefined && before.text !== undefined && earlier.hash === hashOf(before.text);
  const backup = keeps ? earlier.backup : before.text === undefined ? null : connections.backUp(client.id, before.text);
  if (!replaceFile(before, after)) {
    if (backup !== null && !keeps) rmSync(backup, { force: true });
    return false;
  }
  connections.add({
    client: client.id,
    file: before.path,
    path: place.path,
    key: place.key,
    hash: hashOf(after),
    backup,
    madeRecord: keeps
      ? earlier.madeRecord
      : entryAt(document.value, { path: place.path.slice(0, -1), key: place.path.at(-1) ?? '' }) === undefined,
    at: new Date().toISOString(),
  });
  return backup;
}

function clientOf(name: string): Client {
  const client = findClient(name);
  if (client !== undefined) return client;
  throw new CliError(
    `${JSON.stringify(name)} is no client known here; there are ${CLIENTS.map(({ id }) => id).join(', ')}`,
    EXIT.notFound,
  );
}

/** The file to write to: the one that is there, else where the client's folder is, else where it would be. */
export function fileOf(client: Client, machine: Machine, options: ConnectOptions): ClientFile {
  const scope = options.project ? 'project' : 'user';
  if (options.file !== undefined) return { scope, path: resolve(options.file) };
  const files = client.files(machine).filter((file) => file.scope === scope && file.readOnly !== true);
  const [first] = files;
  if (first === undefined)
    throw new CliError(`${client.name} has no file for a project; leave --project out`, EXIT.usage);
  return files.find(({ path }) => existsSync(path)) ?? files.find(({ path }) => existsSync(dirname(path))) ?? first;
}

function launchFor(client: Client, file: ClientFile, options: ConnectOptions): Launch {
  if (options.http && options.stdio) throw new CliError('--http and --stdio exclude each other', EXIT.usage);
  const url = findRunningHub(hubHomeOf(options))?.url;
  if (options.http) {
    if (!client.http) throw new CliError(`${client.name} takes no URL in its file; leave --http out`, EXIT.usage);
    return { kind: 'http', url: url ?? noHub() };
  }
  const config = configOf(options);
  const counted = options.stdio !== true && client.http && file.scope === 'user' && url !== undefined;
  if (counted && isService(config.file)) return { kind: 'http', url };
  const program = {
    script: process.argv[1] ?? '',
    node: lastingNode(process.execPath, process.env['PATH'] ?? ''),
    version: VERSION,
    platform: process.platform,
    cwd: process.cwd(),
  };
  return stdioLaunch(program, config, client, file);
}

function configOf(options: ConnectOptions): ChosenConfig {
  const file = locateConfig(options);
  if (file !== undefined && existsSync(file)) return { file, isNamed: isConfigNamed(options) };
  throw new CliError(
    'there is no configuration to serve; run `hatago init` first, or name one with --config',
    EXIT.notFound,
  );
}

function noHub(): never {
  throw new CliError(
    'no hub serves HTTP here, so there is no URL to write; start one with `hatago serve --http`, or leave --http out',
    EXIT.noHub,
  );
}

/** The port of an entry's URL: on this machine it was the hub's, whatever port that has now. */
function portOf(entry: unknown): number {
  const url = isRecord(entry)
    ? Object.values(entry).find((part) => typeof part === 'string' && URL.canParse(part))
    : undefined;
  return url === undefined ? 0 : Number(new URL(url as string).port || 80);
}

function read(path: string): FileState {
  try {
    return readState(path);
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}

function report(
  client: Client,
  file: ClientFile,
  launch: Launch,
  options: ConnectOptions,
  backup: string | null | undefined,
): void {
  if (options.json) {
    return printJson({
      client: client.id,
      file: file.path,
      changed: backup !== undefined,
      transport: launch.kind,
      backup: backup ?? null,
    });
  }
  if (backup === undefined) return print('Nothing was written (--dry-run).');
  print(`\n${client.name} is connected. Next: ${client.next}.`);
  if (backup !== null) print(`${basename(file.path)} as it was is kept in ${clean(backup)}.`);
  print(`Undo it with  hatago disconnect ${client.id}${options.project ? ' --project' : ''}`);
}

function showClients(machine: Machine, options: ConnectOptions): void {
  const connections = openConnections(machine).list();
  const rows = CLIENTS.map((client) => {
    const files = client
      .files(machine)
      .filter(({ scope, path }) => scope === 'user' && (existsSync(path) || existsSync(dirname(path))));
    const connected = connections.some((connection) => connection.client === client.id);
    const file = fileOf(client, machine, {});
    return {
      id: client.id,
      name: client.name,
      found: (files.length > 0 && dirname(file.path) !== machine.home) || existsSync(file.path),
      connected,
      file: file.path,
    };
  });
  if (options.json) return printJson({ clients: rows });
  const state = (row: (typeof rows)[number]): string => (row.connected ? 'connected' : row.found ? 'found' : '-');
  print(
    formatTable(
      ['CLIENT', 'NAME', 'STATE', 'FILE'],
      rows.map((row) => [row.id, row.name, state(row), row.file]),
    ),
  );
  print('\nConnect one with  hatago connect <client>');
}
