import { META, MODERN_VERSION, Payload, TASKS_EXTENSION } from '@hatago/protocol';
import type { EdgeDeps } from './deps.ts';
import { haveTasks } from './legacy-tasks.ts';

/**
 * Tells how to answer `initialize` without waiting: undefined once the route's servers have settled, and until then a
 * discover result that promises everything the hub can relay.
 */
export function openDiscover(deps: EdgeDeps, path: string): () => Payload | undefined {
  let settled = false;
  const route = deps.current().match(path);
  route?.settled.then(() => {
    settled = true;
  });
  return () => (settled ? undefined : everything(deps, path));
}

function everything(deps: EdgeDeps, path: string): Payload {
  const upstreams = deps.current().match(path)?.upstreams ?? [];
  return Payload.ofValue({
    supportedVersions: [MODERN_VERSION],
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
      // Tasks are another way to call, so they are promised only where a server is known to have had them.
      ...(haveTasks(upstreams) ? { extensions: { [TASKS_EXTENSION]: {} } } : undefined),
    },
    _meta: { [META.serverInfo]: deps.hubInfo },
  });
}
