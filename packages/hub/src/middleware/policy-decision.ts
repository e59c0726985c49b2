import { matchesGlob } from '../core/globs.ts';

/** One rule: the first that matches decides. */
export interface PolicyRule {
  /** Named in decisions and logs. */
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Glob of public tool names. */
  readonly tool: string;
  /** Glob of principals. */
  readonly principal: string;
}

/** Which tools may be called, and by whom. */
export interface PolicyRules {
  readonly enabled: boolean;
  /** Decisions are logged and not enforced. */
  readonly dryRun: boolean;
  /** What happens where no rule matches. */
  readonly defaultEffect: 'allow' | 'deny';
  readonly rules: readonly PolicyRule[];
}

/** What is to be decided about. */
export interface PolicyQuestion {
  /** Every name the tool has: a rule for one of them is a rule for the tool. */
  readonly names: readonly string[];
  readonly principal: string;
}

/** What the rules make of a question. */
export interface Decision {
  readonly effect: 'allow' | 'deny';
  /** Id of the rule; `default` where none matched, `disabled` where the policy is switched off. */
  readonly rule: string;
  /** In words for a person. */
  readonly reason: string;
}

/** Decides; pure. */
export function decide({ enabled, rules, defaultEffect }: PolicyRules, question: PolicyQuestion): Decision {
  if (!enabled) return { effect: 'allow', rule: 'disabled', reason: 'The policy is disabled.' };
  const rule = rules.find((candidate) => matches(candidate, question));
  if (rule === undefined) {
    return { effect: defaultEffect, rule: 'default', reason: `No rule matches, and the default is ${defaultEffect}.` };
  }
  const whom = rule.principal === '*' ? '' : ` for ${rule.principal}`;
  return {
    effect: rule.effect,
    rule: rule.id,
    reason: `Rule ${rule.id} ${rule.effect === 'deny' ? 'denies' : 'allows'} ${rule.tool}${whom}.`,
  };
}

function matches({ tool, principal }: PolicyRule, question: PolicyQuestion): boolean {
  return matchesGlob(principal, question.principal) && question.names.some((name) => matchesGlob(tool, name));
}
