import { visible } from '@hatago/hub/control/trust/visible.ts';
import { secretsIn } from '../add/vault.ts';
import { formatTable, print, tell } from '../output.ts';
import type { CheckedServer } from './check-servers.ts';
import type { PlannedServer } from './plan-import.ts';
import type { Unfit } from './take-over.ts';

/** What came of an import, for a program to read; free of secrets. */
export interface ImportReport {
  readonly file: string;
  readonly imported: readonly {
    readonly id: string;
    readonly name: string;
    readonly from: readonly { readonly client: string; readonly file: string }[];
    /** Names of the secrets that were moved out of the client's file. */
    readonly secrets: readonly string[];
    /** Secrets it waits for. */
    readonly unset: readonly string[];
    readonly notes: readonly string[];
    /** null where it was not checked. */
    readonly state: string | null;
    readonly tools: number;
    readonly tokens: number;
    readonly message: string | null;
    readonly fix: string | null;
  }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly faults: readonly string[];
}

/** What a report is made of. */
export interface ImportOutcome {
  readonly file: string;
  readonly plan: readonly PlannedServer[];
  readonly taken: readonly PlannedServer[];
  readonly unfit: readonly Unfit[];
  readonly checked: readonly CheckedServer[];
  readonly faults: readonly string[];
}

/** Sums an import up. */
export function toImportReport({ file, plan, taken, unfit, checked, faults }: ImportOutcome): ImportReport {
  const skipped = plan
    .filter((server) => !taken.includes(server))
    .map((server) => ({ name: server.name, reason: reasonOf(server, unfit) }));
  const imported = taken.map(({ id, name, sources, entry, secrets }) => {
    const found = checked.find((server) => server.id === id);
    const waits = found === undefined || found.readiness.state === 'needs a secret';
    const own = secrets.map((secret) => secret.name);
    const unset = waits ? secretsIn(entry).filter((secret) => !own.includes(secret)) : [];
    return {
      id,
      name,
      from: sources.map((source) => ({ client: source.client.id, file: source.file })),
      secrets: own,
      unset,
      notes: [...new Set(sources.flatMap(({ notes }) => notes))],
      state: found?.readiness.state ?? null,
      tools: found?.tools ?? 0,
      tokens: found?.tokens ?? 0,
      message: found?.readiness.message ?? null,
      fix: unset[0] === undefined ? (found?.readiness.fix ?? null) : `hatago secret set ${unset[0]}`,
    };
  });
  return { file, imported, skipped, faults };
}

function reasonOf(server: PlannedServer, unfit: readonly Unfit[]): string {
  if (server.state === 'present') return `is in the configuration already, as ${server.id}`;
  return unfit.find((other) => other.server === server)?.reason ?? server.reason ?? 'was not chosen';
}

/** Shows what came of an import. */
export function showImported({ file, imported, skipped }: ImportReport, dryRun: boolean): void {
  for (const { name, reason } of skipped) tell(`  left out: ${visible(name)} ${visible(reason)}`);
  if (imported.length === 0) return print('Nothing was taken over.');
  if (dryRun) return print(`${countOf(imported.length)} would be written into ${file} (--dry-run).`);
  print(`${countOf(imported.length)} written into ${file}`);
  if (imported.some(({ state }) => state !== null)) {
    const rows = imported.map(({ id, state, tools, tokens, from }) => [
      id,
      state ?? '',
      tools === 0 ? '' : String(tools),
      tokens === 0 ? '' : `~${tokens}`,
      [...new Set(from.map(({ client }) => client))].join(', '),
    ]);
    print(`\n${formatTable(['SERVER', 'STATE', 'TOOLS', 'TOKENS', 'FROM'], rows)}`);
  }
  for (const { id, message, fix, notes } of imported) {
    if (message !== null) print(`\n${id}: ${visible(message)}${fix === null ? '' : `\n  ${fix}`}`);
    for (const note of notes) tell(`  ${id}: ${visible(note)}`);
  }
  print('\nNext: hatago connect <client>, such as claude-code; `hatago connect` lists them.');
}

const countOf = (count: number): string => (count === 1 ? 'One server' : `${count} servers`);
