import { Payload } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Exchange, Notification, Outcome } from '../core/exchange.ts';
import { type ScriptedRoute, scriptedRoute } from './scripted-route.ts';
import { complete, type ExchangeOptions, exchangeOf, jsonOf } from './scripted-upstream.ts';

const tools = (...of: string[]): object[] => of.map((name) => ({ name }));
const ID = 'io.modelcontextprotocol/subscriptionId';

interface Listening {
  readonly exchange: Exchange & { emitted: Notification[]; cancel(reason: string): void };
  readonly ended: Promise<Outcome>;
  heard(): { method: string; params: Record<string, unknown> }[];
  methods(): string[];
}

async function listen<T extends string>(
  route: ScriptedRoute<T>,
  notifications: object,
  options: ExchangeOptions = {},
): Promise<Listening> {
  const exchange = exchangeOf('subscriptions/listen', { notifications }, { listenId: 'L', ...options });
  const ended = route.handler(exchange);
  await vi.waitFor(() => expect(exchange.emitted).toHaveLength(1), { interval: 1 });
  const heard = (): { method: string; params: Record<string, unknown> }[] =>
    exchange.emitted.map(({ method, params }) => ({ method, params: jsonOf({ kind: 'complete', result: params }) }));
  return { exchange, ended, heard, methods: () => heard().map(({ method }) => method) };
}

