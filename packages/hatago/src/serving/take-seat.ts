import type { HubPlace } from '../bridge/find-hub.ts';
import type { Seat } from '../bridge/seat.ts';
import { CliError } from '../exit.ts';
import { claimLock, unsharedLock } from '../lock/lock.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 10;

/**
 * Takes the place of the hub of a configuration for one that serves HTTP, which cannot be a bridge. Where another hub has
 * it, the error names that one: two would each run every server, and overwrite what the other remembers.
 */
export async function takeSeatForHttp(place: HubPlace): Promise<Seat> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const claim = claimLock(place.folder, place.key);
    if (claim.kind === 'held') return { lock: claim.lock, isShared: true };
    if (claim.kind === 'busy') throw served(claim.holder);
    if (claim.kind === 'unwritable' || performance.now() > until) {
      return { lock: unsharedLock(place.folder, place.key), isShared: false };
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
  }
}

function served({ pid, url }: { pid: number; url?: string }): CliError {
  const how = url === undefined ? 'to clients over stdio alone, not over HTTP' : `at ${url}`;
  return new CliError(
    `process ${pid} serves this configuration already, ${how}.\n` +
      'See it with `hatago status`, and end it with `hatago stop` before you start another.',
  );
}
