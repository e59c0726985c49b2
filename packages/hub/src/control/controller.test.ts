import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createReloadKit, lives, type ReloadKit, textOf } from './reload-kit.ts';

// Processes are started, which takes as long as it takes on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

afterAll(() => vi.resetConfig());

const kits: ReloadKit[] = [];
afterEach(() => Promise.all(kits.splice(0).map((kit) => kit.close())));

async function start(...args: Parameters<typeof createReloadKit>): Promise<ReloadKit> {
  const kit = createReloadKit(...args);
  kits.push(kit);
  await kit.controller.current().settled;
  return kit;
}

const INIT = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };

/** A legacy client over the embedded pipe. */
async function legacy(kit: ReloadKit): Promise<(method: string, params?: object) => Promise<Record<string, unknown>>> {
  let id = 1000;
  await kit.client.request({ jsonrpc: '2.0', id: 'i', method: 'initialize', params: INIT });
  kit.client.notify({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return (method, params = {}) => kit.client.request({ jsonrpc: '2.0', id: ++id, method, params });
}

const changes = (kit: ReloadKit): number =>
  kit.told.filter(({ method }) => method === 'notifications/tools/list_changed').length;

describe('a configuration that changes', () => {
  it('leaves servers alone that are the same, and starts, changes and ends the others', async () => {
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b'), c: server('c') }));
    const [a] = kit.pids('a');
    const [b] = kit.pids('b');
    const [c] = kit.pids('c');
    const result = await kit.reload({
      a: kit.server('a', { tools: { exclude: ['die'] }, tags: ['x'], instructions: 'Be kind.' }),
      b: kit.server('b', { env: { B: '1' } }),
      d: kit.server('d'),
    });
    expect(result).toMatchObject({
      outcome: 'applied',
      generation: 2,
      errors: [],
      diff: {
        added: ['d'],
        removed: ['c'],
        changed: [{ server: 'b', keys: ['env'] }],
        adjusted: [{ server: 'a', keys: ['tags', 'tools', 'instructions'] }],
      },
    });
    expect(kit.pids('a')).toEqual([a]);
    expect(kit.pids('b')).toHaveLength(2);
    const tools = await kit.list();
    expect(tools).toContain('d_echo');
    expect(tools).not.toContain('a_die');
    expect(tools.some((name) => name.startsWith('c_'))).toBe(false);
    expect(textOf(await kit.call('a_pid'))).toBe(String(a));
    expect(textOf(await kit.call('b_pid'))).toBe(String(kit.pids('b')[1]));
    await vi.waitFor(() => expect([lives(b), lives(c)]).toEqual([false, false]), 3000);
    const states = (): unknown[] => kit.controller.generations().map(({ id, state }) => [id, state]);
    await vi.waitFor(() =>
      expect(states()).toEqual([
        [2, 'active'],
        [1, 'retired'],
      ]),
    );
  });

  it('is nothing to do when it says the same', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    expect(await kit.reload({ a: kit.server('a') })).toMatchObject({ outcome: 'unchanged', generation: 1 });
    expect(kit.controller.generations()).toHaveLength(1);
  });

  it('is only planned in a dry run, by the same comparison', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    kit.state = { ok: true, config: kit.config({ b: kit.server('b') }), warnings: ['w'] };
    const result = await kit.controller.reload({ dryRun: true });
    expect(result).toMatchObject({
      outcome: 'dry-run',
      generation: 1,
      diff: { added: ['b'], removed: ['a'] },
      warnings: ['w'],
    });
    expect(kit.pids('b')).toEqual([]);
  });

  it('that cannot be read costs one line and one event, however often it is read', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const { controller } = kit;
    kit.state = { ok: false, errors: ['c.json:3:1: expected a comma'] };
    expect(await controller.reload()).toMatchObject({ outcome: 'failed', errors: ['c.json:3:1: expected a comma'] });
    await controller.reload({ origin: 'file' });
    expect(controller.rejected).toEqual(['c.json:3:1: expected a comma']);
    expect(kit.logs.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(kit.events.filter(({ type }) => type === 'config.rejected')).toHaveLength(1);
    expect(textOf(await kit.call('a_echo'))).toBe('n');
    await kit.reload({ a: kit.server('a') });
    expect(controller.rejected).toBeUndefined();
  });

  it('that cannot be built never becomes active', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const config = kit.config({ a: kit.server('a'), b: kit.server('b') });
    const broken = { ...config, toolNaming: { ...config.toolNaming, separator: '?' } };
    const result = await kit.controller.apply({ ok: true, config: broken, warnings: [] });
    expect(result).toMatchObject({ outcome: 'failed', generation: 1 });
    expect(result.errors[0]).toContain('generation 2 could not be built');
    expect(kit.controller.generations()[0]).toMatchObject({ id: 2, state: 'failed' });
    const states = (): unknown[] =>
      kit.events.map((event) => event.type === 'server.state' && event.server === 'b' && event.supervision?.state);
    await vi.waitFor(() => expect(states()).toContain('STOPPED'), 10_000);
    expect(textOf(await kit.call('a_echo'))).toBe('n');
  });

  it('says what has to wait for the next start', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const result = await kit.reload({ a: kit.server('a') }, { http: { port: 9 } });
    expect(result.warnings).toEqual(['"http" takes effect when the hub is started again']);
  });

  it('lets calls under way end where they began', async () => {
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b') }));
    const slow = kit.call('b_echo', { delayMs: 1500, nonce: 'old' });
    await kit.reload({ a: kit.server('a') });
    expect(kit.controller.generations()[1]).toMatchObject({ id: 1, state: 'draining', calls: 1 });
    expect(textOf(await slow)).toBe('old');
    await vi.waitFor(() => expect(lives(kit.pids('b')[0])).toBe(false), 3000);
  });

  it('cancels what is still under way at a server that is gone when the time to drain is over', async () => {
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b') }));
    const hung = kit.call('b_hang');
    await vi.waitFor(() => expect(kit.controller.generations()[0]?.calls).toBe(1));
    await kit.reload({ a: kit.server('a') });
    const drained = await kit.controller.drain(1, { timeoutMs: 50 });
    expect(drained).toMatchObject({ id: 1, state: 'retired' });
    expect((await hung)['error']).toMatchObject({ code: -31002 });
    expect(lives(kit.pids('b')[0])).toBe(false);
  });

  it('does not drain what is active or was never there', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    await expect(kit.controller.drain(1)).rejects.toMatchObject({ code: 'HATAGO_GENERATION_ACTIVE' });
    await expect(kit.controller.drain(7)).rejects.toMatchObject({ code: 'HATAGO_NOT_FOUND' });
  });

  it('starts the new form of a server before the old one ends', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const [old] = kit.pids('a');
    const hung = kit.call('a_hang');
    await kit.reload({ a: kit.server('a', { env: { X: '1' } }) });
    const fresh = kit.pids('a')[1];
    expect([lives(old), lives(fresh)]).toEqual([true, true]);
    expect(textOf(await kit.call('a_pid'))).toBe(String(fresh));
    await kit.controller.drain(1, { force: true });
    expect(await hung).toMatchObject({ error: { code: -31002 } });
    expect([lives(old), lives(fresh)]).toEqual([false, true]);
  });

  it('never runs a server twice that is to be replaced, and keeps its calls waiting meanwhile', async () => {
    const replace = { rollover: 'replace' };
    const kit = await start(({ server }) => ({ a: server('a', replace) }));
    const [old] = kit.pids('a');
    const slow = kit.call('a_echo', { delayMs: 1000 });
    await kit.reload({ a: kit.server('a', { ...replace, env: { X: '1' } }) });
    expect(kit.pids('a')).toEqual([old]);
    const next = kit.call('a_pid');
    expect(textOf(await slow)).toBe('n');
    expect(textOf(await next)).toBe(String(kit.pids('a')[1]));
    expect(lives(old)).toBe(false);
  });
});

