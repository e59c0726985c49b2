import { revokeServers } from '@hatago/hub/control/trust/approve-servers.ts';
import type { TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import type { TrustState } from '@hatago/hub/control/trust/trust-states.ts';
import { visible, visibleCommand } from '@hatago/hub/control/trust/visible.ts';
import { coloursFor } from '../colours.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { formatTable, print, printJson, tell } from '../output.ts';
import { askYesNo, canAsk } from '../prompt.ts';
import { approveIds, askAbout, isWaiting, statesOf } from '../trust/ask-for-trust.ts';
import { showLaunch } from '../trust/show-launch.ts';
import { loadTrustedContext } from '../trust/trusted-context.ts';

/** Options of `hatago trust`. */
export interface TrustOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly list?: boolean;
  readonly revoke?: boolean;
}

/** Shows what servers of a project would run, asks about each, and keeps what was agreed to in the user's home. */
export async function trust(ids: readonly string[], options: TrustOptions): Promise<void> {
  const loaded = loadTrustedContext(options);
  if (loaded === undefined)
    throw new CliError('no configuration was found here; name one with --config', EXIT.notFound);
  const states = statesOf(loaded);
  const unknown = ids.find((id) => !states.some((state) => state.id === id));
  if (unknown !== undefined) throw new CliError(`there is no server ${unknown} in ${loaded.file}`, EXIT.notFound);
  if (options.list) return list(states, options);
  const chosen = ids.length === 0 ? states : states.filter(({ id }) => ids.includes(id));
  if (options.revoke) return revoke(loaded, chosen, ids.length > 0, options);
  return agree(loaded, chosen.filter(isWaiting), options);
}

const WORDS = {
  own: 'not needed',
  approved: 'approved',
  changed: 'changed since it was approved',
  new: 'needs approval',
} as const;

function list(states: readonly TrustState[], options: TrustOptions): void {
  if (options.json) return printJson({ servers: states.map(toJson) });
  const rows = states.map(({ id, state, file, launch }) => {
    const { command, args, url } = launch;
    return [
      id,
      WORDS[state],
      visible(file),
      command === null ? visible(url ?? '') : visibleCommand([command, ...args]),
    ];
  });
  print(formatTable(['SERVER', 'APPROVAL', 'FROM', 'RUNS'], rows));
}

function toJson({ id, file, state, launch, hash, changes }: TrustState): Record<string, unknown> {
  return { id, file, state, ...launch, hash, changes };
}

async function agree(loaded: TrustedConfig, waiting: readonly TrustState[], options: TrustOptions): Promise<void> {
  if (waiting.length === 0) {
    if (options.json) return printJson({ approved: [], declined: [] });
    return print('Nothing waits for approval');
  }
  const approved = await answers(waiting, options);
  if (approved.length > 0) await approveIds(loaded, approved);
  const declined = waiting.map(({ id }) => id).filter((id) => !approved.includes(id));
  if (options.json) printJson({ approved, declined });
  else if (approved.length > 0) print(`Approved ${approved.join(', ')}`);
  if (declined.length > 0)
    throw new CliError(`not approved: ${declined.join(', ')}; nothing of it is run`, EXIT.denied);
}

async function answers(waiting: readonly TrustState[], options: TrustOptions): Promise<string[]> {
  const ids = waiting.map(({ id }) => id);
  const ask = options.yes !== true;
  if (ask && canAsk() && !options.all) return askAbout(waiting);
  if (!options.json)
    for (const line of waiting.flatMap((state) => showLaunch(state, coloursFor(process.stderr)))) tell(line);
  if (!ask) return ids;
  if (!canAsk()) {
    throw new CliError(
      `${ids.join(', ')}: nobody can be asked here; approve with --yes what is meant to run`,
      EXIT.usage,
    );
  }
  return (await askYesNo('Let all of this run on your machine?', false)) ? ids : [];
}

async function revoke(
  loaded: TrustedConfig,
  chosen: readonly TrustState[],
  named: boolean,
  options: TrustOptions,
): Promise<void> {
  if (!named && !options.all) throw new CliError('name the servers, or say --all', EXIT.usage);
  const ids = chosen.filter(({ state }) => state !== 'new').map(({ id }) => id);
  const done = await revokeServers(loaded, ids);
  if (!done.ok) throw new CliError(done.error);
  if (options.json) return printJson({ revoked: ids });
  print(ids.length === 0 ? 'Nothing was approved' : `No longer approved: ${ids.join(', ')}`);
}
