import type { Generation } from '../core/generation.ts';
import type { HttpPage } from '../edge/http.ts';
import { JSON_HEADERS } from '../edge/reply.ts';

/** What the health pages look at. */
export interface HealthDeps {
  current(): Generation;
  /** Whether every eager server has settled, well or not. */
  settled(): boolean;
  draining(): boolean;
}

/**
 * The pages probes ask for. `/livez` (also `/healthz`, `/health`): the process answers. `/startupz`: the servers have
 * settled once. `/readyz`: they have, and the hub is not going away; a server that failed does not make the hub unready.
 */
export function healthPages(deps: HealthDeps): ReadonlyMap<string, HttpPage> {
  const page =
    (isUp: () => boolean): HttpPage =>
    (request, reply) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return reply.send(405, ['Allow', 'GET, HEAD']);
      const up = isUp();
      const body =
        request.method === 'HEAD' ? [] : [JSON.stringify({ status: up ? 'ok' : 'unavailable', ...report(deps) })];
      reply.send(up ? 200 : 503, [...JSON_HEADERS, 'Cache-Control', 'no-store'], body);
    };
  const live = page(() => true);
  return new Map([
    ['/livez', live],
    ['/healthz', live],
    ['/health', live],
    ['/startupz', page(deps.settled)],
    ['/readyz', page(() => deps.settled() && !deps.draining())],
  ]);
}

function report(deps: HealthDeps): { generation: number; servers: Record<string, number> } {
  const servers: Record<string, number> = {};
  const { id, upstreams } = deps.current();
  for (const { status } of upstreams) servers[status.state] = (servers[status.state] ?? 0) + 1;
  return { generation: id, servers };
}
