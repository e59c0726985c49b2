import { approveServers } from '@hatago/hub/control/trust/approve-servers.ts';
import type { TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import type { ConfigEdit, ConfigFile } from '../add/config-file.ts';
import { keepSecrets, readerOver } from '../add/vault.ts';
import { CliError } from '../exit.ts';
import type { PlannedServer } from './plan-import.ts';

/** A server that our configuration would not be valid with. */
export interface Unfit {
  readonly server: PlannedServer;
  readonly reason: string;
}

/** The servers that fit into the configuration, with it as it would be with them, and those that do not. */
export interface Fitting {
  readonly servers: readonly PlannedServer[];
  readonly loaded: TrustedConfig;
  readonly edits: readonly ConfigEdit[];
  readonly unfit: readonly Unfit[];
}

/** Finds out which servers the configuration can take: one that cannot be right must not keep the others out. */
export function fit(file: ConfigFile, servers: readonly PlannedServer[], before: readonly ConfigEdit[]): Fitting {
  const unfit: Unfit[] = [];
  const fitting = servers.filter((server) => {
    try {
      preview(file, [server], before);
      return true;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      unfit.push({ server, reason: error.message.split('\n', 1)[0] ?? '' });
      return false;
    }
  });
  return { servers: fitting, unfit, ...preview(file, fitting, before) };
}

function preview(
  file: ConfigFile,
  servers: readonly PlannedServer[],
  before: readonly ConfigEdit[],
): Pick<Fitting, 'loaded' | 'edits'> {
  const edits = [...before, ...servers.map(({ id, entry }) => ({ path: file.placeOf(id), value: entry }))];
  return { edits, loaded: file.preview(edits, { secrets: readerOver(file.home, secretsOf(servers)) }) };
}

const secretsOf = (servers: readonly PlannedServer[]): ReadonlyMap<string, string> =>
  new Map(servers.flatMap(({ secrets }) => secrets.map(({ name, value }) => [name, value] as const)));

/** Keeps the secrets, approves the servers and writes them into the configuration, in this order. */
export async function takeOver(file: ConfigFile, { servers, loaded, edits }: Fitting): Promise<void> {
  for (const { id, secrets } of servers) {
    await keepSecrets(file.home, id, new Map(secrets.map(({ name, value }) => [name, value])));
  }
  const ids = servers.map(({ id }) => id);
  // A hub that watches the file must not find a server in it that is not approved yet.
  const approved = await approveServers(loaded, ids, { secrets: loaded.secretsRead });
  if (!approved.ok) throw new CliError(approved.error);
  file.write(edits);
}
