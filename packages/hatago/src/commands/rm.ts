import { openVault } from '@hatago/hub/control/secrets/open-vault.ts';
import { revokeServers } from '@hatago/hub/control/trust/approve-servers.ts';
import { applyToHub } from '../add/apply-to-hub.ts';
import { type ConfigFile, openConfigFile } from '../add/config-file.ts';
import { tellApplied } from '../add/tell-applied.ts';
import { forgetSecrets, labelOf, secretsIn } from '../add/vault.ts';
import type { GlobalOptions } from '../context.ts';
import { similarTo } from '../edit-distance.ts';
import { CliError, EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';

/** Options of `hatago rm`. */
export interface RmOptions extends GlobalOptions {
  readonly keepCredentials?: boolean;
}

/** Takes a server out of the configuration, with its approval and the secrets that were kept for it alone. */
export async function rm(id: string, options: RmOptions): Promise<void> {
  const file = openConfigFile(options);
  const own = file.servers.find((server) => server.id === id);
  const before = file.preview([]);
  if (own === undefined && before.config.mcpServers[id] === undefined)
    throw unknownServer(id, Object.keys(before.config.mcpServers), file);
  // What another file brings is taken away here, not there: that file may serve others.
  const edit = own === undefined ? { path: ['mcpServers', id], value: null } : { path: own.path, value: undefined };
  file.preview([edit]);
  file.write([edit]);
  const revoked = await revokeServers(before, [id]);
  if (!revoked.ok) throw new CliError(revoked.error);
  const { forgotten, left } = await forgetCredentials(file, id, options);
  const applied = await applyToHub(file, id);
  if (options.json) return printJson({ id, file: file.file, forgotten, unused: left, hub: applied ?? null });
  const origin = before.origins[id]?.file;
  print(
    own === undefined && origin !== undefined
      ? `${id} comes from ${origin}; it was taken away in ${file.file}.`
      : `${id} was removed from ${file.file}.`,
  );
  if (forgotten.length > 0) print(`Its credentials were removed: ${forgotten.join(', ')}.`);
  for (const name of left)
    print(`Nothing here uses the secret ${name} any more; \`hatago secret rm ${name}\` removes it.`);
  tellApplied(id, applied);
}

/** The error for a server that nobody has, with those there are. */
export function unknownServer(
  id: string,
  known: readonly string[],
  { file, isNew }: Pick<ConfigFile, 'file' | 'isNew'>,
): CliError {
  if (isNew) {
    const message = `there is no server ${JSON.stringify(id)}: no configuration was found; \`hatago init\` makes one`;
    return new CliError(message, EXIT.notFound);
  }
  const [near] = similarTo(id, known);
  const list = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  const hint = near === undefined ? list : `did you mean ${near}? (${list})`;
  return new CliError(`there is no server ${JSON.stringify(id)} in ${file}; ${hint}`, EXIT.notFound);
}

/** Secrets that `add` kept for this server go with it; those a person kept are only told about. */
async function forgetCredentials(
  file: ConfigFile,
  id: string,
  { keepCredentials }: RmOptions,
): Promise<{ forgotten: readonly string[]; left: readonly string[] }> {
  const others = new Set(file.servers.filter((server) => server.id !== id).flatMap(({ entry }) => secretsIn(entry)));
  const unused = secretsIn(file.servers.find((server) => server.id === id)?.entry).filter((name) => !others.has(name));
  if (unused.length === 0) return { forgotten: [], left: [] };
  const vault = openVault({ home: file.home, env: process.env });
  const kept = vault.ok ? vault.value.document?.secrets : undefined;
  const mine = unused.filter((name) => kept?.get(name)?.label === labelOf(id));
  const left = unused.filter((name) => kept?.has(name) === true && !mine.includes(name));
  if (keepCredentials === true) return { forgotten: [], left: [] };
  await forgetSecrets(file.home, mine);
  return { forgotten: mine, left };
}
