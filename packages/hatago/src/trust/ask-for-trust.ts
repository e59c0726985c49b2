import { readApprovals } from '@hatago/hub/control/trust/approvals.ts';
import { approveServers } from '@hatago/hub/control/trust/approve-servers.ts';
import { type TrustedConfig, trustAgain } from '@hatago/hub/control/trust/load-trusted.ts';
import { type TrustState, trustStates } from '@hatago/hub/control/trust/trust-states.ts';
import { coloursFor } from '../colours.ts';
import { CliError } from '../exit.ts';
import { tell } from '../output.ts';
import { askYesNo, canAsk } from '../prompt.ts';
import { showLaunch } from './show-launch.ts';

/** Every server of a configuration and whether it may run. */
export function statesOf(loaded: TrustedConfig): TrustState[] {
  const approvals = readApprovals();
  if (!approvals.ok) throw new CliError(approvals.error);
  return trustStates({ ...loaded, config: loaded.unchecked }, approvals.value, loaded.secretsRead);
}

/** Whether a server waits for approval. */
export function isWaiting({ state }: TrustState): boolean {
  return state === 'new' || state === 'changed';
}

/**
 * Asks, where a person sits at a terminal, about every server that came with a project and was not approved, and gives
 * the configuration with those approved free to run. The others stay blocked; elsewhere all of them do, and one line says
 * how to approve them.
 */
export async function askForTrust<T extends TrustedConfig>(loaded: T): Promise<T> {
  const { mcpServers } = loaded.config;
  if (!Object.values(mcpServers).some(({ blocked }) => blocked?.code === 'HATAGO_NEEDS_APPROVAL')) return loaded;
  const waiting = statesOf(loaded).filter(isWaiting);
  const approved = canAsk() ? await askAbout(waiting) : [];
  if (approved.length > 0) await approveIds(loaded, approved);
  const left = waiting.map(({ id }) => id).filter((id) => !approved.includes(id));
  if (left.length > 0) tell(`not approved, so not started: ${left.join(', ')}; see \`hatago trust\``);
  const trusted = trustAgain(loaded);
  if (!trusted.ok) throw new CliError(trusted.error);
  return trusted.value;
}

/** Shows each server in full and asks about it; gives the ids that were agreed to. */
export async function askAbout(states: readonly TrustState[]): Promise<string[]> {
  const agreed: string[] = [];
  for (const state of states) {
    for (const line of showLaunch(state, coloursFor(process.stderr))) tell(line);
    if (await askYesNo('Let this run on your machine?', false)) agreed.push(state.id);
  }
  return agreed;
}

/** Approves servers as they are now. */
export async function approveIds(loaded: TrustedConfig, ids: readonly string[]): Promise<void> {
  const done = await approveServers({ ...loaded, config: loaded.unchecked }, ids, { secrets: loaded.secretsRead });
  if (!done.ok) throw new CliError(done.error);
}
