import { err, ok, type Result } from '@hatago/protocol';
import { readKeyLines } from './key-lines.ts';
import { type KeyPlace, type MasterKey, parseKeyText, toMasterKey } from './master-key.ts';
import { deriveKey, type Kdf } from './passphrase.ts';
import type { SecretDocument } from './secret-document.ts';
import { keyringOf, type VaultOptions, vaultFiles } from './vault-options.ts';

const ORDER: readonly KeyPlace[] = ['keyring', 'environment', 'file'];

/** The account of a key in the keyring; several vaults of one user keep theirs side by side. */
export const keyAccount = (kid: string): string => `key ${kid}`;

/** The key a file was written with: from where it was then, else from wherever it is now. */
export function findKey(options: VaultOptions, document: SecretDocument): Result<MasterKey, string> {
  const places = [document.key, ...ORDER.filter((place) => place !== document.key)];
  for (const place of places) {
    const found = keysAt(place, options, document).find(({ kid }) => kid === document.kid);
    if (found !== undefined) return ok(found);
  }
  return err(wrongKey(options, document));
}

function keysAt(place: KeyPlace, options: VaultOptions, document: Pick<SecretDocument, 'kid' | 'kdf'>): MasterKey[] {
  if (place === 'file') return [...readKeyLines(vaultFiles(options.home).key).keys];
  if (place === 'environment') return keysOfEnvironment(options.env, document.kdf);
  const bytes = parseKeyText(keyringOf(options)?.get(keyAccount(document.kid)) ?? '');
  return bytes === undefined ? [] : [toMasterKey(bytes, 'keyring')];
}

/** The keys that `HATAGO_MASTER_KEY` and, for a change of it under way, `HATAGO_MASTER_KEY_NEXT` stand for. */
function keysOfEnvironment(env: VaultOptions['env'], kdf: Kdf | undefined): MasterKey[] {
  return ['HATAGO_MASTER_KEY', 'HATAGO_MASTER_KEY_NEXT'].flatMap((name) => {
    const key = keyOfText(env[name], kdf);
    return key === undefined ? [] : [key];
  });
}

/** The key that a text stands for: itself where it is one, else a passphrase if the file was written with one. */
export function keyOfText(text: string | undefined, kdf: Kdf | undefined): MasterKey | undefined {
  if (text === undefined || text === '') return undefined;
  const bytes = kdf === undefined ? parseKeyText(text) : deriveKey(text, kdf);
  return bytes === undefined ? undefined : toMasterKey(bytes, 'environment');
}

const PLACE_WORDS: Readonly<Record<KeyPlace, string>> = {
  keyring: 'the keyring of the operating system',
  environment: 'HATAGO_MASTER_KEY',
  file: 'master.key',
};

function wrongKey(options: VaultOptions, document: SecretDocument): string {
  const { secrets, key } = vaultFiles(options.home);
  const found: string[] = [];
  const given = options.env['HATAGO_MASTER_KEY'];
  if (given !== undefined && given !== '') found.push('HATAGO_MASTER_KEY holds another one');
  const lines = readKeyLines(key);
  if (lines.keys.length > 0) found.push(`${key} holds another one`);
  if (lines.problem !== undefined) found.push(lines.problem);
  const where = document.kdf === undefined ? PLACE_WORDS[document.key] : 'a passphrase in HATAGO_MASTER_KEY';
  const rest = found.length === 0 ? '' : ` (${found.join('; ')})`;
  return (
    `${secrets} cannot be opened: its key ${document.kid}, kept in ${where} when it was written, is not here${rest}. ` +
    'Nothing was changed. Bring that key back, or move the file away and set the secrets again.'
  );
}