describe('clients of a configuration that changes', () => {
  it('are told once, after the new lists can be read', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const request = await legacy(kit);
    await request('tools/list');
    await kit.reload({ a: kit.server('a'), b: kit.server('b') });
    await vi.waitFor(() => expect(changes(kit)).toBe(1), 3000);
    const { result } = await request('tools/list');
    expect((result as { tools: { name: string }[] }).tools.map(({ name }) => name)).toContain('b_echo');
    await kit.reload({ a: kit.server('a', { env: { X: '1' } }), b: kit.server('b') });
    await kit.reload({ a: kit.server('a', { env: { X: '1' } }) });
    await vi.waitFor(() => expect(changes(kit)).toBe(2), 3000);
  });

  it('keep the servers they began with until they list again', async () => {
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b') }));
    const request = await legacy(kit);
    await kit.reload({ a: kit.server('a') });
    expect(kit.controller.generations()).toMatchObject([
      { id: 2, state: 'active', sessions: 0 },
      { id: 1, state: 'draining', sessions: 1 },
    ]);
    const call = { name: 'b_echo', arguments: { nonce: 'still there' } };
    expect(textOf((await request('tools/call', call)) as never)).toBe('still there');
    await request('tools/list');
    expect(kit.controller.generations()[0]).toMatchObject({ id: 2, sessions: 1 });
    expect((await request('tools/call', call))['error']).toMatchObject({ code: -32602 });
    await vi.waitFor(() => expect(lives(kit.pids('b')[0])).toBe(false), 3000);
    expect(kit.events.filter(({ type }) => type === 'session')).toMatchObject([
      { action: 'opened' },
      { action: 'moved' },
    ]);
  });

  it('move on when their generation is drained by force', async () => {
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b') }));
    const request = await legacy(kit);
    await kit.reload({ a: kit.server('a') });
    await kit.controller.drain(1, { force: true });
    expect(lives(kit.pids('b')[0])).toBe(false);
    const answer = await request('tools/call', { name: 'a_echo', arguments: { nonce: 'n' } });
    expect(textOf(answer as never)).toBe('n');
    expect(kit.controller.generations()[0]).toMatchObject({ id: 2, sessions: 1 });
  });

  it('make room for newer generations: the oldest gives its sessions up', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }), { generation: { max: 2, gracePeriodMs: 0 } });
    const request = await legacy(kit);
    await kit.reload({ a: kit.server('a', { env: { X: '1' } }) });
    expect(kit.controller.generations()[1]).toMatchObject({ id: 1, state: 'draining', sessions: 1 });
    await kit.reload({ a: kit.server('a', { env: { X: '2' } }) });
    await vi.waitFor(() => expect(lives(kit.pids('a')[0])).toBe(false), 3000);
    const answer = await request('tools/call', { name: 'a_pid', arguments: {} });
    expect(textOf(answer as never)).toBe(String(kit.pids('a')[2]));
  });

  it('answer a question of a server on the generation that it came up on', async () => {
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b') }));
    const asked = await kit.call('b_ask', { nonce: 'q' });
    const { requestState, inputRequests } = asked['result'] as { requestState: string; inputRequests: object };
    await kit.reload({ a: kit.server('a') });
    expect(kit.controller.generations()[1]).toMatchObject({ id: 1, state: 'draining', calls: 1 });
    const [key] = Object.keys(inputRequests) as [string];
    const answer = await kit.request('tools/call', {
      name: 'b_ask',
      arguments: { nonce: 'q' },
      requestState,
      inputResponses: { [key]: { action: 'accept', content: { word: 'yes' } } },
    });
    expect(textOf(answer)).toBe('q:yes');
    await vi.waitFor(() => expect(lives(kit.pids('b')[0])).toBe(false), 3000);
  });

  it('read a list to its end that was replaced meanwhile', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }), { limits: { maxListBytes: 4096 } });
    const wide = { tools: { overrides: { echo: { description: 'x'.repeat(5000) } } } };
    await kit.reload({ a: kit.server('a', wide) });
    const first = await kit.request('tools/list');
    const { tools, nextCursor } = first['result'] as { tools: object[]; nextCursor: string };
    await kit.reload({ b: kit.server('b') });
    const rest = await kit.request('tools/list', { cursor: nextCursor });
    const names = (rest['result'] as { tools: { name: string }[] }).tools.map(({ name }) => name);
    expect(tools.length + names.length).toBeGreaterThan(1);
    expect(names.every((name) => name.startsWith('a_'))).toBe(true);
  });
});

