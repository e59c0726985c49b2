import { type HubOptions, requireHub } from '../control/require-hub.ts';
import type { SessionView } from '../control/views.ts';
import { formatDuration } from '../duration.ts';
import { formatTable, print, printJson } from '../output.ts';

/** Lists the sessions of the running hub. */
export async function listSessions(options: HubOptions): Promise<void> {
  const { sessions } = await requireHub(options).get<{ sessions: SessionView[] }>('/sessions');
  if (options.json) return printJson(sessions);
  if (sessions.length === 0) return print('There are no sessions; clients of the 2026-07-28 protocol need none.');
  const rows = sessions.map(({ id, client, transport, protocolVersion, route, generation, calls, idleMs }) => [
    id,
    client ?? '-',
    transport,
    protocolVersion,
    route,
    ...[generation, calls].map(String),
    formatDuration(idleMs),
  ]);
  print(formatTable(['SESSION', 'CLIENT', 'OVER', 'PROTOCOL', 'ROUTE', 'GENERATION', 'CALLS', 'IDLE'], rows));
}

/** Shows one session. */
export async function showSession(id: string, options: HubOptions): Promise<void> {
  const session = await requireHub(options).get<SessionView>(`/sessions/${encodeURIComponent(id)}`);
  if (options.json) return printJson(session);
  const rows: [string, string][] = [
    ['session', session.id],
    ['client', session.client ?? '-'],
    ['over', session.transport],
    ['protocol', session.protocolVersion],
    ['route', session.route],
    ['principal', session.principal],
    ['generation', String(session.generation)],
    ['calls', String(session.calls)],
    ['idle', formatDuration(session.idleMs)],
  ];
  print(rows.map(([name, value]) => `${name.padEnd(10)}  ${value}`).join('\n'));
}

/** Ends one session and what is under way in it. */
export async function closeSession(id: string, options: HubOptions): Promise<void> {
  const closed = await requireHub(options).delete<{ closed: string }>(`/sessions/${encodeURIComponent(id)}`);
  if (options.json) printJson(closed);
  else print(`Session ${closed.closed} has ended.`);
}
