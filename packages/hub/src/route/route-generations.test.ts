import { describe, expect, it, vi } from 'vitest';
import type { Exchange, Notification, Outcome } from '../core/exchange.ts';
import { NO_LOG } from '../core/log.ts';
import { createCursors } from './cursors.ts';
import { createInventories } from './inventories.ts';
import { hubEnvelope } from './read-list.ts';
import { createRouter, type Router, type RouterOptions } from './router.ts';
import { createScriptedUpstream, exchangeOf, jsonOf, type Script, type ScriptedUpstream } from './scripted-upstream.ts';
import { createSealer } from './seal.ts';

const KEY = new Uint8Array(32).fill(7);
const HUB = { name: 'hatago', version: '0' };
const tools = (...of: string[]): object[] => of.map((name) => ({ name, description: 'd'.repeat(60) }));

/** Routers of two generations over what they share. */
function createHouse(shared: Partial<RouterOptions> = {}) {
  const inventories = createInventories({ envelope: hubEnvelope(HUB), log: NO_LOG, graceMs: 5 });
  const build = (
    generation: number,
    upstreams: readonly ScriptedUpstream[],
    more: Partial<RouterOptions> = {},
  ): Router =>
    createRouter({
      path: '/mcp',
      prefix: true,
      servers: upstreams.map((upstream) => ({ upstream })),
      sealKeys: [KEY],
      hubInfo: HUB,
      inventories,
      generation,
      ...shared,
      ...more,
      limits: { settleMs: 50, coalesceMs: 1, graceMs: 5, ...shared.limits, ...more.limits },
    });
  /** What the controller does with two routers. */
  const swap = (from: Router, to: Router): void => {
    const heard = from.release();
    if (heard !== undefined) to.adopt(heard);
  };
  return { build, swap };
}

const up = (script: Script): ScriptedUpstream => createScriptedUpstream(script);

interface Listening {
  readonly exchange: Exchange & { emitted: Notification[]; cancel(reason: string): void };
  readonly ended: Promise<Outcome>;
  methods(): string[];
}

async function listen(route: Router, notifications: object): Promise<Listening> {
  const exchange = exchangeOf('subscriptions/listen', { notifications }, { listenId: 'L' });
  const ended = route.handler(exchange);
  await vi.waitFor(() => expect(exchange.emitted).toHaveLength(1), { interval: 1 });
  return { exchange, ended, methods: () => exchange.emitted.slice(1).map(({ method }) => method) };
}

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const turn = (ms = 15): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('listeners of a route whose generation is replaced', () => {
  it('are told once of the lists that are others now, after these can be read', async () => {
    const { build, swap } = createHouse();
    const [a, b] = [up({ id: 'a', tools: tools('x') }), up({ id: 'b', tools: tools('y') })];
    const old = build(1, [a]);
    await old.settled;
    const { exchange, methods } = await listen(old, ALL);
    const next = build(2, [a, b]);
    await next.settled;
    let seen: unknown;
    exchange.emit = (notification) => {
      exchange.emitted.push(notification);
      seen ??= next.handler(exchangeOf('tools/list'));
    };
    swap(old, next);
    await vi.waitFor(() => expect(methods()).toEqual(['notifications/tools/list_changed']));
    const { tools: listed } = jsonOf((await seen) as Outcome) as { tools: { name: string }[] };
    expect(listed.map(({ name }) => name)).toEqual(['a_x', 'b_y']);
    old.close();
    await turn();
    expect(methods()).toHaveLength(1);
  });

  it('are told nothing where nothing shows', async () => {
    const { build, swap } = createHouse();
    const a = up({ id: 'a', tools: tools('x') });
    const old = build(1, [a]);
    await old.settled;
    const { methods } = await listen(old, ALL);
    const next = build(2, [up({ id: 'a', tools: tools('x') })]);
    await next.settled;
    swap(old, next);
    old.close();
    await turn();
    expect(methods()).toEqual([]);
    a.emit({ type: 'changed', list: 'tools' });
    await turn();
    expect(methods()).toEqual([]);
  });

  it('are told once when new servers come up only after the swap', async () => {
    const { build, swap } = createHouse({ limits: { settleMs: 5000 } });
    const [a, b] = [up({ id: 'a', tools: tools('x') }), up({ id: 'b', tools: tools('y'), state: 'starting' })];
    const old = build(1, [a]);
    await old.settled;
    const { methods } = await listen(old, ALL);
    const next = build(2, [a, b]);
    swap(old, next);
    await turn();
    expect(methods()).toEqual([]);
    b.setState('ready');
    b.settle();
    await vi.waitFor(() => expect(methods()).toEqual(['notifications/tools/list_changed']));
    await turn();
    expect(methods()).toHaveLength(1);
  });

  it('follow at the new server what they followed at the old one, without a moment between', async () => {
    const { build, swap } = createHouse();
    const [old, fresh] = [
      up({ id: 'a', resources: [{ uri: 'a://1' }] }),
      up({ id: 'a', resources: [{ uri: 'a://1' }] }),
    ];
    const before = build(1, [old]);
    await before.settled;
    const { exchange, methods } = await listen(before, { resourceSubscriptions: ['a://1', 'hatago://servers'] });
    expect(old.subscribed).toEqual(['resource a://1']);
    const next = build(2, [fresh]);
    await next.settled;
    swap(before, next);
    expect(old.subscribed).toEqual(['resource a://1']);
    await vi.waitFor(() => expect([old.subscribed, fresh.subscribed]).toEqual([[], ['resource a://1']]));
    fresh.emit({ type: 'updated', uri: 'a://1' });
    old.emit({ type: 'updated', uri: 'a://1' });
    expect(methods().filter((method) => method === 'notifications/resources/updated')).toHaveLength(1);
    exchange.cancel('enough');
    expect(fresh.subscribed).toEqual([]);
  });

  it('go on following what only the old generation has, for as long as it is there', async () => {
    const { build, swap } = createHouse();
    const gone = up({ id: 'gone', resources: [{ uri: 'g://1' }] });
    const before = build(1, [gone]);
    await before.settled;
    const { methods } = await listen(before, { resourceSubscriptions: ['g://1'] });
    const next = build(2, [up({ id: 'a', tools: [] })]);
    await next.settled;
    swap(before, next);
    await turn();
    gone.emit({ type: 'updated', uri: 'g://1' });
    expect(methods()).toContain('notifications/resources/updated');
    before.close();
    expect(gone.subscribed).toEqual([]);
  });

  it('end with the new generation in an orderly way', async () => {
    const { build, swap } = createHouse();
    const a = up({ id: 'a', tools: [] });
    const old = build(1, [a]);
    await old.settled;
    const { ended } = await listen(old, ALL);
    const next = build(2, [a]);
    swap(old, next);
    next.close();
    expect((await ended).kind).toBe('complete');
    expect(next.release()).toBeUndefined();
  });
});

