import type { PolicyRule } from '@hatago/hub/middleware/policy-decision.ts';
import { describe, expect, it } from 'vitest';
import { withChange } from './policy-change.ts';

const rule = (id: string, tool: string, principal = '*'): PolicyRule => ({ id, effect: 'deny', tool, principal });

describe('a change of the policy', () => {
  it('puts a new rule ahead of every other', () => {
    const change = { kind: 'rule', effect: 'allow', tool: 'fs_read*', principal: '*' } as const;
    expect(withChange({ rules: [rule('all', '*')] }, change).rules?.map(({ id }) => id)).toEqual([
      'allow-fs-readall',
      'all',
    ]);
  });

  it('replaces the rule for the same tools and callers, and no other', () => {
    const rules = [rule('one', 'fs_*'), rule('bob', 'fs_*', 'bob')];
    const { rules: changed } = withChange({ rules }, { kind: 'rule', effect: 'allow', tool: 'fs_*', principal: '*' });
    expect(changed).toMatchObject([{ effect: 'allow', principal: '*' }, { id: 'bob' }]);
  });

  it('gives every rule an id of its own', () => {
    const rules = [rule('deny-x', 'y'), rule('deny-x-2', 'z')];
    const { rules: changed } = withChange({ rules }, { kind: 'rule', effect: 'deny', tool: 'x', principal: '*' });
    expect(changed?.[0]?.id).toBe('deny-x-3');
  });

  it('switches it on and off', () => {
    expect(withChange({ rules: [] }, { kind: 'enabled', value: false })).toEqual({ enabled: false });
    expect(withChange({ rules: [] }, { kind: 'dryRun', value: true })).toEqual({ dryRun: true });
  });
});
