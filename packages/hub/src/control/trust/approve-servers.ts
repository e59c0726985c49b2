import type { Result } from '@hatago/protocol';
import type { LoadedConfig } from '../load.ts';
import { type Approval, type ApprovalChanges, approvalKey, approvalsFile, changeApprovals } from './approvals.ts';
import type { SecretsRead } from './launch.ts';
import { trustStates } from './trust-states.ts';

/** Where and as of when {@link approveServers} writes. */
export interface ApproveOptions {
  /** What was read of the secrets when the configuration was loaded. @default nothing */
  readonly secrets?: SecretsRead;
  /** @default the approvals in the user's home */
  readonly path?: string;
  /** Milliseconds of the epoch. @default Date.now */
  readonly now?: () => number;
}

/** Approves servers of a configuration as they are now; ids that it does not have are passed over. */
export function approveServers(
  loaded: LoadedConfig,
  ids: readonly string[],
  { secrets, path = approvalsFile(), now = Date.now }: ApproveOptions = {},
): Promise<Result<void, string>> {
  const approvedAt = new Date(now()).toISOString();
  const changes = new Map<string, Map<string, Approval>>();
  for (const { id, file, launch, hash } of trustStates(loaded, new Map(), secrets)) {
    if (!ids.includes(id)) continue;
    const key = approvalKey(file);
    changes.set(key, (changes.get(key) ?? new Map()).set(id, { hash, launch, approvedAt }));
  }
  return changeApprovals(changes, path);
}

/** Takes approvals of a configuration back. */
export function revokeServers(
  loaded: LoadedConfig,
  ids: readonly string[],
  { path = approvalsFile() }: Pick<ApproveOptions, 'path'> = {},
): Promise<Result<void, string>> {
  const changes = new Map<string, ApprovalChanges>();
  for (const id of ids) {
    const key = approvalKey(loaded.origins[id]?.file ?? loaded.file);
    changes.set(key, new Map([...(changes.get(key) ?? []), [id, null]]));
  }
  return changeApprovals(changes, path);
}