describe('going back', () => {
  it('applies what an earlier generation had', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    await kit.reload({ b: kit.server('b') });
    const { controller } = kit;
    expect(controller.diff(1, 2)).toMatchObject({ added: ['b'], removed: ['a'] });
    expect(await controller.rollback()).toMatchObject({ outcome: 'applied', generation: 3, diff: { added: ['a'] } });
    await vi.waitFor(async () => expect(await kit.list()).toContain('a_echo'), 3000);
    expect(controller.generations()[0]).toMatchObject({ id: 3, origin: 'rollback', state: 'active' });
    const { outcome, warnings } = await controller.reload({ origin: 'file' });
    expect([outcome, warnings[0]]).toEqual(['unchanged', expect.stringContaining('was rolled back')]);
    await expect(controller.rollback(9)).rejects.toMatchObject({ code: 'HATAGO_NOT_FOUND' });
  });

  it('happens by itself when too many calls of changed servers fail, and says why', async () => {
    const rollover = { minCalls: 5, errorRateThreshold: 0.5, windowMs: 60_000 };
    const kit = await start(({ server }) => ({ a: server('a') }), { rollover });
    const broken = { command: process.execPath, args: ['-e', 'process.exit(3)'], restart: { max: 0 } };
    await kit.reload({ a: broken });
    expect(kit.controller.current().id).toBe(2);
    for (let i = 0; i < 5; i++) await kit.call('a_echo');
    await vi.waitFor(() => expect(kit.controller.current().id).toBe(3), 4000);
    const { controller } = kit;
    expect(controller.generations()[1]).toMatchObject({ id: 2, state: 'failed' });
    expect(controller.generations()[1]?.error).toContain('5 of its first 5 calls failed, of a 5');
    expect(controller.rejected?.[0]).toContain('generation 2 was rolled back');
    expect(kit.logs.filter(({ event }) => event === 'generation.rolled_back')).toHaveLength(1);
    expect(textOf(await kit.call('a_echo'))).toBe('n');
    expect(await controller.reload({ origin: 'file' })).toMatchObject({ outcome: 'unchanged', generation: 3 });
    expect(await controller.reload()).toMatchObject({ outcome: 'applied', generation: 4 });
  });
});

