import { readFileSync, rmSync } from 'node:fs';
import { isRecord } from '@hatago/protocol';
import { writeAtomically } from '../../storage/atomic-write.ts';
import type { MasterKey } from './master-key.ts';
import { keyringOf, type VaultOptions, vaultFiles } from './vault-options.ts';

/** The account in the keyring that remembers the newest generation written with a key. */
const account = (kid: string): string => `seen ${kid}`;

/** The newest generation that was written with the key; 0 where nothing is remembered of it. */
export function readSeen(options: VaultOptions, key: MasterKey): number {
  if (key.place === 'keyring') return toGeneration(Number(keyringOf(options)?.get(account(key.kid))));
  try {
    const value: unknown = JSON.parse(readFileSync(vaultFiles(options.home).seen, 'utf8'));
    return isRecord(value) && value['kid'] === key.kid ? toGeneration(value['generation']) : 0;
  } catch {
    return 0;
  }
}

/** Remembers, beside the key, that a generation was written with it. */
export function writeSeen(options: VaultOptions, key: MasterKey, generation: number): void {
  if (key.place === 'keyring') keyringOf(options)?.set(account(key.kid), String(generation));
  else writeAtomically(vaultFiles(options.home).seen, `${JSON.stringify({ kid: key.kid, generation })}\n`);
}

/** Forgets what was remembered of a key that is gone, now that another one is in use. */
export function forgetSeen(options: VaultOptions, old: MasterKey, used: MasterKey): void {
  if (old.place === 'keyring' && old.kid !== used.kid) keyringOf(options)?.remove(account(old.kid));
  if (used.place === 'keyring') rmSync(vaultFiles(options.home).seen, { force: true });
}

function toGeneration(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}
