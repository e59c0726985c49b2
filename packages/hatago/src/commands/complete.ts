import { readFileSync } from 'node:fs';
import type { GlobalOptions } from '../context.ts';
import { findHub, hubHomeOf } from '../control/require-hub.ts';

/** A word that a shell takes as it is: names come from servers, and nothing in them may be acted on. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9_.@/-]{0,127}$/;

/** Prints what a word of the command line may be, one a line; nothing where that cannot be found out. */
export async function complete(kind: string, options: GlobalOptions): Promise<void> {
  let words: readonly string[];
  try {
    words = await wordsOf(kind, options);
  } catch {
    // Nobody wants to read an error in the middle of a line.
    return;
  }
  const plain = [...new Set(words)].filter((word) => PLAIN.test(word)).sort();
  if (plain.length > 0) process.stdout.write(`${plain.join('\n')}\n`);
}

async function wordsOf(kind: string, options: GlobalOptions): Promise<readonly string[]> {
  if (kind === 'clients') return (await import('../clients/table.ts')).CLIENTS.map(({ id }) => id);
  if (kind === 'secrets') return secretNames(options);
  const hub = findHub(options);
  if (kind === 'tools') {
    if (hub === undefined) return [];
    const { tools } = await hub.get<{ tools: readonly { name: string }[] }>('/tools');
    return tools.map(({ name }) => name);
  }
  if (kind !== 'servers') return [];
  if (hub !== undefined) {
    const { servers } = await hub.get<{ servers: readonly { id: string }[] }>('/servers');
    return servers.map(({ id }) => id);
  }
  const { openConfigFile } = await import('../add/config-file.ts');
  const file = openConfigFile(options);
  return [...file.servers.map(({ id }) => id), ...Object.keys(file.preview([]).config.mcpServers)];
}

async function secretNames(options: GlobalOptions): Promise<readonly string[]> {
  const { vaultFiles } = await import('@hatago/hub/control/secrets/vault-options.ts');
  // Names are not secret: the vault need not be opened for them.
  const document = JSON.parse(readFileSync(vaultFiles(hubHomeOf(options).home).secrets, 'utf8')) as { secrets: object };
  return Object.keys(document.secrets);
}
