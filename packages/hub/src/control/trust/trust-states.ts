import type { LoadedConfig } from '../load.ts';
import { type Approvals, approvalKey } from './approvals.ts';
import { changesOf } from './changes.ts';
import { hashLaunch, type Launch, launchOf, needsApproval, type SecretsRead } from './launch.ts';

/** Whether one server of a configuration may run. */
export interface TrustState {
  readonly id: string;
  /** The file it was written in. */
  readonly file: string;
  /** `own`: the user's own act, or nothing of it runs here; the others came with a project's files. */
  readonly state: 'own' | 'approved' | 'changed' | 'new';
  readonly launch: Launch;
  readonly hash: string;
  /** What is other than when it was approved; empty unless it changed. */
  readonly changes: readonly string[];
}

/** The state of every server that is not disabled, in the order of the configuration. */
export function trustStates(
  loaded: LoadedConfig,
  approvals: Approvals,
  secrets: SecretsRead = new Map(),
): TrustState[] {
  return Object.entries(loaded.config.mcpServers)
    .filter(([, server]) => !server.disabled)
    .map(([id, server]) => {
      const origin = loaded.origins[id];
      const launch = launchOf(server, { variables: loaded.variableNames[id], secrets: secrets.get(id) });
      const hash = hashLaunch(launch);
      const file = origin?.file ?? loaded.file;
      const known = approvals.get(approvalKey(file))?.get(id);
      const about = { id, file, launch, hash, changes: [] };
      if (origin?.project !== true || !needsApproval(launch)) return { ...about, state: 'own' };
      if (known === undefined) return { ...about, state: 'new' };
      if (known.hash === hash) return { ...about, state: 'approved' };
      return { ...about, state: 'changed', changes: changesOf(known.launch, launch) };
    });
}
