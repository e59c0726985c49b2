import { Payload } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import type { LogEvent } from '../core/log.ts';
import { createInventories } from './inventories.ts';
import { createInventory, type Inventory } from './inventory.ts';
import { hubEnvelope, readList } from './read-list.ts';
import {
  complete,
  createScriptedUpstream,
  type Script,
  type ScriptedUpstream,
  upstreamError,
} from './scripted-upstream.ts';

const envelope = hubEnvelope({ name: 'hatago', version: '0' });

function follow(script: Script): {
  up: ScriptedUpstream;
  inventory: Inventory;
  logged: LogEvent[];
  changes: () => number;
} {
  const up = createScriptedUpstream(script);
  const logged: LogEvent[] = [];
  let changes = 0;
  const log = (event: LogEvent): void => void logged.push(event);
  const inventory = createInventory({ upstream: up, envelope, log, graceMs: 5, retryMs: 1 });
  inventory.watch(() => changes++);
  return { up, inventory, logged, changes: () => changes };
}

const names = (inventory: Inventory): string[] => inventory.list('tools').items.map(({ key }) => key);
const tools = (...of: string[]): object[] => of.map((name) => ({ name, inputSchema: { type: 'object' } }));
const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('createInventory', () => {
  it('reads what the server has and asks for nothing else', async () => {
    const { up, inventory } = follow({ id: 'a', tools: tools('x', 'y') });
    await inventory.settled;
    expect(names(inventory)).toEqual(['x', 'y']);
    expect(up.listCalls.map(({ method }) => method)).toEqual(['tools/list']);
    expect(inventory.known && inventory.listed).toBe(true);
  });

  it('reads every page, an empty cursor included', async () => {
    const pages: Record<string, object> = {
      first: { tools: tools('a'), nextCursor: '', ttlMs: 500, cacheScope: 'public', vendor: 1 },
      '': { tools: tools('b'), nextCursor: 'z', ttlMs: 100, cacheScope: 'public' },
      z: { tools: tools('c'), ttlMs: 900, cacheScope: 'public' },
    };
    const { inventory } = follow({
      id: 'a',
      tools: [],
      handle: ({ params }) => complete(pages[params.text('cursor') ?? 'first'] as object),
    });
    await inventory.settled;
    expect(names(inventory)).toEqual(['a', 'b', 'c']);
    expect(inventory.list('tools')).toMatchObject({ ttlMs: 100, shared: true, cut: false });
    expect(inventory.list('tools').extras.map(([name]) => name)).toEqual(['vendor']);
  });

  it('stops at a list that goes round in a circle, or on and on', async () => {
    const circle = follow({ id: 'a', tools: [], handle: () => complete({ tools: tools('a'), nextCursor: 'again' }) });
    await circle.inventory.settled;
    expect(circle.up.listCalls).toHaveLength(2);
    expect(circle.logged.map(({ event }) => event)).toContain('route.list_cut');
    let page = 0;
    const endless = follow({
      id: 'a',
      tools: [],
      handle: () => complete({ tools: tools(`t${page}`), nextCursor: `${++page}` }),
    });
    await endless.inventory.settled;
    expect(names(endless.inventory)).toHaveLength(64);
  });

  it('leaves out items without a name and keeps the first of two with one', async () => {
    const { inventory, logged } = follow({
      id: 'a',
      tools: [{ name: 'x', n: 1 }, { title: 'none' }, 7 as never, { name: 'x', n: 2 }],
    });
    await inventory.settled;
    expect(inventory.list('tools').items.map(({ payload }) => payload.value())).toEqual([{ name: 'x', n: 1 }]);
    expect(logged.filter(({ event }) => event === 'route.item_rejected')).toHaveLength(3);
  });

  it('notes the arguments that headers repeat, where their declarations are in order', async () => {
    const declare = (header: string): object => ({
      name: header,
      inputSchema: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': header } } },
    });
    const tools = [declare('Authorization'), declare('Region'), { name: 'x-mcp-header', inputSchema: {} }];
    const { inventory } = follow({ id: 'a', tools });
    await inventory.settled;
    expect(inventory.list('tools').items.map(({ declarations }) => declarations)).toEqual([
      undefined,
      [{ header: 'Region', path: ['a'], type: 'string' }],
      undefined,
    ]);
  });

  it('reads a list again when the server says that it changed, templates with resources', async () => {
    const { up, inventory, changes } = follow({ id: 'a', tools: tools('x'), resources: [] });
    await inventory.settled;
    const before = changes();
    up.script = { ...up.script, tools: tools('x', 'y') };
    up.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(() => expect(names(inventory)).toEqual(['x', 'y']));
    expect(changes()).toBe(before + 1);
    const asked = up.listCalls.length;
    up.emit({ type: 'changed', list: 'resources' });
    await turn();
    expect(up.listCalls.slice(asked).map(({ method }) => method)).toEqual([
      'resources/list',
      'resources/templates/list',
    ]);
  });

  it('makes one more read of many changes that come while it reads', async () => {
    const { up, inventory } = follow({ id: 'a', tools: tools('x') });
    await inventory.settled;
    const asked = up.listCalls.length;
    for (let i = 0; i < 20; i++) up.emit({ type: 'changed', list: 'tools' });
    await turn();
    expect(up.listCalls.length - asked).toBe(2);
  });

  it('tells nobody of a reconnect after which everything is as before', async () => {
    const { up, inventory, changes } = follow({ id: 'a', tools: tools('x') });
    await inventory.settled;
    const before = changes();
    up.setState('starting');
    up.setState('ready');
    await turn();
    expect(up.listCalls).toHaveLength(2);
    expect(changes()).toBe(before);
  });

  it('keeps the items of a failed server known, but lists them only for a moment', async () => {
    const { up, inventory } = follow({ id: 'a', tools: tools('x') });
    await inventory.settled;
    up.setState('failed');
    expect(inventory.listed).toBe(true);
    await vi.waitFor(() => expect(inventory.listed).toBe(false));
    expect(names(inventory)).toEqual(['x']);
    up.setState('starting');
    expect(inventory.listed).toBe(false);
    up.setState('ready');
    await vi.waitFor(() => expect(inventory.listed).toBe(true));
  });

  it('does not list a server for longer because it is tried again and again', async () => {
    const { up, inventory } = follow({ id: 'a', tools: tools('x') });
    await inventory.settled;
    const trying = setInterval(() => up.setState(up.status.state === 'failed' ? 'starting' : 'failed'), 2);
    await vi.waitFor(() => expect(inventory.listed).toBe(false));
    clearInterval(trying);
  });

  it('asks again for a list that could not be read, and shows why meanwhile', async () => {
    let fail = true;
    const { inventory, logged } = follow({
      id: 'a',
      tools: tools('x'),
      handle: () => (fail ? upstreamError(-31003) : undefined),
    });
    await inventory.settled;
    expect(inventory.error).toContain('tools/list failed: it answered with error -31003');
    expect(inventory.known).toBe(false);
    fail = false;
    await vi.waitFor(() => expect(names(inventory)).toEqual(['x']));
    expect(inventory.error).toBeUndefined();
    expect(logged.some(({ event }) => event === 'route.list_failed')).toBe(true);
  });

  it('takes a list the server does not have after all for an empty one', async () => {
    const { up, inventory } = follow({
      id: 'a',
      resources: [],
      handle: (call) => (call.method === 'resources/templates/list' ? upstreamError(-32601) : undefined),
    });
    await inventory.settled;
    expect(inventory.error).toBeUndefined();
    expect(up.listCalls).toHaveLength(2);
  });

  it.each([
    ['no list', () => complete({ other: [] })],
    ['something else', () => complete({ tools: 'no' })],
    ['questions', () => ({ ...complete({}), kind: 'input_required' as const }) as never],
  ])('shows the error of a server that answers with %s', async (_, handle) => {
    const { inventory } = follow({ id: 'a', tools: [], handle });
    await inventory.settled;
    expect(inventory.error).toMatch(/tools\/list failed/);
    inventory.close();
  });

  it('survives a server object that throws', async () => {
    const { inventory, logged } = follow({
      id: 'a',
      tools: [],
      handle: () => {
        throw new Error('broken');
      },
    });
    await inventory.settled;
    expect(logged.some(({ level }) => level === 'error')).toBe(true);
    inventory.close();
  });

  it('starts a server that waits for its first use only when woken', async () => {
    const { up, inventory } = follow({ id: 'a', state: 'stopped', tools: tools('x') });
    await inventory.settled;
    expect(up.listCalls).toHaveLength(0);
    await inventory.wake();
    expect(names(inventory)).toEqual(['x']);
    expect(inventory.listed).toBe(true);
    const asked = up.listCalls.length;
    await inventory.wake();
    expect(up.listCalls).toHaveLength(asked);
    up.setState('stopped');
    expect(inventory.listed).toBe(true);
  });

  it('stays quiet once closed', async () => {
    const { up, inventory, changes } = follow({ id: 'a', tools: tools('x') });
    await inventory.settled;
    inventory.close();
    const before = changes();
    up.emit({ type: 'changed', list: 'tools' });
    up.setState('failed');
    await turn(10);
    expect(changes()).toBe(before);
  });
});

