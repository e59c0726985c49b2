import { CliError, EXIT } from '../exit.ts';
import { canAsk } from '../prompt.ts';
import { describeEntry } from './describe-entry.ts';
import type { PlannedServer } from './plan-import.ts';

/** What decides which servers are taken. */
export interface ChoiceOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** The servers to take over: those the options say, or those a person ticks. */
export async function chooseServers(
  plan: readonly PlannedServer[],
  options: ChoiceOptions,
): Promise<readonly PlannedServer[]> {
  const fresh = plan.filter(({ state }) => state === 'new');
  if (options.all === true) return fresh;
  const usual = fresh.filter(({ chosen }) => chosen);
  if (options.yes === true || options.dryRun === true || fresh.length === 0) return usual;
  if (!canAsk()) {
    throw new CliError(
      `${fresh.length} servers could be taken over, and nobody can be asked which: --all takes every one, ` +
        '--yes those of your own that are switched on, --dry-run shows them',
      EXIT.usage,
    );
  }
  const { isCancel, multiselect } = await import('@clack/prompts');
  const ticked = await multiselect({
    message: 'Take over these servers? (space ticks, Enter goes on)',
    options: fresh.map((server) => ({ value: server.id, label: labelOf(server), hint: describeEntry(server.entry) })),
    initialValues: usual.map(({ id }) => id),
    required: false,
    output: process.stderr,
  });
  if (isCancel(ticked)) throw new CliError('nothing was changed', EXIT.denied);
  return fresh.filter(({ id }) => ticked.includes(id));
}

/** A server and the clients that have it. */
function labelOf({ id, name, sources }: PlannedServer): string {
  const clients = [...new Set(sources.map(({ client }) => client.name))].join(', ');
  const shared = sources.every((source) => source.shared) ? ", in the project's files" : '';
  return `${id}${name === id ? '' : ` (${name})`} from ${clients}${shared}`;
}