describe('several changes at a time', () => {
  it('are carried out one after the other, and of edits that wait only the last one counts', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const { controller } = kit;
    const state = (name: string) =>
      ({ ok: true, config: kit.config({ [name]: kit.server(name) }), warnings: [] }) as const;
    const results = await Promise.all([
      controller.apply(state('b'), { origin: 'file' }),
      controller.apply(state('c'), { origin: 'file' }),
      controller.apply(state('d'), { origin: 'file' }),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged', 'applied']);
    expect(results[0]?.warnings[0]).toContain('a newer configuration took its place');
    expect(controller.current().upstreams.map(({ id }) => id)).toEqual(['d']);
    expect([kit.pids('b'), kit.pids('c')]).toEqual([[], []]);
  });

  it('do not wait for a server that does not come up: a newer configuration takes its place', async () => {
    const limits = { limits: { settleMs: 200 } };
    const kit = await start(({ server }) => ({ a: server('a'), b: server('b') }), limits);
    const mute = kit.server('a');
    const stuck = kit.reload({ a: { ...mute, args: [...(mute['args'] as string[]), '--mute'] }, b: kit.server('b') });
    await vi.waitFor(() => expect(kit.pids('a')).toHaveLength(2), 10_000);
    expect(textOf(await kit.call('a_echo'))).toBe('n');
    const mended = await kit.reload({ a: kit.server('a', { env: { X: '1' } }), b: kit.server('b') });
    expect(mended).toMatchObject({ outcome: 'applied', generation: 3 });
    expect(await stuck).toMatchObject({ outcome: 'unchanged', generation: 1 });
    expect(kit.controller.generations().map(({ id, state }) => [id, state])).toMatchObject([
      [3, 'active'],
      [2, 'retired'],
      [1, expect.stringMatching(/draining|retired/)],
    ]);
    expect(kit.pids('b')).toHaveLength(1);
    await vi.waitFor(() => expect(lives(kit.pids('a')[1])).toBe(false), 10_000);
  });

  it('are told as events', async () => {
    const kit = await start(() => ({}));
    await kit.reload({}, { toolNaming: { maxLength: 30 } });
    const states = kit.events.flatMap((event) =>
      event.type === 'generation' ? [[event.generation, event.state]] : [],
    );
    expect(states).toEqual([
      [1, 'warming'],
      [1, 'active'],
      [2, 'warming'],
      [1, 'draining'],
      [2, 'active'],
      [1, 'retired'],
    ]);
  });
});

describe('servers by hand', () => {
  it('are stopped and started, and only those there are', async () => {
    const kit = await start(({ server }) => ({ a: server('a') }));
    const { controller } = kit;
    await controller.stop('a');
    await vi.waitFor(() => expect(lives(kit.pids('a')[0])).toBe(false), 10_000);
    await controller.start('a');
    expect(kit.pids('a')).toHaveLength(2);
    await controller.restart('a');
    expect(kit.pids('a')).toHaveLength(3);
    expect(controller.server('a')).toMatchObject({ id: 'a', status: 'ready' });
    expect(controller.logs('a')).toEqual([]);
    await expect(controller.start('nobody')).rejects.toMatchObject({ code: 'HATAGO_NOT_FOUND' });
  });
});

describe('what is kept', () => {
  it('of a generation holds no secret and tells one from another', async () => {
    const secret = 'sesame-open-1234';
    const kit = await start(({ server }) => ({ a: server('a', { env: { TOKEN: secret } }) }));
    await kit.reload({ a: kit.server('a', { env: { TOKEN: `${secret}-two` } }) });
    const folder = join(kit.home, 'state', 'generations');
    await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(2));
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(texts).toHaveLength(2);
    for (const text of texts) expect(text).not.toContain('sesame');
    expect(kit.controller.diff(1, 2)?.changed).toEqual([{ server: 'a', keys: ['env'] }]);
  });

  it('is the last few generations', async () => {
    const kit = await start(() => ({}), { generation: { max: 2, gracePeriodMs: 0 } });
    for (let i = 0; i < 4; i++) await kit.reload({}, { toolNaming: { maxLength: 30 + i } });
    const kept = (): string[] => readdirSync(join(kit.home, 'state', 'generations')).sort();
    await kit.controller.close('what is left to be written is written now');
    expect(kept()).toEqual(['4.json', '5.json']);
  });
});
