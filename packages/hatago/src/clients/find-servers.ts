import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { parseDotEnv } from '@hatago/hub/control/dotenv.ts';
import { isRecord } from '@hatago/protocol';
import { readState } from './change-file.ts';
import type { Client, ClientFile, ServerEntry, ServerRecord } from './client.ts';
import { openFormat } from './file-format.ts';
import type { Machine } from './machine.ts';
import { toOurReferences } from './references.ts';
import { CLIENTS } from './table.ts';

/** A server as one client has it. */
export interface FoundServer {
  /** The client's name for it. */
  readonly name: string;
  readonly client: Client;
  readonly file: string;
  /** The folder of the project it is for; undefined when it is for all of them. */
  readonly project: string | undefined;
  /** It came with the project's files, so somebody else may have written it. */
  readonly shared: boolean;
  readonly entry: ServerEntry;
  readonly notes: readonly string[];
}

/** What was found, and what could not be read. */
export interface Found {
  readonly servers: readonly FoundServer[];
  /** `file:line:column: message`. */
  readonly faults: readonly string[];
  /** Files that were there, with the client they belong to. */
  readonly files: readonly { readonly client: Client; readonly path: string }[];
}

/** Reads the files of these clients on this machine. */
export async function findServers(clients: readonly Client[], machine: Machine): Promise<Found> {
  const parts: Found[] = [];
  for (const client of clients) {
    for (const file of client.files(machine)) {
      if (existsSync(file.path)) parts.push(await readFile(client, file, machine));
    }
  }
  return join(parts);
}

/** Reads one file, in the words of the client it looks like. */
export async function findServersIn(path: string, machine: Machine): Promise<Found> {
  const file = resolve(machine.cwd, path);
  const known = CLIENTS.find((client) => client.files(machine).some((own) => own.path === file));
  const client = known ?? (await guess(file));
  if (client === undefined)
    return { servers: [], faults: [`${file}:1:1: holds no servers in any format known here`], files: [] };
  return readFile(client, { scope: 'project', path: file }, machine);
}

async function guess(file: string): Promise<Client | undefined> {
  const format = /\.toml$/i.test(file) ? 'toml' : /\.ya?ml$/i.test(extname(file)) ? 'yaml' : 'json';
  const text = readState(file).text;
  const parsed = text === undefined ? undefined : (await openFormat(format)).parse(text);
  const clients = CLIENTS.filter((client) => client.format === format);
  // What is broken is read as the first of them, which says where.
  if (parsed === undefined || !parsed.ok) return clients[0];
  return clients.find((client) => recordAt(parsed.value, client.path(parsed.value)) !== undefined);
}

async function readFile(client: Client, file: ClientFile, machine: Machine): Promise<Found> {
  const files = [{ client, path: file.path }];
  let text: string | undefined;
  try {
    text = readState(file.path).text;
  } catch (error) {
    return { servers: [], faults: [(error as Error).message], files };
  }
  if (text === undefined) return { servers: [], faults: [`${file.path}: there is no such file`], files: [] };
  const parsed = (await openFormat(client.format)).parse(text);
  if (!parsed.ok) return { servers: [], faults: parsed.error.map((fault) => `${file.path}:${fault}`), files };
  const own = file.scope === 'project' ? projectOf(file.path, machine) : undefined;
  const records: readonly ServerRecord[] = client.records?.(parsed.value) ?? [{ path: client.path(parsed.value) }];
  const servers = records.flatMap(({ path, project = own }) =>
    Object.entries(recordAt(parsed.value, path) ?? {}).flatMap(([name, entry]) => {
      const read = isRecord(entry) ? client.read(entry) : undefined;
      if (read === undefined) return [];
      const folders = { project: project ?? machine.cwd, home: machine.home };
      const translated = toOurReferences(read.entry, client.references, folders) as ServerEntry;
      const { entry: placed, notes } = withVariables(placeIn(translated, project), folders.project);
      const shared = file.scope === 'project' && own === machine.cwd;
      return [{ name, client, file: file.path, project, shared, entry: placed, notes: [...read.notes, ...notes] }];
    }),
  );
  return { servers, faults: [], files };
}

/** The project a file of it belongs to: the folder the command runs in, or the one the file is in. */
function projectOf(path: string, machine: Machine): string {
  return path.startsWith(machine.cwd) ? machine.cwd : dirname(path);
}

/** A project's server runs in the project's folder, wherever the hub runs. */
function placeIn(entry: ServerEntry, project: string | undefined): ServerEntry {
  const { cwd } = entry;
  if (project === undefined || entry['command'] === undefined) return entry;
  return { ...entry, cwd: typeof cwd === 'string' ? resolve(project, cwd) : project };
}

/** With the variables of the file that the client would have read them from. */
function withVariables(entry: ServerEntry, folder: string): { entry: ServerEntry; notes: readonly string[] } {
  const { envFile, ...rest } = entry;
  if (typeof envFile !== 'string') return { entry, notes: [] };
  try {
    const env = { ...parseDotEnv(readFileSync(resolve(folder, envFile), 'utf8')).variables, ...(rest['env'] ?? {}) };
    return { entry: { ...rest, env }, notes: [] };
  } catch {
    return { entry: rest, notes: [`${envFile}, where its variables are, cannot be read`] };
  }
}

function recordAt(document: unknown, path: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const record = path.reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), document);
  return isRecord(record) ? record : undefined;
}

const join = (parts: readonly Found[]): Found => ({
  servers: parts.flatMap(({ servers }) => servers),
  faults: parts.flatMap(({ faults }) => faults),
  files: parts.flatMap(({ files }) => files),
});
