import { acceptVault, changeVault, rotateVault } from '@hatago/hub/control/secrets/change-vault.ts';
import { keySource } from '@hatago/hub/control/secrets/key-report.ts';
import type { KeyPlace } from '@hatago/hub/control/secrets/master-key.ts';
import { ok } from '@hatago/protocol';
import type { GlobalOptions } from '../context.ts';
import { print, printJson, tell } from '../output.ts';
import { ignoreState, open, orThrow, vaultOf } from './secret.ts';

/** Options of `hatago secret init` and `rotate`. */
export interface KeyOptions extends GlobalOptions {
  readonly key?: KeyPlace;
  readonly accept?: boolean;
}

/** Makes the key and an empty file of secrets, or accepts a file as it is. */
export async function initSecrets(options: KeyOptions): Promise<void> {
  const vault = vaultOf(options);
  if (options.accept) return accept(options);
  const { document, file } = open(vault);
  const isNew = document === undefined;
  if (isNew) {
    ignoreState(vault.home);
    orThrow(await changeVault(vault, () => ok(new Map()), options.key));
  }
  const { place, words, secrets } = keySource(vault);
  if (options.json) return printJson({ file, key: place, created: isNew, secrets });
  print(isNew ? `Made ${file}` : `${file} is there already, with ${secrets} secrets; nothing was changed`);
  print(`Key: ${words}`);
}

async function accept(options: KeyOptions): Promise<void> {
  const { lost, copy } = orThrow(await acceptVault(vaultOf(options)));
  if (options.json) return printJson({ lost, copy });
  print(`Accepted; the file before is ${copy}`);
  if (lost.length > 0) tell(`These did not open and are gone, set them again: ${lost.join(', ')}`);
}

/** Encrypts every secret with a new key. */
export async function rotateSecrets(options: KeyOptions): Promise<void> {
  const vault = vaultOf(options);
  const before = open(vault).key;
  const { key, document, file } = orThrow(await rotateVault(vault, options.key));
  const { words } = keySource(vault);
  const count = document?.secrets.size ?? 0;
  const next = key?.place === 'environment' && process.env['HATAGO_MASTER_KEY_NEXT'] !== undefined;
  if (options.json) return printJson({ file, key: key?.place, from: before?.kid, to: key?.kid, secrets: count });
  print(`Encrypted ${count === 1 ? 'one secret' : `${count} secrets`} anew in ${file}`);
  print(`Key: ${words}`);
  if (next) print('From now on HATAGO_MASTER_KEY has to hold what HATAGO_MASTER_KEY_NEXT holds');
}
