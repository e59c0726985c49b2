import { META, MODERN_VERSION, Payload } from '@hatago/protocol';
import type { EdgeDeps } from './deps.ts';

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
  return () => (settled ? undefined : everything(deps));
}

function everything(deps: EdgeDeps): Payload {
  return Payload.ofValue({
    supportedVersions: [MODERN_VERSION],
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
    },
    _meta: { [META.serverInfo]: deps.hubInfo },
  });
}
