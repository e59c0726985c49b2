import type { EdgeDeps } from '../edge/deps.ts';
import type { StreamKeeper } from '../edge/event-stream.ts';
import type { LegacySession } from '../edge/legacy-session.ts';
import { adminSessions } from './admin-sessions.ts';
import { type AdminApi, createAdminApi } from './api.ts';
import type { AdminDeps } from './deps.ts';

/** What the admin API of a hub is made of: what it cannot know by itself, and the hub's own parts. */
export interface AdminOptions extends Omit<AdminDeps, 'sessions' | 'log'> {
  readonly edge: EdgeDeps;
  /** The sessions of clients that hold them by a pipe; those of HTTP are in the edge's table. */
  readonly pipes: ReadonlySet<LegacySession>;
  /** Looks after the streams of events. */
  readonly keeper: StreamKeeper;
}

/** Makes the admin API of a hub. */
export function createAdmin({ edge, pipes, keeper, ...rest }: AdminOptions): AdminApi {
  return createAdminApi({ ...rest, sessions: adminSessions(pipes, edge), log: edge.log }, keeper);
}
