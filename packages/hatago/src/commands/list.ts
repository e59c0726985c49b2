import type { ServerView } from '@hatago/hub/control/control-plane.ts';
import { findHub, type HubOptions } from '../control/require-hub.ts';
import { formatServers } from '../control/server-table.ts';
import { firstLine, formatTable, print, printJson } from '../output.ts';

/** Options of `hatago list`. */
export interface ListOptions extends HubOptions {
  readonly tools?: boolean;
}

/** A tool as the list shows it. */
export interface ToolRow {
  readonly name: string;
  readonly description?: string | null;
}

/** What `hatago list` shows. */
export interface Listing {
  readonly running: boolean;
  readonly servers: readonly ServerView[];
  readonly tools?: readonly ToolRow[];
}

/** Prints the servers of the running hub, or of one started for this command. */
export async function list(options: ListOptions): Promise<void> {
  const hub = findHub(options);
  if (hub === undefined) {
    const { listOffline } = await import('./list-offline.ts');
    return printListing(await listOffline(options), options);
  }
  const [{ servers }, tools] = await Promise.all([
    hub.get<{ servers: ServerView[] }>('/servers'),
    options.tools ? hub.get<{ tools: ToolRow[] }>('/tools') : undefined,
  ]);
  printListing({ running: true, servers, ...(tools === undefined ? {} : { tools: tools.tools }) }, options);
}

function printListing(listing: Listing, { json }: ListOptions): void {
  if (json) return printJson(listing);
  if (!listing.running) print('No hub is running here; this is what one would serve.\n');
  print(formatServers(listing.servers));
  if (listing.tools === undefined) return;
  const rows = listing.tools.map(({ name, description }) => [name, firstLine(description ?? '', 90)]);
  print(`\n${formatTable(['TOOL', 'DESCRIPTION'], rows)}`);
}
