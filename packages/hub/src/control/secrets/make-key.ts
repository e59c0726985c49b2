import { randomBytes } from 'node:crypto';
import { err, ok, type Result } from '@hatago/protocol';
import { keyAccount, keyOfText } from './find-key.ts';
import { readKeyLines, writeKeyLines } from './key-lines.ts';
import { KEY_BYTES, type KeyPlace, type MasterKey, toMasterKey } from './master-key.ts';
import { type Kdf, MIN_PASSPHRASE, newKdf } from './passphrase.ts';
import { keyringOf, type VaultOptions, vaultFiles } from './vault-options.ts';

/** A key to write with, and how it was made from a passphrase, if it was. */
export interface MadeKey {
  readonly key: MasterKey;
  readonly kdf: Kdf | undefined;
}

/** What a new key takes the place of: a key of ours, or the file of the predecessor, whose key is not to be used on. */
export type Replaced = MasterKey | 'predecessor' | undefined;

/**
 * A key for new secrets: in the keyring of the operating system where there is one, else `HATAGO_MASTER_KEY`, else the
 * file; or in the place that is asked for.
 */
export function makeKey(options: VaultOptions, place?: KeyPlace, replaced?: Replaced): Result<MadeKey, string> {
  if (place === 'keyring' || place === undefined) {
    const key = inKeyring(options);
    if (key !== undefined) return ok({ key, kdf: undefined });
    if (place === 'keyring') return err('the keyring of the operating system cannot be reached from here');
  }
  if (place === 'environment' || (place === undefined && isGiven(options.env['HATAGO_MASTER_KEY']))) {
    return fromEnvironment(options.env, replaced);
  }
  return inFile(options, replaced);
}

const isGiven = (text: string | undefined): text is string => text !== undefined && text !== '';

function inKeyring(options: VaultOptions): MasterKey | undefined {
  const keyring = keyringOf(options);
  if (keyring === undefined) return undefined;
  const key = toMasterKey(randomBytes(KEY_BYTES), 'keyring');
  return keyring.set(keyAccount(key.kid), Buffer.from(key.bytes).toString('base64')) ? key : undefined;
}

function fromEnvironment(env: VaultOptions['env'], replaced: Replaced): Result<MadeKey, string> {
  const next = env['HATAGO_MASTER_KEY_NEXT'];
  const text = typeof replaced === 'object' && isGiven(next) ? next : env['HATAGO_MASTER_KEY'];
  if (!isGiven(text)) return err('HATAGO_MASTER_KEY is not set');
  const key = keyOfText(text, undefined);
  if (key !== undefined) {
    if (typeof replaced !== 'object' || key.kid !== replaced.kid) return ok({ key, kdf: undefined });
    return err('this is the key itself that is to be replaced: put the new one into HATAGO_MASTER_KEY_NEXT');
  }
  if (text.length < MIN_PASSPHRASE) {
    return err(
      `HATAGO_MASTER_KEY is too short for a passphrase: take ${MIN_PASSPHRASE} characters or more, or 32 random bytes as base64`,
    );
  }
  const kdf = newKdf();
  return ok({ key: keyOfText(text, kdf) as MasterKey, kdf });
}

function inFile(options: VaultOptions, replaced: Replaced): Result<MadeKey, string> {
  const path = vaultFiles(options.home).key;
  const { keys, problem } = readKeyLines(path);
  if (problem !== undefined) return err(`${problem}; put the key back, or move the file away to begin with a new one`);
  const last = keys.at(-1);
  if (last !== undefined && replaced === undefined) return ok({ key: last, kdf: undefined });
  const key = toMasterKey(randomBytes(KEY_BYTES), 'file');
  writeKeyLines(path, [...keys, key]);
  return ok({ key, kdf: undefined });
}

/** Forgets every key but the one in use; what the environment holds is not ours to remove. */
export function forgetKeys(options: VaultOptions, old: MasterKey, used: MasterKey): void {
  if (old.place === 'keyring' && old.kid !== used.kid) keyringOf(options)?.remove(keyAccount(old.kid));
  const path = vaultFiles(options.home).key;
  if (readKeyLines(path).keys.length > 0) writeKeyLines(path, used.place === 'file' ? [used] : []);
}
