import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { changeVault, type SecretChanges } from '@hatago/hub/control/secrets/change-vault.ts';
import { type ImportedValues, parseImport, readImport } from '@hatago/hub/control/secrets/import-values.ts';
import { takeOver } from '@hatago/hub/control/secrets/take-over.ts';
import { vaultFiles } from '@hatago/hub/control/secrets/vault-options.ts';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import { err, ok } from '@hatago/protocol';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { ignoreState, open, orThrow, readInput, vaultOf } from './secret.ts';

/** Options of `hatago secret import` and `export`. */
export interface TransferOptions extends GlobalOptions {
  readonly force?: boolean;
  readonly plaintext?: boolean;
}

/** Takes secrets over from a file: all of them, or none where one is kept already with another value. */
export async function importSecrets(file: string, options: TransferOptions): Promise<void> {
  const vault = vaultOf(options);
  const path = file === '-' ? 'standard input' : resolve(file);
  if (file !== '-' && !existsSync(path)) throw new CliError(`${path}: there is no such file`, EXIT.notFound);
  const found = orThrow(file === '-' ? parseImport(await readInput(), path, vault) : readImport(path, vault));
  ignoreState(vault.home);
  // The predecessor's own file lies where ours belongs.
  if (found.format === 'predecessor' && path === vaultFiles(vault.home).secrets) {
    const { copy } = orThrow(await takeOver(vault, found.values));
    return report(options, found, `; the files before are in ${copy}`);
  }
  orThrow(
    await changeVault(vault, (now) => {
      const taken = [...found.values].filter(([name, value]) => {
        if (!now.document?.secrets.has(name)) return false;
        const kept = now.get(name);
        return !kept.ok || kept.value !== value;
      });
      if (taken.length > 0 && !options.force) {
        return err(
          `${taken.map(([name]) => name).join(', ')} is kept already; --force replaces it, nothing was imported`,
        );
      }
      return ok<SecretChanges>(new Map([...found.values].map(([name, value]) => [name, { value }])));
    }),
  );
  report(options, found, '');
}

function report(options: TransferOptions, { values, format }: ImportedValues, more: string): void {
  const names = [...values.keys()].sort();
  if (options.json) return printJson({ imported: names, format });
  print(`Imported ${names.length === 1 ? 'one secret' : `${names.length} secrets`}: ${names.join(', ')}${more}`);
}

/** Writes all secrets to a file that only the user can read. */
export async function exportSecrets(file: string, options: TransferOptions): Promise<void> {
  if (!options.plaintext) {
    throw new CliError('the exported file is not encrypted: say --plaintext if that is what you want', EXIT.usage);
  }
  const path = resolve(file);
  if (existsSync(path) && !options.force) throw new CliError(`${path} is there already; --force overwrites it`);
  const vault = open(vaultOf(options));
  const names = [...(vault.document?.secrets.keys() ?? [])].sort();
  const values = names.map((name): [string, string] => [name, orThrow(vault.get(name))]);
  writeAtomically(
    path,
    path.endsWith('.json') ? `${JSON.stringify(Object.fromEntries(values), null, 2)}\n` : toEnv(values),
  );
  if (options.json) return printJson({ file: path, secrets: names });
  print(
    `Wrote ${names.length === 1 ? 'one secret' : `${names.length} secrets`} to ${path}, unencrypted; only you can read it`,
  );
}

function toEnv(values: readonly (readonly [string, string])[]): string {
  return values.map(([name, value]) => `${name}=${quote(name, value)}\n`).join('');
}

function quote(name: string, value: string): string {
  if (/^[\w@%+=:,./-]+$/.test(value)) return value;
  const mark = ["'", '"', '`'].find((candidate) => !value.includes(candidate));
  if (mark === undefined || (mark === '"' && /\\[nr]/.test(value))) {
    throw new CliError(
      `${name} cannot be written as a NAME=value line; export to a file that ends in .json`,
      EXIT.usage,
    );
  }
  return `${mark}${value}${mark}`;
}
