import { Payload } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../core/exchange.ts';
import { scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, type Script, upstreamError } from './scripted-upstream.ts';

const tool = (name: string): { name: string } => ({ name });

describe('tools/call', () => {
  it('goes to the owner of the name, by its own name, with everything else as it came', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [tool('read')] },
      {
        id: 'a_b',
        tools: [tool('read')],
        handle: ({ method }) => (method === 'tools/call' ? complete({ content: [], v: 1 }) : undefined),
      },
    ]);
    await route.settled;
    const x = exchangeOf('tools/call', { name: 'a_b_read', arguments: { q: 1 } }, { session: { id: 's' } });
    const outcome = await route.handler(x);
    expect(jsonOf(outcome)).toEqual({ content: [], v: 1 });
    expect(route.up.a.calls).toHaveLength(0);
    const call = route.up.a_b.calls[0];
    expect(call).toMatchObject({
      method: 'tools/call',
      target: 'read',
      session: { id: 's' },
      principal: { id: 'local' },
    });
    expect(call?.params).toBe(x.params);
    expect(call?.envelope).toBe(x.envelope);
    expect(call?.signal).toBe(x.signal);
    call?.emit({ method: 'notifications/progress', params: Payload.ofValue({}) });
    expect(x.emitted).toHaveLength(1);
  });

  it('hands back the very outcome of the server when there is nothing to change', async () => {
    const result = complete({ content: [] });
    const error = upstreamError(-32602, 'their words', { x: 1 });
    const route = scriptedRoute([
      {
        id: 'a',
        tools: [tool('ok'), tool('bad')],
        handle: ({ target }) => (target === 'ok' ? result : target === 'bad' ? error : undefined),
      },
    ]);
    await route.settled;
    expect(await route.handler(exchangeOf('tools/call', { name: 'a_ok' }))).toBe(result);
    expect(await route.handler(exchangeOf('tools/call', { name: 'a_bad' }))).toBe(error);
  });

  it('leaves the name alone where it is the server’s own', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x.y')] }], { prefix: false });
    await route.settled;
    await route.handler(exchangeOf('tools/call', { name: 'x.y' }));
    expect(route.up.a.calls[0]?.target).toBeUndefined();
  });

  it('takes a bare name while no two servers have it, those that are down included', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [tool('read'), tool('only')] },
      { id: 'b', tools: [tool('read'), tool('gone')] },
    ]);
    await route.settled;
    route.up.b.setState('failed');
    await vi.waitFor(async () => expect(jsonOf(await route.handler(exchangeOf('tools/list'))).tools).toHaveLength(2));
    await route.handler(exchangeOf('tools/call', { name: 'only' }));
    expect(route.up.a.calls[0]?.target).toBe('only');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'read' }))).code).toBe(-32602);
    expect(route.up.a.calls).toHaveLength(1);
    expect(route.resolve('tools', 'only')).toEqual({ server: 'a', own: 'only', public: 'a_only' });
  });

  it('names the server and the next step when the owner is down', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }]);
    await route.settled;
    route.up.a.setState('failed', 'it died');
    const error = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })));
    expect(error).toMatchObject({ code: -31001, data: { kind: 'upstream_unavailable', server: 'a' } });
    expect(error.message).toMatch(/^a is not reachable.*Try again later/);
    expect(route.up.a.calls).toHaveLength(0);
  });

  it('names the server of a name that was never read', async () => {
    const route = scriptedRoute([
      { id: 'a', state: 'failed' },
      { id: 'b', tools: [] },
    ]);
    await route.settled;
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' })))).toMatchObject({
      code: -31001,
      data: { server: 'a' },
    });
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'c_x' })))).toMatchObject({ code: -32602 });
  });

  it.each([
    ['an unknown name', { name: 'nope' }, /Unknown tool "nope"/],
    ['no name', {}, /params\.name/],
    ['a name that is no text', { name: 7 }, /params\.name/],
  ])('refuses %s', async (_, params, message) => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }]);
    const error = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    expect(error.code).toBe(-32602);
    expect(error.message).toMatch(message);
  });

  it('does not call what is excluded, on no route', async () => {
    for (const prefix of [true, false]) {
      const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }], { prefix }, { a: { tools: { exclude: ['x'] } } });
      for (const name of ['x', 'a_x']) {
        expect(jsonOf(await route.handler(exchangeOf('tools/call', { name }))).code).toBe(-32602);
      }
      expect(route.up.a.calls).toHaveLength(0);
    }
  });

  it('asks the one server of a route whose list could not be read, save for what is excluded', async () => {
    const script: Script & { id: 'a' } = {
      id: 'a',
      tools: [],
      handle: ({ method }) => (method === 'tools/list' ? upstreamError(-32603) : complete({ content: [] })),
    };
    const route = scriptedRoute([script], { prefix: false }, { a: { tools: { exclude: ['hidden'] } } });
    await route.settled;
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'anything' })))).toEqual({ content: [] });
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'hidden' }))).code).toBe(-32602);
    route.up.a.setState('failed');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'anything' }))).code).toBe(-31001);
  });

  it('does not wait for a slow server when the owner is known', async () => {
    const route = scriptedRoute(
      [
        { id: 'fast', tools: [tool('x')] },
        { id: 'slow', state: 'starting' },
      ],
      { limits: { settleMs: 60_000 } },
    );
    await vi.waitFor(() => expect(route.resolve('tools', 'fast_x')).toBeDefined());
    await route.handler(exchangeOf('tools/call', { name: 'fast_x' }));
    expect(route.up.fast.calls).toHaveLength(1);
    const waiting = route.handler(exchangeOf('tools/call', { name: 'slow_y' }));
    route.up.slow.script = { ...route.up.slow.script, tools: [tool('y')] };
    route.up.slow.setState('ready');
    route.up.slow.settle();
    await waiting;
    expect(route.up.slow.calls[0]?.target).toBe('y');
    route.close();
  });

  it('waits a little for an owner that is starting again, then gives up', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [tool('x')] }]);
    await route.settled;
    route.up.a.setState('starting');
    const soon = route.handler(exchangeOf('tools/call', { name: 'a_x' }));
    route.up.a.setState('ready');
    expect((await soon).kind).toBe('complete');
    route.up.a.setState('starting');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'a_x' }))).code).toBe(-31001);
  });

  it('starts a server that sleeps to find out what it has', async () => {
    const route = scriptedRoute([{ id: 'a', state: 'stopped', tools: [tool('x')] }]);
    await route.settled;
    expect((await route.handler(exchangeOf('tools/call', { name: 'a_x' }))).kind).toBe('complete');
  });

  it('waits with unprefixed names until it is certain whose they are', async () => {
    const route = scriptedRoute(
      [
        { id: 'a', tools: [tool('x')] },
        { id: 'b', state: 'starting', tools: [tool('x')] },
      ],
      {
        naming: { strategy: 'none' },
        limits: { settleMs: 60_000 },
      },
    );
    await vi.waitFor(() => expect(route.resolve('tools', 'x')).toBeDefined());
    const called = route.handler(exchangeOf('tools/call', { name: 'x' }));
    route.up.b.setState('ready');
    route.up.b.settle();
    expect(jsonOf(await called).code).toBe(-32602);
    expect(route.up.a.calls).toHaveLength(0);
    await route.handler(exchangeOf('tools/call', { name: 'a_x' }));
    expect(route.up.a.calls).toHaveLength(1);
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'zz' }))).code).toBe(-32602);
  });

  it('names the servers that share a name, where that is an error, and asks none of them', async () => {
    const route = scriptedRoute(
      [
        { id: 'a', tools: [tool('x')] },
        { id: 'b', tools: [tool('x'), tool('y')] },
      ],
      { naming: { strategy: 'error' } },
    );
    await route.settled;
    const refused = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'x' })));
    expect(refused).toMatchObject({ code: -32602, message: expect.stringContaining('a and b each have a tool "x"') });
    expect([...route.up.a.calls, ...route.up.b.calls]).toHaveLength(0);
    expect((await route.handler(exchangeOf('tools/call', { name: 'y' }))).kind).toBe('complete');
  });

  it('reaches a tool by its alias, and says which server it waits for', async () => {
    const naming = { aliases: { a_x: 'go', b_y: 'come' } };
    const route = scriptedRoute(
      [
        { id: 'a', tools: [tool('x')] },
        { id: 'b', state: 'starting' },
      ],
      { naming, limits: { settleMs: 1 } },
    );
    await vi.waitFor(() => expect(route.resolve('tools', 'go')).toBeDefined());
    expect((await route.handler(exchangeOf('tools/call', { name: 'go' }))).kind).toBe('complete');
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'come' })))).toMatchObject({
      message: expect.stringContaining('b'),
      code: -31001,
    });
  });

  it('says to legacy clients that the output is wrapped when the schema was', async () => {
    const route = scriptedRoute([
      {
        id: 'a',
        tools: [
          { name: 'list', outputSchema: { type: 'array' } },
          { name: 'obj', outputSchema: { type: 'object' } },
        ],
      },
    ]);
    await route.settled;
    const call = (name: string, legacy: boolean): Promise<Outcome> =>
      route.handler(exchangeOf('tools/call', { name }, { legacy }));
    expect(await call('a_list', true)).toMatchObject({ kind: 'complete', wrap: true });
    expect(await call('a_obj', true)).not.toHaveProperty('wrap');
    expect(await call('a_list', false)).not.toHaveProperty('wrap');
  });

  it('compares declared headers with the arguments', async () => {
    const inputSchema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
    const route = scriptedRoute([{ id: 'a', tools: [{ name: 'x', inputSchema }] }]);
    await route.settled;
    const call = (header: string | undefined): Promise<Outcome> =>
      route.handler(
        exchangeOf(
          'tools/call',
          { name: 'a_x', arguments: { region: 'eu' } },
          { header: (name) => (name === 'mcp-param-region' ? header : undefined) },
        ),
      );
    expect((await call('eu')).kind).toBe('complete');
    for (const header of ['us', undefined]) {
      expect(await call(header)).toMatchObject({ kind: 'error', http: 400 });
      expect(jsonOf(await call(header)).code).toBe(-32020);
    }
    expect(route.up.a.calls).toHaveLength(1);
    expect((await route.handler(exchangeOf('tools/call', { name: 'a_x', arguments: { region: 'eu' } }))).kind).toBe(
      'complete',
    );
    expect(route.paramDeclarations('a_x')).toEqual([{ header: 'Region', path: ['region'], type: 'string' }]);
  });

  it.each(['a_x', 'x'])('compares them on a retry too, whatever the tool is called by: %s', async (name) => {
    const inputSchema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
    const asked: Outcome = { kind: 'input_required', result: Payload.ofValue({ requestState: 's' }) };
    const handle: Script['handle'] = ({ method, resume }) =>
      method === 'tools/call' && resume === undefined ? asked : undefined;
    const route = scriptedRoute([{ id: 'a', tools: [{ name: 'x', inputSchema }], handle }]);
    await route.settled;
    const call = async (region: string, more: object = {}): Promise<Record<string, unknown>> => {
      const params = { name, arguments: { region: 'eu' }, ...more };
      return jsonOf(await route.handler(exchangeOf('tools/call', params, { header: () => region })));
    };
    const { requestState } = await call('eu');
    expect(await call('us', { requestState })).toMatchObject({ code: -32020 });
    expect(await call('eu', { requestState })).toEqual({});
  });
});

describe('prompts/get', () => {
  it('goes to the owner like a tool call', async () => {
    const route = scriptedRoute([{ id: 'a', prompts: [{ name: 'p' }] }]);
    await route.settled;
    await route.handler(exchangeOf('prompts/get', { name: 'a_p', arguments: {} }));
    expect(route.up.a.calls[0]).toMatchObject({ method: 'prompts/get', target: 'p' });
    expect(jsonOf(await route.handler(exchangeOf('prompts/get', { name: 'q' }))).message).toMatch(/Unknown prompt "q"/);
  });
});

describe('other methods', () => {
  it('go to the only server of a route, and nowhere on a route of several', async () => {
    const single = scriptedRoute([{ id: 'a', handle: () => complete({ theirs: true }) }], { prefix: false });
    expect(jsonOf(await single.handler(exchangeOf('vendor/thing', { a: 1 })))).toEqual({ theirs: true });
    expect(jsonOf(await single.handler(exchangeOf('logging/setLevel', {}))).code).toBe(-32601);
    const many = scriptedRoute([{ id: 'a' }]);
    expect(await many.handler(exchangeOf('vendor/thing'))).toMatchObject({ kind: 'error', http: 404 });
  });
});
