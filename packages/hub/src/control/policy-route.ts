import type { PolicyRoute } from '../middleware/policy.ts';
import { knownNames, type Naming } from '../route/names.ts';
import type { Router } from '../route/router.ts';

/** Options of {@link policyRoute}. */
export interface PolicyRouteOptions {
  readonly router: Pick<Router, 'resolve' | 'settled'>;
  readonly naming: Naming;
  /** The server of a route that has only one and shows its own names; undefined for the others. */
  readonly only: string | undefined;
}

/**
 * The names of a route as the policy sees them. Whichever way a tool is reached, its name on `/mcp` is the one that rules
 * are written for, so `/mcp/<server>` is no way around them; a rule for the name that the route shows holds as well.
 */
export function policyRoute({ router, naming, only }: PolicyRouteOptions): PolicyRoute {
  let settled = false;
  void router.settled.then(() => {
    settled = true;
  });
  return {
    names(name) {
      const known = router.resolve('tools', name);
      if (known === undefined)
        return only === undefined ? [name] : [...new Set([...knownNames(only, name, naming), name])];
      const shown = only === undefined ? [known.public] : knownNames(known.server, known.public, naming);
      return [...new Set([...shown, ...knownNames(known.server, known.own, naming), known.public])];
    },
    knows: (name) => router.resolve('tools', name) !== undefined,
    settled: () => (settled ? undefined : router.settled),
  };
}
