import { describe, expect, it } from 'vitest';
import { NO_LOG } from '../core/log.ts';
import { createInventories } from '../route/inventories.ts';
import { hubEnvelope } from '../route/read-list.ts';
import { createScriptedUpstream, type Script } from '../route/scripted-upstream.ts';
import type { Member } from '../route/settings.ts';
import type { Config } from './config.ts';
import { parseConfig } from './schema.ts';
import { toServerViews } from './views.ts';

const configOf = (mcpServers: object): Config => {
  const parsed = parseConfig({ mcpServers });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

async function memberOf(script: Script): Promise<Member> {
  const inventories = createInventories({ envelope: hubEnvelope({ name: 'test', version: '1' }), log: NO_LOG });
  const upstream = createScriptedUpstream(script);
  const inventory = inventories.acquire(upstream);
  await inventory.settled;
  return { upstream, inventory };
}

describe('the views of servers', () => {
  it('show what a server offers and costs beside how it is', async () => {
    const { mcpServers } = configOf({ fs: { command: 'fs-server', args: ['--secret', 'canary'], tags: ['work'] } });
    const tools = [
      { name: 'read', inputSchema: { type: 'object' } },
      { name: 'write', inputSchema: { type: 'object' } },
    ];
    const [view] = toServerViews(mcpServers, [await memberOf({ id: 'fs', era: 'legacy', tools })]);
    expect(view).toMatchObject({ id: 'fs', status: 'ready', tools: 2, tags: ['work'], era: 'legacy', error: null });
    expect(view?.tokens).toBeGreaterThan(10);
    expect(view?.readiness.state).toBe('ready');
    expect(JSON.stringify(view)).not.toContain('canary');
  });

  it('count only the tools that are offered', async () => {
    const { mcpServers } = configOf({ fs: { command: 'x', tools: { exclude: ['w*'] } } });
    const tools = ['read', 'write'].map((name) => ({ name, inputSchema: { type: 'object' } }));
    expect(toServerViews(mcpServers, [await memberOf({ id: 'fs', tools })])[0]?.tools).toBe(1);
  });

  it('keep the order of the configuration, with the disabled among them and the registered behind', async () => {
    const { mcpServers } = configOf({
      a: { command: 'x', disabled: true },
      b: { url: 'https://b.example/mcp?key=canary' },
    });
    const views = toServerViews(mcpServers, [await memberOf({ id: 'own' }), await memberOf({ id: 'b' })]);
    expect(views.map(({ id }) => id)).toEqual(['a', 'b', 'own']);
    expect(views[0]).toMatchObject({ status: 'stopped', command: 'x', readiness: { state: 'disabled' } });
    expect(JSON.stringify(views)).not.toContain('canary');
  });
});
