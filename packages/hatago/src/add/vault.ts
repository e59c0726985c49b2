import type { SecretReader } from '@hatago/hub/control/secret-reader.ts';
import { changeVault } from '@hatago/hub/control/secrets/change-vault.ts';
import { openVault } from '@hatago/hub/control/secrets/open-vault.ts';
import { createSecretReader } from '@hatago/hub/control/secrets/reader.ts';
import { ok } from '@hatago/protocol';
import { CliError } from '../exit.ts';
import { secretName } from './credentials.ts';

/** Reads the kept secrets and, ahead of them, those that are to be kept should all go well. */
export function readerOver(home: string, pending: ReadonlyMap<string, string>): SecretReader {
  const kept = createSecretReader({ home, env: process.env });
  return (name, server) => {
    const value = pending.get(name);
    return value === undefined ? kept(name, server) : { ok: true, value };
  };
}

/** The name for a credential of a server; never that of a secret which was kept for something else. */
export function freeSecretName(home: string, server: string, what: string): string {
  const wanted = secretName(server, what);
  const vault = openVault({ home, env: process.env });
  const kept = vault.ok ? vault.value.document?.secrets : undefined;
  const isFree = (name: string): boolean => !kept?.has(name) || kept.get(name)?.label === labelOf(server);
  if (isFree(wanted)) return wanted;
  for (let i = 2; ; i++) if (isFree(`${wanted}_${i}`)) return `${wanted}_${i}`;
}

/** What a secret that was kept with a server says of itself, so that it goes with that server. */
export function labelOf(server: string): string {
  return `for ${server}`;
}

/** Keeps the secrets of a server. @throws CliError where they cannot be kept */
export async function keepSecrets(home: string, server: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  if (secrets.size === 0) return;
  const changes = new Map([...secrets].map(([name, value]) => [name, { value, label: labelOf(server) }]));
  const kept = await changeVault({ home, env: process.env }, () => ok(changes));
  if (!kept.ok) throw new CliError(kept.error);
}

/** Forgets secrets; those that are not there are passed over. @throws CliError where that cannot be written */
export async function forgetSecrets(home: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const kept = await changeVault({ home, env: process.env }, () => ok(new Map(names.map((name) => [name, null]))));
  if (!kept.ok) throw new CliError(kept.error);
}

/** The names of the secrets that any part of an entry refers to. */
export function secretsIn(value: unknown): readonly string[] {
  return [
    ...new Set(
      [...JSON.stringify(value ?? null).matchAll(/\$\{secret:([A-Za-z0-9_.-]{1,128})\}/g)].map(
        ([, name]) => name as string,
      ),
    ),
  ];
}
