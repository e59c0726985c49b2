import type { PolicyRule, PolicyRules } from '@hatago/hub/middleware/policy-decision.ts';

/** One change of the policy a command makes. */
export type PolicyChange =
  | { readonly kind: 'enabled' | 'dryRun'; readonly value: boolean }
  | { readonly kind: 'rule'; readonly effect: 'allow' | 'deny'; readonly tool: string; readonly principal: string };

/**
 * The members of the policy that a change makes different. A new rule stands first, for the first that matches decides; a
 * rule for the same tools and callers gives way to it.
 */
export function withChange({ rules }: Pick<PolicyRules, 'rules'>, change: PolicyChange): Partial<PolicyRules> {
  if (change.kind !== 'rule') return { [change.kind]: change.value };
  const { effect, tool, principal } = change;
  const others = rules.filter((rule) => rule.tool !== tool || rule.principal !== principal);
  const rule: PolicyRule = { id: freeId(`${effect}-${slug(tool)}`, others), effect, tool, principal };
  return { rules: [rule, ...others] };
}

function freeId(wanted: string, rules: readonly PolicyRule[]): string {
  const taken = new Set(rules.map(({ id }) => id));
  let id = wanted;
  for (let i = 2; taken.has(id); i++) id = `${wanted}-${i}`;
  return id;
}

const slug = (pattern: string): string =>
  pattern
    .replace(/\*/g, 'all')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 40);
