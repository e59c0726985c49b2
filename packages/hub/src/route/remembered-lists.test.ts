import { describe, expect, it, vi } from 'vitest';
import type { ListCache } from '../storage/list-cache.ts';
import { createInventory, type Inventory } from './inventory.ts';
import { hubEnvelope } from './read-list.ts';
import { createScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts';

const envelope = hubEnvelope({ name: 'hatago', version: '0' });
const tools = (...of: string[]): object[] => of.map((name) => ({ name, inputSchema: { type: 'object' } }));
const names = (inventory: Inventory): string[] => inventory.list('tools').items.map(({ key }) => key);

function createCache(): ListCache & { readonly kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>();
  return {
    kept,
    read: (server, digest) => kept.get(`${server} ${digest}`) as ReturnType<ListCache['read']>,
    write: (server, digest, lists) => void kept.set(`${server} ${digest}`, lists),
    flush: () => {},
  };
}

function follow(
  cache: ListCache,
  script: Script,
  more: { digest?: string; lazy?: boolean } = {},
): { up: ScriptedUpstream; inventory: Inventory; changes: () => number } {
  const up = Object.assign(createScriptedUpstream(script), { digest: 'd', lazy: true, ...more });
  const inventory = createInventory({ upstream: up, envelope, log: () => {}, cache });
  let changes = 0;
  inventory.watch(() => changes++);
  return { up, inventory, changes: () => changes };
}

/** A cache that knows the server `a` with its tool `x`. */
async function learned(): Promise<ReturnType<typeof createCache>> {
  const cache = createCache();
  const script = { id: 'a', tools: tools('x'), listExtras: { ttlMs: 500, cacheScope: 'public', vendor: 1 } };
  const first = follow(cache, script);
  await first.inventory.settled;
  await vi.waitFor(() => expect(cache.kept.size).toBe(1));
  first.inventory.close();
  return cache;
}

describe('the lists of a server that sleeps', () => {
  it('are there after a restart without a request to it, as they were read', async () => {
    const cache = await learned();
    const { up, inventory } = follow(cache, { id: 'a', tools: tools('x'), state: 'stopped' });
    await inventory.settled;
    await inventory.wake();
    expect(up.listCalls).toEqual([]);
    expect(names(inventory)).toEqual(['x']);
    expect(inventory.known && inventory.listed).toBe(true);
    expect(inventory.list('tools')).toMatchObject({ ttlMs: 500, shared: true });
    expect(inventory.list('tools').extras.map(([name]) => name)).toEqual(['vendor']);
  });

  it('are read again at its first use, and told only when they differ', async () => {
    const cache = await learned();
    const listExtras = { ttlMs: 500, cacheScope: 'public', vendor: 1 };
    const same = follow(cache, { id: 'a', tools: tools('x'), listExtras, state: 'stopped' });
    same.up.setState('ready');
    await vi.waitFor(() => expect(same.up.listCalls.length).toBeGreaterThan(0));
    await vi.waitFor(() => expect(same.changes()).toBe(0));
    const other = follow(cache, { id: 'a', tools: tools('x', 'y'), listExtras, state: 'stopped' });
    other.up.setState('ready');
    await vi.waitFor(() => expect(names(other.inventory)).toEqual(['x', 'y']));
    expect(other.changes()).toBe(1);
    await vi.waitFor(() => expect(JSON.stringify([...cache.kept.values()])).toContain('y'));
  });

  it('are remembered anew when it says that they changed', async () => {
    const cache = await learned();
    const { up } = follow(cache, { id: 'a', tools: tools('x') });
    up.script = { ...up.script, tools: tools('z') };
    up.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(() => expect(JSON.stringify([...cache.kept.values()])).toContain('\\"z\\"'));
  });

  it.each([
    ['one that is made from something else', { digest: 'other' }],
    ['one that always runs', { lazy: false }],
  ])('are not those of %s', async (_, more) => {
    const cache = await learned();
    const { inventory } = follow(cache, { id: 'a', tools: tools('x'), state: 'stopped' }, more);
    await inventory.settled;
    expect(inventory.known || inventory.listed).toBe(false);
  });

  it('are learned anew where what is remembered is broken', async () => {
    const cache = await learned();
    const [key, value] = [...cache.kept.entries()][0] as [string, { lists: Record<string, string> }];
    cache.kept.set(key, { ...value, lists: { ...value.lists, prompts: '{"nothing":1}' } });
    const { inventory } = follow(cache, { id: 'a', tools: tools('x'), state: 'stopped' });
    expect(inventory.known).toBe(false);
    await inventory.wake();
    expect(names(inventory)).toEqual(['x']);
  });
});

describe('a server that was stopped by hand', () => {
  it('is neither listed nor asked for its lists', async () => {
    const up = createScriptedUpstream({ id: 'a', tools: tools('x') });
    let held = false;
    const { status } = up;
    Object.defineProperty(up, 'status', { get: () => ({ ...status, state: held ? 'stopped' : 'ready', held }) });
    const inventory = createInventory({ upstream: up, envelope, log: () => {} });
    await inventory.settled;
    expect(inventory.listed).toBe(true);
    held = true;
    up.emit({ type: 'state' });
    expect(inventory.listed).toBe(false);
    const asked = up.listCalls.length;
    await inventory.wake();
    expect(up.listCalls).toHaveLength(asked);
    held = false;
    up.emit({ type: 'state' });
    expect(inventory.listed).toBe(true);
  });
});