describe('a list that is read while its generation is replaced', () => {
  it('can be read to its end for a while', async () => {
    let nowMs = 0;
    const now = (): number => nowMs;
    const cursors = createCursors({ sealer: createSealer([KEY], now), now });
    const { build } = createHouse({ cursors, now, limits: { maxListBytes: 100 } });
    const old = build(1, [up({ id: 'a', tools: tools('x', 'y') })]);
    await old.settled;
    const { nextCursor } = jsonOf(await old.handler(exchangeOf('tools/list'))) as { nextCursor: string };
    nowMs = 50_000;
    cursors.renew();
    const next = build(2, [up({ id: 'b', tools: tools('z') })]);
    await next.settled;
    old.close();
    nowMs = 100_000;
    const rest = jsonOf(await next.handler(exchangeOf('tools/list', { cursor: nextCursor })));
    expect((rest as { tools: { name: string }[] }).tools.map(({ name }) => name)).toEqual(['a_y']);
    nowMs = 170_000;
    expect(jsonOf(await next.handler(exchangeOf('tools/list', { cursor: nextCursor })))).toMatchObject({
      code: -32602,
    });
  });
});

describe('what began on another generation', () => {
  const asking = (): Script => ({
    id: 'a',
    tools: tools('ask'),
    handle: ({ method }) =>
      method === 'tools/call'
        ? {
            kind: 'input_required',
            result: exchangeOf('x', { inputRequests: { q: { method: 'roots/list', params: {} } }, requestState: 's' })
              .params,
          }
        : undefined,
  });

  it('goes on there: the retry of a call', async () => {
    const { build } = createHouse();
    const first = up(asking());
    const old = build(1, [first]);
    const next = build(2, [up(asking())], { elsewhere: (generation) => (generation === 1 ? old.handler : undefined) });
    await Promise.all([old.settled, next.settled]);
    const asked = jsonOf(await old.handler(exchangeOf('tools/call', { name: 'a_ask' })));
    const { requestState } = asked as { requestState: string };
    await next.handler(exchangeOf('tools/call', { name: 'a_ask', requestState, inputResponses: {} }));
    expect(first.calls.map(({ resume }) => resume?.state)).toEqual([undefined, 's']);
  });

  it('goes on here where the other is no more', async () => {
    const { build } = createHouse();
    const old = build(1, [up(asking())]);
    const second = up(asking());
    const next = build(2, [second], { elsewhere: () => undefined });
    await Promise.all([old.settled, next.settled]);
    const { requestState } = jsonOf(await old.handler(exchangeOf('tools/call', { name: 'a_ask' }))) as {
      requestState: string;
    };
    await next.handler(exchangeOf('tools/call', { name: 'a_ask', requestState, inputResponses: {} }));
    expect(second.calls.map(({ resume }) => resume?.state)).toEqual(['s']);
  });

  it('goes on there: a request about a task', async () => {
    const { build } = createHouse();
    const first = up({
      id: 'a',
      tools: tools('job'),
      handle: ({ method }) =>
        method === 'tools/call'
          ? { kind: 'task', result: exchangeOf('x', { taskId: 't1', status: 'working' }).params }
          : undefined,
    });
    const old = build(1, [first]);
    const next = build(2, [up({ id: 'a', tools: tools('job') })], { elsewhere: () => old.handler });
    await Promise.all([old.settled, next.settled]);
    const { taskId } = jsonOf(await old.handler(exchangeOf('tools/call', { name: 'a_job' }))) as { taskId: string };
    await next.handler(exchangeOf('tasks/get', { taskId }));
    expect(first.calls.map(({ method, target }) => [method, target])).toEqual([
      ['tools/call', 'job'],
      ['tasks/get', 't1'],
    ]);
  });
});
