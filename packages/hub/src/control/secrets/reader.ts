import { basename } from 'node:path';
import type { Result } from '@hatago/protocol';
import { sweepFolder } from '../../storage/atomic-write.ts';
import { removeIfDead } from '../../storage/file-lock.ts';
import { SECRET_NAME, type SecretReader } from '../secret-reader.ts';
import { openVault, type Vault } from './open-vault.ts';
import { type VaultOptions, vaultFiles } from './vault-options.ts';

/** Reads secrets for one load of a configuration; nothing is opened before the first one is asked for. */
export function createSecretReader(options: VaultOptions): SecretReader {
  let vault: Result<Vault, string> | undefined;
  return (name) => {
    if (!SECRET_NAME.test(name)) return { ok: false, reason: `${JSON.stringify(name)} is no name of a secret` };
    vault ??= openVault(options);
    const value = vault.ok ? vault.value.get(name) : vault;
    return value.ok ? value : { ok: false, reason: value.error };
  };
}

/** Removes what writes by processes that were killed left behind in a state directory. */
export function sweepSecrets(home: string): void {
  const { lock } = vaultFiles(home);
  const names = sweepFolder(home);
  if (names.some((name) => name.startsWith(basename(lock)))) removeIfDead(lock);
}
