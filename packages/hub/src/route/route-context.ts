import type { Handler } from '../core/exchange.ts';
import type { Log } from '../core/log.ts';
import type { Catalog } from './catalog.ts';
import type { Naming } from './names.ts';
import type { Relay } from './relay.ts';
import type { RequestStates } from './request-state.ts';
import type { ServerRow } from './servers-resource.ts';
import type { Member } from './settings.ts';
import type { TaskIds } from './task-ids.ts';
import type { UsedStates } from './used-states.ts';

/** What the handlers of a route share. */
export interface RouteContext {
  readonly members: readonly Member[];
  /** Several servers behind one name space; false = one server, its names and URIs untouched. */
  readonly aggregate: boolean;
  readonly naming: Naming;
  readonly relay: Relay;
  readonly states: RequestStates;
  readonly used: UsedStates;
  readonly taskIds: TaskIds;
  readonly log: Log;
  /** The servers as `hatago://servers` shows them. */
  rows(): readonly ServerRow[];
  /** What the servers offer now. */
  catalog(): Catalog;
  /** Nothing is awaited any more, so that what is not in the catalog is known to be missing. */
  readonly complete: boolean;
  /** The catalog once `known` says yes of it, or all servers have settled. */
  catalogFor(known: (catalog: Catalog) => boolean): Promise<Catalog>;
  /** The member with the server id. */
  memberOf(serverId: string): Member | undefined;
  /** Where a request goes on that began on this generation at this server; undefined = here. */
  elsewhere(generation: number | undefined, serverId: string): Handler | undefined;
}
