import { describe, expect, it } from 'vitest';
import type { Outcome } from '../core/exchange.ts';
import { type ScriptedRoute, scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, upstreamError } from './scripted-upstream.ts';

const read = <T extends string>(route: ScriptedRoute<T>, uri: unknown, legacy = false): Promise<Outcome> =>
  route.handler(exchangeOf('resources/read', { uri }, { legacy }));
const contentsOf = (uri: string): Outcome => complete({ contents: [{ uri, text: 'x' }] });
type Contents = { contents: { uri: string; text: string }[] };

describe('resources/read', () => {
  it('goes to the server that lists the URI, bytes untouched', async () => {
    const answer = contentsOf('b://1');
    const route = scriptedRoute([
      { id: 'a', resources: [{ uri: 'a://1' }] },
      {
        id: 'b',
        resources: [{ uri: 'b://1' }],
        handle: ({ method }) => (method === 'resources/read' ? answer : undefined),
      },
    ]);
    expect(await read(route, 'b://1')).toBe(answer);
    expect(route.up.b.calls[0]).toMatchObject({ method: 'resources/read', target: undefined });
    expect(route.up.a.calls).toHaveLength(0);
  });

  it('goes to the template with the longest literal start, then to the earlier server', async () => {
    const route = scriptedRoute([
      { id: 'a', templates: [{ uriTemplate: 'db://{+any}' }, { uriTemplate: 'x://{id}' }] },
      {
        id: 'b',
        templates: [{ uriTemplate: 'db://users/{id}' }, { uriTemplate: 'x://{id}' }, { uriTemplate: 'x://{other}' }],
      },
    ]);
    await read(route, 'db://users/7');
    expect(route.up.b.calls).toHaveLength(1);
    await read(route, 'db://posts/7');
    await read(route, 'x://7');
    expect(route.up.a.calls).toHaveLength(2);
  });

  it('asks the servers in turn for a URI nobody lists', async () => {
    const unknown = (): Outcome => upstreamError(-32002);
    const route = scriptedRoute([
      { id: 'none', tools: [] },
      { id: 'a', resources: [], handle: ({ method }) => (method === 'resources/read' ? unknown() : undefined) },
      {
        id: 'b',
        resources: [],
        handle: ({ method }) => (method === 'resources/read' ? contentsOf('z://1') : undefined),
      },
      { id: 'c', resources: [] },
      { id: 'down', resources: [], state: 'failed' },
    ]);
    expect(jsonOf(await read(route, 'z://1'))).toEqual({ contents: [{ uri: 'z://1', text: 'x' }] });
    expect([route.up.none, route.up.a, route.up.b, route.up.c].map(({ calls }) => calls.length)).toEqual([0, 1, 1, 0]);
  });

  it('says which resource nobody has', async () => {
    const route = scriptedRoute([
      {
        id: 'a',
        resources: [],
        handle: ({ method }) => (method === 'resources/read' ? upstreamError(-32602) : undefined),
      },
    ]);
    expect(jsonOf(await read(route, 'z://1'))).toMatchObject({
      code: -32602,
      data: { kind: 'resource_not_found', uri: 'z://1' },
    });
  });

  it('shows another error than "not found" when that is all there is', async () => {
    const route = scriptedRoute([
      {
        id: 'a',
        resources: [],
        handle: ({ method }) => (method === 'resources/read' ? upstreamError(-32603, 'broken') : undefined),
      },
      {
        id: 'b',
        resources: [],
        handle: ({ method }) => (method === 'resources/read' ? upstreamError(-32002) : undefined),
      },
    ]);
    expect(jsonOf(await read(route, 'z://1'))).toEqual({ code: -32603, message: 'broken' });
  });

  it('leaves every URI to the one server of a route', async () => {
    const error = upstreamError(-32002, 'theirs');
    const route = scriptedRoute(
      [{ id: 'a', resources: [], handle: ({ method }) => (method === 'resources/read' ? error : undefined) }],
      { prefix: false },
    );
    expect(await read(route, 'hatago://servers')).toBe(error);
  });

  it('needs a URI', async () => {
    const route = scriptedRoute([{ id: 'a', resources: [] }]);
    expect(jsonOf(await read(route, 7)).code).toBe(-32602);
  });
});

describe('hatago://servers', () => {
  it('tells of every server', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [{ name: 't' }], prompts: [{ name: 'p' }], resources: [{ uri: 'a://1' }, { uri: 'a://2' }] },
      { id: 'b', type: 'http', state: 'failed' },
      { id: 'c', tools: [], handle: () => upstreamError(-32603) },
    ]);
    await route.settled;
    route.up.b.setState('failed', 'connection refused');
    const { contents } = jsonOf(await read(route, 'hatago://servers')) as Contents;
    expect(contents[0]).toMatchObject({ uri: 'hatago://servers', mimeType: 'application/json' });
    const rows = JSON.parse(contents[0]?.text ?? '');
    expect(rows.total).toBe(3);
    expect(rows.servers[0]).toEqual({
      id: 'a',
      status: 'ready',
      type: 'stdio',
      url: null,
      command: 'server',
      tools: 1,
      resources: 2,
      prompts: 1,
      error: null,
    });
    expect(rows.servers[1]).toMatchObject({ id: 'b', status: 'failed', type: 'http', error: 'connection refused' });
    expect(rows.servers[2].error).toMatch(/tools\/list failed/);
    expect(route.rows()).toEqual(rows.servers);
    route.close();
  });

  it('keeps its URI when a server claims it', async () => {
    const route = scriptedRoute([{ id: 'hub', resources: [{ uri: 'hatago://servers', name: 'inner' }] }]);
    await route.settled;
    const { resources } = jsonOf(await route.handler(exchangeOf('resources/list'))) as { resources: { uri: string }[] };
    expect(resources.map(({ uri }) => uri)).toEqual(['hatago://hub.servers', 'hatago://servers']);
    await read(route, 'hatago://hub.servers');
    expect(route.up.hub.calls[0]?.target).toBe('hatago://servers');
  });
});