describe('createInventories', () => {
  it('reads the lists of a server once for all who hold it', async () => {
    const up = createScriptedUpstream({ id: 'a', tools: tools('x') });
    const inventories = createInventories({ envelope, log: () => {} });
    const first = inventories.acquire(up);
    const second = inventories.acquire(up);
    expect(second).toBe(first);
    await first.settled;
    expect(up.listCalls).toHaveLength(1);
    inventories.release(first);
    up.emit({ type: 'changed', list: 'tools' });
    await turn();
    expect(up.listCalls).toHaveLength(2);
    inventories.release(second);
    inventories.release(second);
    up.emit({ type: 'changed', list: 'tools' });
    await turn();
    expect(up.listCalls).toHaveLength(2);
    expect(inventories.acquire(up)).not.toBe(first);
  });
});

describe('readList', () => {
  it('keeps the bytes of every item', async () => {
    const text = '{"tools":[{"name":"x", "inputSchema" : {"type":"object","$defs":{"n":1.50}},"v":1e2}]}';
    const payload = Payload.ofBytes(new TextEncoder().encode(text));
    const up = createScriptedUpstream({ id: 'a', tools: [], handle: () => ({ kind: 'complete', result: payload }) });
    const list = await readList(up, 'tools', envelope, NEVER);
    if (!list.ok) throw new Error('not read');
    const item = list.value.items[0];
    expect(new TextDecoder().decode(item?.payload.bytes())).toBe(
      '{"name":"x", "inputSchema" : {"type":"object","$defs":{"n":1.50}},"v":1e2}',
    );
  });
});
