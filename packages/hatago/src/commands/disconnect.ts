import { existsSync, readFileSync } from 'node:fs';
import { entryAt, removeEntry } from '../clients/change-entry.ts';
import { type FileState, readState, replaceFile } from '../clients/change-file.ts';
import type { Client } from '../clients/client.ts';
import { type Connection, type Connections, hashOf, openConnections } from '../clients/connections.ts';
import { type EntryPlace, openFormat } from '../clients/file-format.ts';
import { type Machine, thisMachine } from '../clients/machine.ts';
import { isOwnEntry } from '../clients/own-entry.ts';
import { printDiff } from '../clients/print-diff.ts';
import { CLIENTS, findClient } from '../clients/table.ts';
import type { GlobalOptions } from '../context.ts';
import { hubHomeOf } from '../control/require-hub.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, print, printJson } from '../output.ts';
import { insist } from '../prompt.ts';
import { findRunningHub } from '../run-file.ts';

/** Options of `hatago disconnect`. */
export interface DisconnectOptions extends GlobalOptions {
  readonly project?: boolean;
  readonly name?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** One file that our entry is to be taken out of. */
interface Undoing {
  readonly before: FileState;
  /** What it is to hold; undefined when it was made for our entry and goes again. */
  readonly after: string | undefined;
  /** Byte for byte as it was before, or with our entry gone and everything else as it is now. */
  readonly restored: boolean;
  readonly connection: Connection | undefined;
}

/** Takes the hub's entry out of a client's files again. */
export async function disconnect(name: string, options: DisconnectOptions): Promise<void> {
  const client = findClient(name);
  if (client === undefined) {
    const ids = CLIENTS.map(({ id }) => id).join(', ');
    throw new CliError(`${JSON.stringify(name)} is no client known here; there are ${ids}`, EXIT.notFound);
  }
  const machine = thisMachine();
  const connections = openConnections(machine);
  const undoings = await findUndoings(client, machine, connections, options);
  if (undoings.length === 0) {
    throw new CliError(`${client.name} is not connected: no file of its holds the hub`, EXIT.notFound);
  }
  if (!options.json) for (const { before, after } of undoings) printDiff(before.path, before.text ?? '', after ?? '');
  if (options.dryRun) {
    if (!options.json) print('Nothing was written (--dry-run).');
  } else {
    await insist(`Write this?`, { yes: options.yes === true });
    for (const undoing of undoings) undo(undoing, client, connections);
  }
  const files = undoings.map(({ before, restored }) => ({ file: before.path, restored }));
  if (options.json) return printJson({ client: client.id, changed: options.dryRun !== true, files });
  if (options.dryRun) return;
  for (const { file, restored } of files) {
    print(
      `${clean(file)} ${restored ? 'is as it was before' : 'no longer names the hub; the rest is as you left it'}.`,
    );
  }
}

function undo({ before, after, connection }: Undoing, client: Client, connections: Connections): void {
  if (!replaceFile(before, after)) {
    throw new CliError(`${before.path}: is being written by another program; close ${client.name} and try again`);
  }
  if (connection !== undefined) connections.remove(connection);
}

async function findUndoings(
  client: Client,
  machine: Machine,
  connections: Connections,
  options: DisconnectOptions,
): Promise<Undoing[]> {
  const own = connections.list().filter((connection) => connection.client === client.id);
  const files = client.files(machine).filter(({ scope }) => options.project !== true || scope === 'project');
  const known = own.filter(({ file, key }) => {
    if (options.name !== undefined && key !== options.name) return false;
    return options.project !== true || files.some(({ path }) => existsSync(path) && readState(path).path === file);
  });
  const undoings: Undoing[] = [];
  for (const connection of known) {
    const undoing = await undoingOf(client, connection);
    if (undoing === undefined) connections.remove(connection);
    else undoings.push(undoing);
  }
  for (const { path, readOnly } of files) {
    const state = readState(path);
    if (state.text === undefined || readOnly === true || undoings.some(({ before }) => before.path === state.path))
      continue;
    const found = await foreign(client, state, options);
    if (found !== undefined) undoings.push(found);
  }
  return undoings;
}

/** What was written by `connect`; undefined when it is gone already. */
async function undoingOf(client: Client, connection: Connection): Promise<Undoing | undefined> {
  const before = readState(connection.file);
  if (before.text === undefined) return undefined;
  if (hashOf(before.text) === connection.hash) {
    if (connection.backup === null) return { before, after: undefined, restored: true, connection };
    const after = existsSync(connection.backup) ? readFileSync(connection.backup, 'utf8') : undefined;
    if (after !== undefined) return { before, after, restored: true, connection };
  }
  const place = { path: connection.path, key: connection.key };
  const after = await withoutEntry(client, before, place, connection.madeRecord);
  return after === undefined ? undefined : { before, after, restored: false, connection };
}

/** An entry of the hub that somebody wrote by hand, or with a command of the client. */
async function foreign(client: Client, before: FileState, options: DisconnectOptions): Promise<Undoing | undefined> {
  const parsed = (await openFormat(client.format)).parse(before.text ?? '');
  if (!parsed.ok) throw new CliError(parsed.error.map((fault) => `${before.path}:${fault}`).join('\n'));
  const place = { path: client.path(parsed.value), key: options.name ?? 'hatago' };
  const url = findRunningHub(hubHomeOf(options))?.url;
  const ports = [3535, ...(url === undefined ? [] : [Number(new URL(url).port)])];
  if (!isOwnEntry(entryAt(parsed.value, place), ports)) return undefined;
  const after = await withoutEntry(client, before, place, false);
  return after === undefined ? undefined : { before, after, restored: false, connection: undefined };
}

async function withoutEntry(
  client: Client,
  before: FileState,
  place: EntryPlace,
  emptied: boolean,
): Promise<string | undefined> {
  const text = before.text ?? '';
  const edited = removeEntry(await openFormat(client.format), text, place, { emptied });
  if (!edited.ok) throw new CliError(`${before.path}:${edited.error}`);
  return edited.value === text ? undefined : edited.value;
}
