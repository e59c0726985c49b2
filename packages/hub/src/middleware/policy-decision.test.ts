import { describe, expect, it } from 'vitest';
import { decide, type PolicyRules } from './policy-decision.ts';

const rules: PolicyRules = {
  enabled: true,
  dryRun: false,
  defaultEffect: 'allow',
  rules: [
    { id: 'reading', effect: 'allow', tool: 'fs_read*', principal: '*' },
    { id: 'bob', effect: 'deny', tool: '*', principal: 'bob' },
    { id: 'files', effect: 'deny', tool: 'fs_*', principal: '*' },
  ],
};
const of = (names: string[], principal = 'local', changed: Partial<PolicyRules> = {}): string => {
  const { effect, rule } = decide({ ...rules, ...changed }, { names, principal });
  return `${effect} by ${rule}`;
};

describe('a decision of the policy', () => {
  it.each([
    ['the first rule that matches decides', ['fs_read_file'], 'local', 'allow by reading'],
    ['a later rule decides what an earlier one leaves', ['fs_write_file'], 'local', 'deny by files'],
    ['a rule may be for one caller alone', ['git_log'], 'bob', 'deny by bob'],
    ['what no rule matches goes by the default', ['git_log'], 'local', 'allow by default'],
    ['a rule for one of the names of a tool is a rule for it', ['short', 'fs_write'], 'local', 'deny by files'],
  ])('%s', (_, names, principal, expected) => {
    expect(of(names, principal)).toBe(expected);
  });

  it('denies what no rule matches where the default says so, and nothing while it is disabled', () => {
    expect(of(['git_log'], 'local', { defaultEffect: 'deny' })).toBe('deny by default');
    expect(of(['fs_write'], 'local', { enabled: false })).toBe('allow by disabled');
  });

  it('says why in words', () => {
    const { reason } = decide(rules, { names: ['fs_write'], principal: 'local' });
    expect(reason).toBe('Rule files denies fs_*.');
  });
});