const turn = (ms = 15): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('subscriptions/listen', () => {
  it('is acknowledged first, with what of it can be honoured', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [], resources: [{ uri: 'a://1' }] },
      { id: 'b', resources: [] },
    ]);
    await route.settled;
    const { heard } = await listen(route, {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: false,
      resourceSubscriptions: ['a://1', 'nobody://1', 7, 'a://1'],
      taskIds: ['unknown'],
      other: true,
    });
    expect(heard()).toEqual([
      {
        method: 'notifications/subscriptions/acknowledged',
        params: {
          notifications: { toolsListChanged: true, resourceSubscriptions: ['a://1'], taskIds: [] },
          _meta: { [ID]: 'L' },
        },
      },
    ]);
  });

  it('needs a filter', async () => {
    const route = scriptedRoute([{ id: 'a' }]);
    const outcome = await route.handler(exchangeOf('subscriptions/listen', { notifications: [] }, { listenId: 1 }));
    expect(jsonOf(outcome).code).toBe(-32602);
  });

  it('tells of a changed list once, only to those who asked, stamped with their own id', async () => {
    const route = scriptedRoute([{ id: 'a', tools: tools('x'), prompts: [], resources: [] }]);
    await route.settled;
    const first = await listen(route, { toolsListChanged: true, promptsListChanged: true }, { listenId: 0 });
    const second = await listen(route, { resourcesListChanged: true });
    route.up.a.script = { ...route.up.a.script, tools: tools('x', 'y') };
    for (let i = 0; i < 5; i++) route.up.a.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(() => expect(first.heard()).toHaveLength(2));
    expect(first.heard()[1]).toEqual({ method: 'notifications/tools/list_changed', params: { _meta: { [ID]: 0 } } });
    await turn();
    expect(first.heard()).toHaveLength(2);
    expect(second.heard()).toHaveLength(1);
  });

  it('tells after the new list can be read, not before', async () => {
    const route = scriptedRoute([{ id: 'a', tools: tools('x') }]);
    await route.settled;
    let listed: unknown;
    const exchange = exchangeOf(
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      {
        listenId: 1,
        emit({ method }) {
          if (method.endsWith('list_changed'))
            void route.handler(exchangeOf('tools/list')).then((outcome) => (listed = jsonOf(outcome).tools));
        },
      },
    );
    void route.handler(exchange);
    route.up.a.script = { ...route.up.a.script, tools: tools('y') };
    route.up.a.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(() => expect(listed).toEqual([{ name: 'a_y' }]));
  });

  it('is told nothing of what does not show', async () => {
    const route = scriptedRoute(
      [{ id: 'a', tools: tools('x', 'hidden') }],
      {},
      { a: { tools: { exclude: ['hidden'] } } },
    );
    await route.settled;
    const { heard } = await listen(route, { toolsListChanged: true });
    route.up.a.script = { ...route.up.a.script, tools: [{ name: 'x' }, { name: 'hidden', v: 2 }] };
    route.up.a.emit({ type: 'changed', list: 'tools' });
    route.up.a.setState('starting');
    route.up.a.setState('ready');
    await turn();
    expect(heard()).toHaveLength(1);
  });

  it('is told of a change even if somebody else has read the new list already', async () => {
    const route = scriptedRoute([{ id: 'a', tools: tools('x') }]);
    await route.settled;
    const { methods } = await listen(route, { toolsListChanged: true });
    route.up.a.script = { ...route.up.a.script, tools: tools('y') };
    route.up.a.emit({ type: 'changed', list: 'tools' });
    await Promise.resolve();
    await vi.waitFor(
      async () => expect(jsonOf(await route.handler(exchangeOf('tools/list'))).tools).toEqual([{ name: 'a_y' }]),
      { interval: 0 },
    );
    await vi.waitFor(() => expect(methods()).toContain('notifications/tools/list_changed'));
  });

  it('is told when a server goes and when it is back, each once', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: tools('x') },
      { id: 'b', tools: tools('y') },
    ]);
    await route.settled;
    const { heard } = await listen(route, { toolsListChanged: true });
    route.up.b.setState('failed');
    await vi.waitFor(() => expect(heard()).toHaveLength(2));
    route.up.b.setState('starting');
    route.up.b.setState('ready');
    await vi.waitFor(() => expect(heard()).toHaveLength(3));
    await turn();
    expect(heard()).toHaveLength(3);
  });

  it('hears nothing while servers start, then of those that come late', async () => {
    const route = scriptedRoute([
      { id: 'a', state: 'starting', tools: tools('x') },
      { id: 'b', state: 'starting', tools: tools('y') },
    ]);
    const { heard, methods } = await listen(route, { toolsListChanged: true, promptsListChanged: true });
    route.up.a.setState('ready');
    route.up.a.settle();
    await route.settled;
    expect(heard()).toHaveLength(1);
    route.up.b.setState('ready');
    await vi.waitFor(() =>
      expect(methods()).toEqual(['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed']),
    );
  });

  it('is told when a server that slept is started by somebody', async () => {
    const route = scriptedRoute([{ id: 'a', state: 'stopped', tools: tools('x') }]);
    await route.settled;
    const { methods } = await listen(route, { toolsListChanged: true });
    await route.handler(exchangeOf('tools/list'));
    await vi.waitFor(() => expect(methods()).toContain('notifications/tools/list_changed'));
  });

  it('follows resources of its filter while it is open, and no others', async () => {
    const route = scriptedRoute([
      { id: 'a', resources: [{ uri: 'a://1' }, { uri: 'a://dir/sub' }, { uri: 'x://1' }] },
      { id: 'b', resources: [{ uri: 'x://1' }] },
    ]);
    await route.settled;
    const first = await listen(route, { resourceSubscriptions: ['a://1', 'x://b.1'] });
    const second = await listen(route, { resourceSubscriptions: ['a://dir/sub'] });
    expect(route.up.a.subscribed).toEqual(['resource a://1', 'resource a://dir/sub']);
    expect(route.up.b.subscribed).toEqual(['resource x://1']);
    for (const uri of ['a://1', 'x://1', 'a://2', 'a://dir/sub/leaf', 'a://dir', 'a://dir/subother'])
      route.up.a.emit({ type: 'updated', uri });
    route.up.b.emit({ type: 'updated', uri: 'x://1' });
    expect(first.heard().slice(1)).toEqual([
      { method: 'notifications/resources/updated', params: { uri: 'a://1', _meta: { [ID]: 'L' } } },
      { method: 'notifications/resources/updated', params: { uri: 'x://b.1', _meta: { [ID]: 'L' } } },
    ]);
    expect(
      second
        .heard()
        .slice(1)
        .map(({ params }) => params.uri),
    ).toEqual(['a://dir/sub/leaf']);
    first.exchange.cancel('gone');
    await first.ended;
    expect(route.up.a.subscribed).toEqual(['resource a://dir/sub']);
    expect(route.up.b.subscribed).toEqual([]);
    route.up.a.emit({ type: 'updated', uri: 'a://1' });
    expect(first.heard()).toHaveLength(3);
  });

  it('follows a URI nobody lists where only one server can have it', async () => {
    const route = scriptedRoute([
      { id: 'a', resources: [] },
      { id: 'b', tools: [] },
    ]);
    await route.settled;
    await listen(route, { resourceSubscriptions: ['any://1'] });
    expect(route.up.a.subscribed).toEqual(['resource any://1']);
  });

  it.each([
    ['does not tell of its resources', { listChanged: true }, []],
    ['does', { subscribe: true }, ['a://1', 'any://1']],
  ])('acknowledges no URI of a server that will never tell of it: one that %s', async (_, resources, followed) => {
    const route = scriptedRoute([{ id: 'a', capabilities: { resources }, resources: [{ uri: 'a://1' }] }]);
    await route.settled;
    const { heard } = await listen(route, { resourcesListChanged: true, resourceSubscriptions: ['a://1', 'any://1'] });
    expect(heard()[0]?.params.notifications).toMatchObject({ resourceSubscriptions: followed });
    expect(route.up.a.subscribed).toEqual(followed.map((uri) => `resource ${uri}`));
  });

  it('follows the hub’s own resource', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [] }]);
    await route.settled;
    const { heard } = await listen(route, { resourceSubscriptions: ['hatago://servers'] });
    route.up.a.setState('failed');
    await vi.waitFor(() => expect(heard()[1]?.params.uri).toBe('hatago://servers'));
  });

  it('follows tasks of its own principal, under the ids they were given', async () => {
    const route = scriptedRoute([
      {
        id: 'a',
        tools: tools('x'),
        handle: ({ method }) =>
          method === 'tools/call'
            ? { kind: 'task', result: Payload.ofValue({ taskId: 'own' }) }
            : method.startsWith('tasks/')
              ? complete({})
              : undefined,
      },
    ]);
    await route.settled;
    const { taskId } = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    const mine = await listen(route, { taskIds: [taskId] });
    const eve = await listen(route, { taskIds: [taskId] }, { principal: { id: 'eve' } });
    expect(eve.heard()[0]?.params.notifications).toEqual({ taskIds: [] });
    expect(route.up.a.subscribed).toEqual(['task own']);
    const params = Payload.ofValue({ taskId: 'own', status: 'completed', _meta: { [ID]: 99, k: 1 } });
    route.up.a.emit({ type: 'task', notification: { method: 'notifications/tasks', params } });
    route.up.a.emit({ type: 'task', notification: { method: 'notifications/tasks', params: Payload.ofValue({}) } });
    expect(mine.heard().slice(1)).toEqual([
      { method: 'notifications/tasks', params: { taskId, status: 'completed', _meta: { [ID]: 'L', k: 1 } } },
    ]);
    expect(eve.heard()).toHaveLength(1);
  });

  it('ends when its client goes, and in good order when the route is closed', async () => {
    const route = scriptedRoute([{ id: 'a', resources: [{ uri: 'a://1' }] }]);
    await route.settled;
    const gone = await listen(route, { resourcesListChanged: true });
    const stays = await listen(route, { resourceSubscriptions: ['a://1'] }, { listenId: 5 });
    gone.exchange.cancel('disconnected');
    await gone.ended;
    route.close();
    expect(jsonOf(await stays.ended)).toEqual({ _meta: { [ID]: 5 } });
    expect(route.up.a.subscribed).toEqual([]);
    const late = exchangeOf('subscriptions/listen', { notifications: {} }, { listenId: 6 });
    expect((await route.handler(late)).kind).toBe('complete');
    expect(late.emitted).toHaveLength(0);
  });

  it('ends at once when its client has gone already', async () => {
    const route = scriptedRoute([{ id: 'a' }]);
    const exchange = exchangeOf('subscriptions/listen', { notifications: {} }, { listenId: 1 });
    exchange.cancel('gone');
    expect((await route.handler(exchange)).kind).toBe('complete');
    expect(exchange.emitted).toHaveLength(0);
  });
});
