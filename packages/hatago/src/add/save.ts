import { approveServers } from '@hatago/hub/control/trust/approve-servers.ts';
import { CliError } from '../exit.ts';
import { type Applied, applyToHub } from './apply-to-hub.ts';
import type { ConfigFile } from './config-file.ts';
import { type Candidate, editsOf, previewOf } from './try-out.ts';
import { forgetSecrets, keepSecrets } from './vault.ts';

/** Approves, keeps and writes a candidate that was tried, and has the running hub take it over. */
export async function save(file: ConfigFile, candidate: Candidate): Promise<Applied | undefined> {
  const { id, secrets } = candidate;
  const loaded = previewOf(file, candidate);
  await keepSecrets(file.home, id, secrets);
  // Approved before it is written: a hub that watches the file must not find it unapproved.
  const approved = await approveServers(loaded, [id], { secrets: loaded.secretsRead });
  if (!approved.ok) throw new CliError(approved.error);
  try {
    file.write(editsOf(file, candidate));
  } catch (error) {
    await forgetSecrets(file.home, [...secrets.keys()]);
    throw error;
  }
  return applyToHub(file, id);
}
