import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { err, ok, type Result } from '@hatago/protocol';
import { locked, writeVault } from './change-vault.ts';
import { type Envelope, sealValue } from './envelope.ts';
import { forgetKeys, makeKey } from './make-key.ts';
import { predecessorFiles } from './predecessor.ts';
import { type VaultOptions, vaultFiles } from './vault-options.ts';

/**
 * Puts a vault of ours with these values where the predecessor's file lies, whose files are copied aside first, readable
 * by the user alone. Gives the directory of the copies.
 */
export function takeOver(
  options: VaultOptions,
  values: ReadonlyMap<string, string>,
): Promise<Result<{ copy: string }, string>> {
  return locked(options, () => {
    const files = predecessorFiles(vaultFiles(options.home).secrets);
    const copy = join(options.home, 'predecessor');
    if (existsSync(copy)) return err(`${copy} is there already; move it away, then import again`);
    mkdirSync(copy, { mode: 0o700 });
    for (const file of Object.values(files)) {
      if (!existsSync(file)) continue;
      copyFileSync(file, join(copy, basename(file)));
      chmodSync(join(copy, basename(file)), 0o600);
    }
    const made = makeKey(options, undefined, 'predecessor');
    if (!made.ok) return made;
    const { key } = made.value;
    const updatedAt = new Date((options.now ?? Date.now)()).toISOString();
    const secrets = new Map<string, Envelope>();
    for (const [name, value] of values) secrets.set(name, sealValue(key, name, value, { updatedAt }));
    const written = writeVault(options, made.value, secrets, 0);
    if (!written.ok) return written;
    forgetKeys(options, key, key);
    return ok({ copy });
  });
}
