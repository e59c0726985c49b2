import type { ApprovalView, SecretView } from '@hatago/hub/admin/deps.ts';
import type { LoadedConfig } from '@hatago/hub/control/load.ts';
import { openVault } from '@hatago/hub/control/secrets/open-vault.ts';
import { readApprovals } from '@hatago/hub/control/trust/approvals.ts';
import { approveServers } from '@hatago/hub/control/trust/approve-servers.ts';
import type { TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import { type TrustState, trustStates } from '@hatago/hub/control/trust/trust-states.ts';
import { err, ok, type Result } from '@hatago/protocol';

type Load = () => Result<LoadedConfig, readonly string[]>;

/** The names of the secrets of a state directory. */
export async function secretsIn(home: string): Promise<Result<readonly SecretView[], string>> {
  const vault = openVault({ home, env: process.env });
  if (!vault.ok) return vault;
  const secrets = [...(vault.value.document?.secrets ?? [])];
  return ok(secrets.map(([name, { updatedAt }]) => ({ name, updatedAt })));
}

/** What a server of the configuration as it stands now would run; undefined where it is not there. */
export async function approvalIn(load: Load, server: string): Promise<ApprovalView | undefined> {
  const found = stateIn(load, server);
  if (found === undefined) return undefined;
  const { state, file, hash, changes, launch } = found.state;
  return { state, file, ...launch, hash, changes };
}

/** Approves a server as it stands now, if that is what the hash was made of. */
export async function approveIn(load: Load, server: string, hash: string): Promise<Result<void, string>> {
  const found = stateIn(load, server);
  if (found === undefined || found.state.hash !== hash) return err('it changed since it was shown');
  const { loaded } = found;
  return approveServers({ ...loaded, config: loaded.unchecked }, [server], { secrets: loaded.secretsRead });
}

function stateIn(
  load: Load,
  server: string,
): { readonly loaded: TrustedConfig; readonly state: TrustState } | undefined {
  const read = load();
  if (!read.ok || !isTrusted(read.value)) return undefined;
  const approvals = readApprovals();
  if (!approvals.ok) return undefined;
  const loaded = read.value;
  const states = trustStates({ ...loaded, config: loaded.unchecked }, approvals.value, loaded.secretsRead);
  const state = states.find(({ id }) => id === server);
  return state === undefined ? undefined : { loaded, state };
}

const isTrusted = (loaded: LoadedConfig): loaded is TrustedConfig => 'unchecked' in loaded;
