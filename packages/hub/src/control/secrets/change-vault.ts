import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { err, ok, type Result } from '@hatago/protocol';
import { sweepFolder, writeAtomically } from '../../storage/atomic-write.ts';
import { withFileLock } from '../../storage/file-lock.ts';
import { type Envelope, openValue, sealValue } from './envelope.ts';
import { findKey } from './find-key.ts';
import { forgetKeys, type MadeKey, makeKey } from './make-key.ts';
import type { KeyPlace } from './master-key.ts';
import { openVault, type Vault } from './open-vault.ts';
import { formatSecretDocument, parseSecretDocument } from './secret-document.ts';
import { forgetSeen, readSeen, writeSeen } from './seen-generation.ts';
import { type VaultOptions, vaultFiles } from './vault-options.ts';

/** A value to keep. */
export interface NewSecret {
  readonly value: string;
  /** What it is for; undefined keeps the label it has. */
  readonly label?: string;
}

/** A change of the secrets; null removes one. */
export type SecretChanges = ReadonlyMap<string, NewSecret | null>;

/**
 * Changes secrets: all of the changes or none, one process at a time, nothing lost that another one writes meanwhile.
 * The function gets what is there and says what is to change. Resolves when it is on the disk.
 */
export function changeVault(
  options: VaultOptions,
  change: (vault: Vault) => Result<SecretChanges, string>,
  place?: KeyPlace,
): Promise<Result<Vault, string>> {
  return locked(options, () => {
    const vault = openVault(options);
    if (!vault.ok) return vault;
    const changes = change(vault.value);
    if (!changes.ok) return changes;
    const made = keyFor(vault.value, options, place);
    if (!made.ok) return made;
    const { key } = made.value;
    const secrets = new Map(vault.value.document?.secrets);
    const updatedAt = timeOf(options);
    for (const [name, secret] of changes.value) {
      const label = secret?.label ?? secrets.get(name)?.label;
      if (secret === null) secrets.delete(name);
      else
        secrets.set(name, sealValue(key, name, secret.value, { updatedAt, ...(label === undefined ? {} : { label }) }));
    }
    return writeVault(options, made.value, secrets, vault.value.document?.generation ?? readSeen(options, key));
  });
}

/**
 * Encrypts every secret with a new key, in the place of the old one or the one asked for, and forgets the old key. Killed
 * in the middle, the file opens with the key it was last written with.
 */
export function rotateVault(options: VaultOptions, place?: KeyPlace): Promise<Result<Vault, string>> {
  return locked(options, () => {
    const vault = openVault(options);
    if (!vault.ok) return vault;
    const { document, key: old } = vault.value;
    if (document === undefined || old === undefined)
      return err('there are no secrets yet, so there is no key to replace');
    const values = [...document.secrets].map(([name, entry]) => ({ name, entry, value: vault.value.get(name) }));
    const made = makeKey(options, place ?? old.place, old);
    if (!made.ok) return made;
    const used = made.value.key;
    const secrets = new Map<string, Envelope>();
    for (const { name, entry, value } of values) {
      if (!value.ok) return value;
      secrets.set(name, sealValue(used, name, value.value, entry));
    }
    const written = writeVault(options, made.value, secrets, document.generation);
    if (!written.ok) return written;
    forgetKeys(options, old, used);
    forgetSeen(options, old, used);
    return written;
  });
}

/**
 * Takes a file that was changed or put back by hand as it is: what opens is kept, what does not is left out, and the file
 * before is copied beside it. Gives the names that were left out, and the copy.
 */
export function acceptVault(options: VaultOptions): Promise<Result<{ lost: readonly string[]; copy: string }, string>> {
  const { secrets: file } = vaultFiles(options.home);
  return locked(options, () => {
    if (!existsSync(file)) return err('there is no file of secrets yet');
    const parsed = parseSecretDocument(readFileSync(file, 'utf8'), file);
    if (!parsed.ok) return parsed;
    const key = findKey(options, parsed.value);
    if (!key.ok) return key;
    const { kdf, generation } = parsed.value;
    const entries = [...parsed.value.secrets];
    const good = entries.filter(([name, entry]) => openValue(key.value, name, entry).ok);
    const copy = `${file}.${timeOf(options).replaceAll(/[:.]/g, '-')}.bak`;
    copyFileSync(file, copy);
    const before = Math.max(generation, readSeen(options, key.value));
    const written = writeVault(options, { key: key.value, kdf }, new Map(good), before);
    const kept = new Set(good.map(([name]) => name));
    return written.ok ? ok({ lost: entries.map(([name]) => name).filter((name) => !kept.has(name)), copy }) : written;
  });
}

/** Does the work while no other process changes the vault; what goes wrong with files is an error in words. */
export async function locked<T>(options: VaultOptions, work: () => Result<T, string>): Promise<Result<T, string>> {
  try {
    return await withFileLock(vaultFiles(options.home).lock, () => {
      sweepFolder(options.home);
      return work();
    });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return err(code === undefined ? message : `${options.home} cannot be written (${code}): ${message}`);
  }
}

function keyFor(vault: Vault, options: VaultOptions, place: KeyPlace | undefined): Result<MadeKey, string> {
  const { key, document } = vault;
  if (key === undefined) return makeKey(options, place);
  if (place === undefined || place === key.place) return ok({ key, kdf: document?.kdf });
  return err(`the key is kept in another place already; \`hatago secret rotate --key ${place}\` moves it`);
}

/** Writes the vault, one generation after the one before, and opens it again. */
export function writeVault(
  options: VaultOptions,
  { key, kdf }: MadeKey,
  secrets: ReadonlyMap<string, Envelope>,
  before: number,
): Result<Vault, string> {
  const document = {
    generation: before + 1,
    kid: key.kid,
    key: key.place,
    ...(kdf === undefined ? {} : { kdf }),
    secrets,
  };
  writeAtomically(vaultFiles(options.home).secrets, formatSecretDocument(document, key));
  writeSeen(options, key, document.generation);
  return openVault(options);
}

const timeOf = ({ now = Date.now }: VaultOptions): string => new Date(now()).toISOString();
