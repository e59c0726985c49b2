import type { Blocked, ServerConfig } from '../config.ts';
import type { LoadedConfig } from '../load.ts';
import type { Approvals } from './approvals.ts';
import type { SecretsRead } from './launch.ts';
import { type TrustState, trustStates } from './trust-states.ts';

/**
 * The configuration with every server blocked that came with a project's files, runs a command or is given something of
 * this machine, a variable or a secret, and was not approved as it is now. Nothing of such a server runs, and nothing is sent to it.
 */
export function applyTrust(loaded: LoadedConfig, approvals: Approvals, secrets: SecretsRead = new Map()): LoadedConfig {
  const waiting = new Map(
    trustStates(loaded, approvals, secrets)
      .filter(({ state }) => state === 'new' || state === 'changed')
      .map((state) => [state.id, state]),
  );
  if (waiting.size === 0) return loaded;
  const servers = Object.entries(loaded.config.mcpServers).map(([id, server]): [string, ServerConfig] => {
    const state = waiting.get(id);
    return [id, state === undefined ? server : { ...server, blocked: blockedBy(state) }];
  });
  return { ...loaded, config: { ...loaded.config, mcpServers: Object.fromEntries(servers) } };
}

function blockedBy({ id, state, launch }: TrustState): Blocked {
  const what = launch.command === null ? 'what it asks for was' : 'its command was';
  const why = state === 'changed' ? `it changed since ${what} approved` : `${what} not approved here`;
  return {
    code: 'HATAGO_NEEDS_APPROVAL',
    message: `it came with the files of a project, and ${why}.`,
    fix: `hatago trust ${id}`,
  };
}
