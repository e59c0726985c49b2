import { isRecord, type Payload } from '@hatago/protocol';
import type { EdgeDeps } from '../edge/deps.ts';
import type { LegacySession } from '../edge/legacy-session.ts';
import type { AdminSessions, SessionView } from './deps.ts';

/** The sessions of a hub as the API shows and ends them: those held by a pipe, and those of HTTP in the edge's table. */
export function adminSessions(
  pipes: ReadonlySet<LegacySession>,
  { sessions, now }: Pick<EdgeDeps, 'sessions' | 'now'>,
): AdminSessions {
  const view = (session: LegacySession, transport: SessionView['transport']): SessionView => ({
    id: session.handle,
    client: clientOf(session.clientInfo),
    transport,
    protocolVersion: session.version,
    route: session.route,
    principal: session.principal.id,
    generation: session.generation,
    calls: session.callCount,
    // A pipe is in use for as long as its client holds it.
    idleMs: session.busy || transport === 'pipe' ? 0 : Math.max(0, Math.round(now() - session.lastSeenMs)),
  });
  return {
    list: () => [
      ...[...sessions.all()].map((session) => view(session, 'http')),
      ...[...pipes].map((session) => view(session, 'pipe')),
    ],
    close(handle) {
      const found = [...sessions.all()].find((session) => session.handle === handle);
      if (found !== undefined) sessions.end(found, 'it was closed by hand');
      else return [...pipes].some((session) => session.handle === handle) ? 'held' : 'unknown';
      return 'closed';
    },
  };
}

function clientOf(info: Payload | undefined): string | null {
  const value = info?.value();
  if (!isRecord(value) || typeof value.name !== 'string') return null;
  return typeof value.version === 'string' ? `${value.name} ${value.version}` : value.name;
}
