import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { SECRET_NAME } from '../secret-reader.ts';
import { openVault } from './open-vault.ts';
import { isPredecessor, readPredecessor } from './predecessor.ts';
import { type VaultOptions, vaultFiles } from './vault-options.ts';

/** What was found in a file to import. */
export interface ImportedValues {
  readonly values: ReadonlyMap<string, string>;
  readonly format: 'env' | 'json' | 'predecessor' | 'hatago';
}

/**
 * The values of a file: `.env` lines, one JSON object of texts, a `secrets.json` of the predecessor, or one of another
 * state directory whose key is at hand. All of them or an error, never some.
 */
export function readImport(file: string, options: VaultOptions): Result<ImportedValues, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return err(
      code === 'ENOENT' ? `${file}: there is no such file` : `${file} cannot be read (${code ?? 'unreadable'})`,
    );
  }
  return parseImport(text, file, options);
}

/** The same for a text that was read already; `file` stands in errors. */
export function parseImport(text: string, file: string, options: VaultOptions): Result<ImportedValues, string> {
  const found = text.trimStart().startsWith('{') ? fromJson(text, file, options) : fromEnv(text, file);
  if (!found.ok) return found;
  for (const [name, value] of found.value.values) {
    if (!SECRET_NAME.test(name))
      return err(`${file}: ${JSON.stringify(name)} is no name of a secret; nothing was imported`);
    if (value === '') return err(`${file}: ${name} is empty; nothing was imported`);
  }
  return found.value.values.size === 0 ? err(`${file} holds no values`) : found;
}

function fromJson(text: string, file: string, options: VaultOptions): Result<ImportedValues, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(`${file} is not valid JSON; nothing was imported`);
  }
  if (isPredecessor(value)) {
    const values = readPredecessor(value, file);
    return values.ok ? ok({ values: values.value, format: 'predecessor' }) : values;
  }
  if (isRecord(value) && value['version'] === 2 && isRecord(value['secrets'])) return fromVault(file, options);
  const entries = isRecord(value) ? Object.entries(value) : [];
  const odd = entries.find(([, entry]) => typeof entry !== 'string');
  if (odd !== undefined) return err(`${file}: ${JSON.stringify(odd[0])} is not a text; nothing was imported`);
  return ok({ values: new Map(entries as [string, string][]), format: 'json' });
}

function fromVault(file: string, options: VaultOptions): Result<ImportedValues, string> {
  const home = dirname(resolve(file));
  if (vaultFiles(home).secrets !== resolve(file))
    return err(`${file} must be called secrets.json and lie beside its key`);
  const vault = openVault({ ...options, home });
  if (!vault.ok) return vault;
  const values = new Map<string, string>();
  for (const name of vault.value.document?.secrets.keys() ?? []) {
    const value = vault.value.get(name);
    if (!value.ok) return value;
    values.set(name, value.value);
  }
  return ok({ values, format: 'hatago' });
}

function fromEnv(text: string, file: string): Result<ImportedValues, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  if (!lines.some((line) => line.includes('='))) return err(`${file} holds neither NAME=value lines nor a JSON object`);
  return ok({ values: new Map(Object.entries(parseEnv(text) as Record<string, string>)), format: 'env' });
}
