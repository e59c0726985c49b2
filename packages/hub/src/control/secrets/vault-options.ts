import { join } from 'node:path';
import { type Keyring, openKeyring } from './keyring.ts';

/** Where secrets are kept and where their key is looked for. */
export interface VaultOptions {
  /** The hub's state directory. */
  readonly home: string;
  /** `HATAGO_MASTER_KEY`, `HATAGO_MASTER_KEY_NEXT` and `HATAGO_KEYRING` are read from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @default the credential store of the operating system */
  readonly keyring?: Keyring;
  /** Milliseconds of the epoch. @default Date.now */
  readonly now?: () => number;
}

/** The files of a vault. */
export interface VaultFiles {
  readonly secrets: string;
  readonly lock: string;
  /** Holds the key where neither a keyring nor the environment does. */
  readonly key: string;
  /** Remembers the newest generation seen, beside the key. */
  readonly seen: string;
}

/** The files of the vault in a state directory. */
export function vaultFiles(home: string): VaultFiles {
  const secrets = join(home, 'secrets.json');
  return { secrets, lock: `${secrets}.lock`, key: join(home, 'master.key'), seen: join(home, 'master.seen') };
}

/** The keyring of the options, or that of the system; undefined where it is switched off. */
export function keyringOf(options: VaultOptions): Keyring | undefined {
  return options.keyring ?? openKeyring(options.env);
}
