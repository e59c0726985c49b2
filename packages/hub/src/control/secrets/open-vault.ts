import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '@hatago/protocol';
import { type Envelope, openValue } from './envelope.ts';
import { findKey } from './find-key.ts';
import type { MasterKey } from './master-key.ts';
import { isGenuine, parseSecretDocument, type SecretDocument } from './secret-document.ts';
import { readSeen } from './seen-generation.ts';
import { type VaultOptions, vaultFiles } from './vault-options.ts';

/** The secrets as they were when the vault was opened. */
export interface Vault {
  readonly file: string;
  /** Undefined when nothing was ever kept. */
  readonly document: SecretDocument | undefined;
  /** Undefined when nothing was ever kept. */
  readonly key: MasterKey | undefined;
  /** The value of a secret, or why there is none. */
  get(name: string): Result<string, string>;
}

/** The file is read this often while it changes between two looks at it and its key. */
const MAX_READS = 5;

/**
 * Opens the secrets of a state directory. A file that is cut off, changed, older than what was last written, or was
 * written with a key that is not here gives one error with the file and what to do; nothing is ever written.
 */
export function openVault(options: VaultOptions): Result<Vault, string> {
  const file = vaultFiles(options.home).secrets;
  let text = readText(file);
  for (let reads = 1; ; reads++) {
    const opened = text.ok ? openText(text.value, options) : text;
    if (opened.ok || reads === MAX_READS) return opened;
    // Another process may have written the file, and a new key, since it was read.
    const again = readText(file);
    if (!again.ok || (text.ok && again.value === text.value)) return opened;
    text = again;
  }
}

function readText(file: string): Result<string | undefined, string> {
  try {
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? ok(undefined)
      : err(`${file} cannot be read (${code ?? 'unreadable'}); see its permissions`);
  }
}

function openText(text: string | undefined, options: VaultOptions): Result<Vault, string> {
  const file = vaultFiles(options.home).secrets;
  if (text === undefined) return ok({ file, document: undefined, key: undefined, get: (name) => err(notSet(name)) });
  const parsed = parseSecretDocument(text, file);
  if (!parsed.ok) return parsed;
  const document = parsed.value;
  const found = findKey(options, document);
  if (!found.ok) return found;
  const key = found.value;
  const fault = faultOf(document, key, readSeen(options, key));
  if (fault !== undefined) return err(`${file} ${fault}`);
  return ok({ file, document, key, get: (name) => openNamed(document.secrets.get(name), name, key, file) });
}

const accept =
  'Nothing was changed. Put a good copy back; if this is your own doing, `hatago secret init --accept` takes it as it is';

function faultOf(document: SecretDocument, key: MasterKey, seen: number): string | undefined {
  if (!isGenuine(document, key)) {
    const broken = [...document.secrets].filter(([name, entry]) => !openValue(key, name, entry).ok);
    const which = broken.length === 0 ? '' : `; these do not open: ${broken.map(([name]) => name).join(', ')}`;
    return `was changed by something else than Hatago${which}. ${accept}.`;
  }
  if (document.generation >= seen) return undefined;
  return `is older than what was last written here (write ${document.generation}, last ${seen}). ${accept}.`;
}

function openNamed(envelope: Envelope | undefined, name: string, key: MasterKey, file: string): Result<string, string> {
  if (envelope === undefined) return err(notSet(name));
  const opened = openValue(key, name, envelope);
  return opened.ok ? opened : err(`${file}: ${opened.error}; set it again with \`hatago secret set ${name}\``);
}

const notSet = (name: string): string => `the secret ${name} is not set; set it with \`hatago secret set ${name}\``;
