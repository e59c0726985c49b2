import { looseMode, readKeyLines } from './key-lines.ts';
import type { KeyPlace } from './master-key.ts';
import { openVault } from './open-vault.ts';
import { type VaultOptions, vaultFiles } from './vault-options.ts';

/** What `doctor` and `secret list` say of the secrets and their key. */
export interface KeyReport {
  /** Where the key is; undefined when there are no secrets yet or their key is not here. */
  readonly place: KeyPlace | undefined;
  /** That place in words. */
  readonly words: string;
  /** How many secrets there are. */
  readonly secrets: number;
  /** What is wrong and what to do; undefined when all is well. */
  readonly problem: string | undefined;
}

/** Says where the key of the secrets is kept, and whether it opens them. */
export function keySource(options: VaultOptions): KeyReport {
  const vault = openVault(options);
  if (!vault.ok) return { place: undefined, words: 'no key that opens them', secrets: 0, problem: vault.error };
  const { key, document } = vault.value;
  if (key === undefined || document === undefined) {
    return { place: undefined, words: 'no secrets yet', secrets: 0, problem: undefined };
  }
  const files = vaultFiles(options.home);
  const loose = [files.secrets, ...(readKeyLines(files.key).keys.length > 0 ? [files.key] : [])].map(looseMode);
  const places: Readonly<Record<KeyPlace, string>> = {
    keyring: 'the keyring of the operating system',
    environment: document.kdf === undefined ? 'HATAGO_MASTER_KEY' : 'a passphrase in HATAGO_MASTER_KEY',
    file: files.key,
  };
  return {
    place: key.place,
    words: places[key.place],
    secrets: document.secrets.size,
    problem: loose.find((fault) => fault !== undefined),
  };
}
