import { ok, type Result } from '@hatago/protocol';
import { sweepConfig } from '../config-lock.ts';
import { type ConfigSearch, homeOf } from '../find-config.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../load.ts';
import type { SecretReader } from '../secret-reader.ts';
import { createSecretReader, sweepSecrets } from '../secrets/reader.ts';
import { vaultFiles } from '../secrets/vault-options.ts';
import { applyTrust } from './apply-trust.ts';
import { approvalsFile, readApprovals, sweepApprovals } from './approvals.ts';
import type { SecretsRead } from './launch.ts';

/** A configuration with its secrets read and its unapproved servers blocked. */
export interface TrustedConfig extends LoadedConfig {
  /** What was read of the secrets, for what is shown of the servers. */
  readonly secretsRead: SecretsRead;
  /** As it was before servers were blocked for want of approval. */
  readonly unchecked: LoadedConfig['config'];
}

/** How {@link loadTrusted} loads. */
export interface TrustedOptions extends LoadOptions {
  /** @default the approvals in the user's home */
  readonly approvals?: string;
}

/**
 * Loads a configuration as everything that runs servers must: secrets come from its state directory, and servers of a
 * project that were not approved are blocked. What is watched includes the secrets and the approvals.
 */
export function loadTrusted(
  file: string,
  env: ConfigSearch['env'],
  options: TrustedOptions = {},
): Result<TrustedConfig, readonly string[]> {
  const home = homeOf(file, env);
  const path = options.approvals ?? approvalsFile();
  sweepConfig(file);
  sweepSecrets(home);
  const read = new Map<string, Map<string, string>>();
  const secrets = options.secrets ?? createSecretReader({ home, env });
  const loaded = loadConfig(file, env, { ...options, secrets: noting(secrets, read) });
  if (!loaded.ok) return loaded;
  const files = [...new Set([...loaded.value.files, vaultFiles(home).secrets])];
  const whole = { ...loaded.value, files, secretsRead: read, unchecked: loaded.value.config };
  return ok(Object.values(whole.origins).some(({ project }) => project) ? guard(whole, path) : whole);
}

/** What cannot be read approves nothing, and is told. */
function guard(loaded: TrustedConfig, path: string): TrustedConfig {
  sweepApprovals(path);
  const approvals = readApprovals(path);
  const { config } = applyTrust(loaded, approvals.ok ? approvals.value : new Map(), loaded.secretsRead);
  const warnings = approvals.ok ? loaded.warnings : [...loaded.warnings, approvals.error];
  return { ...loaded, config, warnings, files: [...loaded.files, path] };
}

/** The same configuration with the approvals that are on the disk now. */
export function trustAgain<T extends TrustedConfig>(loaded: T, path: string = approvalsFile()): Result<T, string> {
  const approvals = readApprovals(path);
  if (!approvals.ok) return approvals;
  const { config } = applyTrust({ ...loaded, config: loaded.unchecked }, approvals.value, loaded.secretsRead);
  return ok({ ...loaded, config });
}

function noting(secrets: SecretReader, read: Map<string, Map<string, string>>): SecretReader {
  return (name, server) => {
    const found = secrets(name, server);
    const values = read.get(server) ?? new Map<string, string>();
    // One that is missing is asked for all the same: it must not come by a later `secret set` unseen.
    read.set(server, values.set(name, found.ok ? found.value : ''));
    return found;
  };
}
