import type { ApplyResult, GenerationDiff, GenerationRecord } from '@hatago/hub/control/control-plane.ts';
import { diffLines } from '../control/diff-lines.ts';
import { printApplied } from '../control/print-applied.ts';
import { type HubOptions, requireHub } from '../control/require-hub.ts';
import { formatTable, print, printJson } from '../output.ts';

/** Lists the generations the running hub knows, newest first. */
export async function listGenerations(options: HubOptions): Promise<void> {
  const { generations } = await requireHub(options).get<{ generations: GenerationRecord[] }>('/generations');
  if (options.json) return printJson(generations);
  const rows = generations.map(({ id, state, origin, sessions, calls, servers, createdAt, error }) => [
    String(id),
    state,
    origin,
    ...[servers.length, sessions, calls].map(String),
    createdAt,
    error ?? '',
  ]);
  print(formatTable(['GENERATION', 'STATE', 'ORIGIN', 'SERVERS', 'SESSIONS', 'CALLS', 'SINCE', ''], rows));
}

/** Shows how two generations differ; one and the one before it where no second is named. */
export async function diffGenerations(from: string, to: string | undefined, options: HubOptions): Promise<void> {
  const query = to === undefined ? '' : `?to=${encodeURIComponent(to)}`;
  const diff = await requireHub(options).get<GenerationDiff>(`/generations/${encodeURIComponent(from)}/diff${query}`);
  if (options.json) return printJson(diff);
  const lines = diffLines(diff);
  for (const line of lines) print(line);
  if (lines.length === 0) print('They do not differ.');
}

/** Applies the configuration of an earlier generation; the last good one where none is named. */
export async function rollbackGeneration(id: string | undefined, options: HubOptions): Promise<void> {
  const path = `/generations/${encodeURIComponent(id ?? 'last')}/rollback`;
  printApplied(await requireHub(options).post<ApplyResult>(path), options);
}
