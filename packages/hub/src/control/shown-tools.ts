import { LOCAL } from '../core/exchange.ts';
import type { Policy } from '../middleware/policy.ts';
import { knownNames, type Naming } from '../route/names.ts';
import type { Member } from '../route/settings.ts';

/** The tools of servers that a policy leaves in their list, in one text that is the same for the same tools. */
export function shownTools({ rules, test }: Policy, members: readonly Member[], naming: Naming): string {
  const shown = members.flatMap(({ upstream, inventory, tools }) =>
    inventory.list('tools').items.flatMap(({ key }) => {
      const shown = tools?.overrides?.[key]?.name ?? key;
      const names = [...knownNames(upstream.id, shown, naming), ...knownNames(upstream.id, key, naming)];
      return rules.dryRun || test(names, LOCAL.id).effect === 'allow' ? [[upstream.id, key]] : [];
    }),
  );
  return JSON.stringify(shown);
}
