import { isRecord } from '@hatago/protocol';
import type { AdaptState } from './adapt.ts';

/**
 * The policy of the predecessor's first releases. **Security:** a rule that cannot be taken over as it is may only become
 * stricter: the conditions of a denial are dropped, and a permission with conditions is left out.
 */
export function earlyPolicy(value: unknown, { warn }: AdaptState): Record<string, unknown> | undefined {
  if (!isRecord(value)) return undefined;
  const { enabled, dryRun, defaultEffect, rules, ...others } = value;
  for (const name of Object.keys(others)) warn(`"policy.${name}" has no meaning here and is ignored`);
  const list = Array.isArray(rules) ? rules : [];
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(defaultEffect === undefined ? {} : { defaultEffect }),
    ...(rules === undefined ? {} : { rules: list.flatMap((rule, i) => fromRule(rule, i, warn)) }),
  };
}

function fromRule(rule: unknown, index: number, warn: AdaptState['warn']): unknown[] {
  if (!isRecord(rule)) return [rule];
  const id = String(rule['id'] ?? rule['name'] ?? `rule-${index + 1}`);
  const { effect, conditions } = rule;
  if (isRecord(conditions) && Object.keys(conditions).length > 0) {
    if (effect !== 'deny') {
      warn(`the rule ${JSON.stringify(id)} has conditions, which are not supported: it is left out`);
      return [];
    }
    warn(`the rule ${JSON.stringify(id)} has conditions, which are not supported: it denies always`);
  }
  const tools = listOf(rule['tool'] ?? rule['tools'] ?? rule['resource'] ?? rule['resources']);
  const principals = listOf(rule['principal'] ?? rule['principals'] ?? rule['subject'] ?? rule['subjects']);
  const pairs = tools.flatMap((tool) => principals.map((principal) => ({ tool, principal })));
  return pairs.map((pair, i) => ({ id: pairs.length === 1 ? id : `${id}-${i + 1}`, effect, ...pair }));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value ?? '*']);
