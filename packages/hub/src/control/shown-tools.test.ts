import { describe, expect, it } from 'vitest';
import { NO_LOG } from '../core/log.ts';
import { createPolicy } from '../middleware/policy.ts';
import type { PolicyRules } from '../middleware/policy-decision.ts';
import { createInventories } from '../route/inventories.ts';
import { DEFAULT_NAMING } from '../route/names.ts';
import { hubEnvelope } from '../route/read-list.ts';
import { createScriptedUpstream } from '../route/scripted-upstream.ts';
import type { Member, ToolSettings } from '../route/settings.ts';
import { shownTools } from './shown-tools.ts';

async function members(tools?: ToolSettings): Promise<readonly Member[]> {
  const inventories = createInventories({ envelope: hubEnvelope({ name: 'test', version: '1' }), log: NO_LOG });
  const listed = ['read', 'write'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  const upstream = createScriptedUpstream({ id: 'fs', tools: listed });
  const inventory = inventories.acquire(upstream);
  await inventory.settled;
  return [{ upstream, inventory, ...(tools === undefined ? {} : { tools }) }];
}
const shown = (rules: Partial<PolicyRules>, of: readonly Member[]): string => {
  const all: PolicyRules = { enabled: true, dryRun: false, defaultEffect: 'allow', rules: [], ...rules };
  return shownTools(createPolicy({ rules: all, log: NO_LOG }), of, DEFAULT_NAMING);
};
const deny = (tool: string, principal = '*'): PolicyRules['rules'] => [{ id: 'x', effect: 'deny', tool, principal }];

describe('the tools a policy leaves in a list', () => {
  it('are the same text for the same tools, whatever the rules', async () => {
    const of = await members();
    expect(shown({ rules: deny('nothing') }, of)).toBe(shown({}, of));
    expect(shown({ rules: deny('fs_*'), dryRun: true }, of)).toBe(shown({}, of));
    expect(shown({ rules: deny('fs_*', 'bob') }, of)).toBe(shown({}, of));
    expect(shown({ rules: deny('fs_write') }, of)).not.toBe(shown({}, of));
    expect(shown({ defaultEffect: 'deny' }, of)).toBe('[]');
  });

  it('are judged by the name they are given too', async () => {
    const of = await members({ overrides: { write: { name: 'put' } } });
    expect(shown({ rules: deny('fs_put') }, of)).toBe(shown({ rules: deny('fs_write') }, of));
    expect(shown({ rules: deny('fs_put') }, of)).not.toBe(shown({}, of));
  });
});
