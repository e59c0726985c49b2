import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { nameHash } from './names.ts';
import { createRouter } from './router.ts';
import { scriptedRoute } from './scripted-route.ts';
import { createScriptedUpstream, exchangeOf, jsonOf } from './scripted-upstream.ts';

const tools = (...of: string[]): { name: string }[] => of.map((name) => ({ name, inputSchema: { type: 'object' } }));
type Listed = { name: string; [member: string]: unknown }[];

async function list(
  route: { handler: ReturnType<typeof createRouter>['handler'] },
  what = 'tools',
  legacy = false,
): Promise<Listed> {
  const outcome = await route.handler(exchangeOf(`${what}/list`, {}, { legacy }));
  const member = what === 'resources/templates' ? 'resourceTemplates' : what;
  return jsonOf(outcome)[member] as Listed;
}

describe('lists of a route', () => {
  it('joins the servers in the order of the configuration and keeps their own', async () => {
    const route = scriptedRoute([
      { id: 'b', tools: tools('z', 'a') },
      { id: 'a', tools: tools('read') },
    ]);
    expect((await list(route)).map(({ name }) => name)).toEqual(['b_z', 'b_a', 'a_read']);
  });

  it('changes nothing of an item but its name', async () => {
    const tool = {
      title: 'T',
      name: 'x.y',
      icons: [{ src: 'i', v: 1 }],
      inputSchema: { type: 'object', $defs: { a: true } },
      z: null,
    };
    const route = scriptedRoute([{ id: 's', tools: [tool] }]);
    const result = (await route.handler(exchangeOf('tools/list'))) as { result: { bytes(): Uint8Array } };
    const text = new TextDecoder().decode(result.result.bytes());
    expect(text).toContain(JSON.stringify({ ...tool, name: 's_x_y' }));
  });

  it('leaves everything untouched on a route of one server, unknown members of the list included', async () => {
    const route = scriptedRoute(
      [{ id: 's', tools: tools('x.y'), listExtras: { vendor: { a: 1 }, ttlMs: 70, cacheScope: 'public' } }],
      {
        prefix: false,
      },
    );
    const outcome = await route.handler(exchangeOf('tools/list'));
    expect(jsonOf(outcome)).toEqual({ tools: tools('x.y'), vendor: { a: 1 }, ttlMs: 70, cacheScope: 'public' });
  });

  it('says the least of what the servers say of the age of their lists', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: [], listExtras: { ttlMs: 700, cacheScope: 'public' } },
      { id: 'b', tools: [], listExtras: { ttlMs: 300, cacheScope: 'private' } },
    ]);
    expect(jsonOf(await route.handler(exchangeOf('tools/list')))).toMatchObject({ ttlMs: 300, cacheScope: 'private' });
    const none = scriptedRoute([]);
    expect(jsonOf(await none.handler(exchangeOf('tools/list')))).toEqual({
      tools: [],
      ttlMs: 0,
      cacheScope: 'private',
    });
  });

  it('gives the same bytes again until something changes', async () => {
    const route = scriptedRoute([{ id: 'a', tools: tools('x') }]);
    const first = await route.handler(exchangeOf('tools/list'));
    const again = await route.handler(exchangeOf('tools/list'));
    expect('result' in first && 'result' in again && first.result === again.result).toBe(true);
    const legacy = await route.handler(exchangeOf('tools/list', {}, { legacy: true }));
    expect('result' in legacy && 'result' in first && legacy.result !== first.result).toBe(true);
    route.up.a.script = { ...route.up.a.script, tools: tools('x', 'y') };
    route.up.a.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(async () => expect(await list(route)).toHaveLength(2));
  });

  it('drops execution for modern clients, wraps schemas and offers tasks for legacy ones', async () => {
    const route = scriptedRoute([
      {
        id: 'old',
        era: 'legacy',
        tools: [{ name: 't', execution: { taskSupport: 'required' }, outputSchema: { type: 'array' } }],
      },
      {
        id: 'new',
        tools: [{ name: 'u' }],
        capabilities: { tools: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } },
      },
    ]);
    const [oldModern, newModern] = await list(route);
    expect(oldModern).toEqual({ name: 'old_t', outputSchema: { type: 'array' } });
    expect(newModern).toEqual({ name: 'new_u' });
    const [oldLegacy, newLegacy] = await list(route, 'tools', true);
    expect(oldLegacy).toMatchObject({
      name: 'old_t',
      execution: { taskSupport: 'required' },
      outputSchema: { type: 'object' },
    });
    expect(newLegacy).toEqual({ name: 'new_u', execution: { taskSupport: 'optional' } });
  });

  it('shows only included tools, under the names and descriptions of the configuration', async () => {
    const route = scriptedRoute(
      [
        {
          id: 's',
          tools: [{ name: 'a', description: 'Old $& text' }, { name: 'b' }, { name: 'secret' }, { name: 'c' }],
        },
      ],
      {},
      {
        s: {
          tools: {
            include: ['?', 'secret'],
            exclude: ['secret'],
            overrides: { a: { name: 'alpha', description: 'New. {description}' }, c: { name: 'b' } },
          },
        },
      },
    );
    expect(await list(route)).toEqual([{ name: 's_alpha', description: 'New. Old $& text' }, { name: 's_b' }]);
    expect(route.renames()).toEqual([{ server: 's', kind: 'tool', own: 'a', public: 's_alpha', reason: 'override' }]);
    expect(route.resolve('tools', 's_secret')).toBeUndefined();
    expect(route.resolve('tools', 's_alpha')).toEqual({ server: 's', own: 'a', public: 's_alpha' });
  });

  it('applies overrides to the wrapped form as well', async () => {
    const route = scriptedRoute(
      [{ id: 's', tools: [{ name: 'a', outputSchema: { type: 'string' } }] }],
      {},
      { s: { tools: { overrides: { a: { description: 'D' } } } } },
    );
    expect((await list(route, 'tools', true))[0]).toMatchObject({
      name: 's_a',
      description: 'D',
      outputSchema: { type: 'object' },
    });
  });

  it('reports every name that is not the plain one, once', async () => {
    const route = scriptedRoute([{ id: 's', tools: tools('a.b', 'a_b', 'fine'), prompts: [{ name: 'p q' }] }]);
    await route.settled;
    const hashed = `s_a_b_${nameHash('s', 'a.b')}`;
    expect(route.renames()).toEqual([
      { server: 's', kind: 'tool', own: 'a.b', public: hashed, reason: 'altered' },
      { server: 's', kind: 'prompt', own: 'p q', public: 's_p_q', reason: 'altered' },
    ]);
    expect(route.logged.filter(({ event }) => event === 'route.renamed')).toHaveLength(2);
    route.up.s.setState('starting');
    route.up.s.setState('ready');
    await list(route);
    expect(route.logged.filter(({ event }) => event === 'route.renamed')).toHaveLength(2);
  });

  it('never lets a name made to look like a hash take the place of another', async () => {
    const hashed = `x_y_z_${nameHash('x', 'y_z')}`;
    const route = scriptedRoute([
      { id: 'x_y', tools: tools(hashed.slice('x_y_'.length)) },
      { id: 'x', tools: tools('y_z') },
    ]);
    const names = (await list(route)).map(({ name }) => name);
    expect(names).toEqual([hashed, `x_y_z_${nameHash('x', 'y_z', 16)}`]);
    expect(route.renames().at(-1)?.reason).toBe('collision');
  });

  it('lists prompts under public names and resources under their own', async () => {
    const route = scriptedRoute([
      { id: 'a', prompts: [{ name: 'p' }], resources: [{ uri: 'a://1', name: 'r' }] },
      { id: 'b', templates: [{ uriTemplate: 'b://{x}', name: 't' }] },
    ]);
    expect(await list(route, 'prompts')).toEqual([{ name: 'a_p' }]);
    expect((await list(route, 'resources')).map(({ uri }) => uri)).toEqual(['a://1', 'hatago://servers']);
    expect((await list(route, 'resources/templates')).map(({ uriTemplate }) => uriTemplate)).toEqual(['b://{x}']);
  });
});

describe('pages of a list', () => {
  const many = Array.from({ length: 10 }, (_, i) => ({ name: `t${i}`, pad: 'x'.repeat(100) }));
  const paged = (): ReturnType<typeof scriptedRoute<'s'>> =>
    scriptedRoute([{ id: 's', tools: many }], { limits: { maxListBytes: 400 } });

  it('come one by one behind sealed cursors and hold everything in order', async () => {
    const route = paged();
    const names: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const result = jsonOf(await route.handler(exchangeOf('tools/list', cursor === undefined ? {} : { cursor })));
      names.push(...(result.tools as Listed).map(({ name }) => name));
      expect(result).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
      cursor = result.nextCursor as string | undefined;
      pages++;
    } while (cursor !== undefined);
    expect(names).toEqual(many.map(({ name }) => `s_${name}`));
    expect(pages).toBe(4);
  });

  it('go on with the list they began with when it changes meanwhile', async () => {
    const route = paged();
    const { nextCursor } = jsonOf(await route.handler(exchangeOf('tools/list')));
    route.up.s.script = { ...route.up.s.script, tools: [{ name: 'new' }] };
    route.up.s.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(async () => expect(await list(route)).toHaveLength(1));
    const next = jsonOf(await route.handler(exchangeOf('tools/list', { cursor: nextCursor })));
    expect((next.tools as Listed)[0]?.name).toBe('s_t3');
  });

  it('refuse cursors that are not ours, not this caller’s, not for this list, or too old', async () => {
    let now = 0;
    const route = scriptedRoute([{ id: 's', tools: many, prompts: [] }], {
      limits: { maxListBytes: 400 },
      now: () => now,
    });
    const { nextCursor: cursor } = jsonOf(await route.handler(exchangeOf('tools/list')));
    const ask = async (method: string, params: object, options = {}): Promise<unknown> =>
      jsonOf(await route.handler(exchangeOf(method, params, options))).code;
    expect(await ask('tools/list', { cursor: 'forged' })).toBe(-32602);
    expect(await ask('tools/list', { cursor: 7 })).toBe(-32602);
    expect(await ask('tools/list', { cursor: '' })).toBe(-32602);
    expect(await ask('tools/list', { cursor }, { principal: { id: 'eve' } })).toBe(-32602);
    expect(await ask('tools/list', { cursor }, { route: '/mcp/s' })).toBe(-32602);
    expect(await ask('prompts/list', { cursor })).toBe(-32602);
    expect(await ask('tools/list', { cursor })).toBeUndefined();
    now = 60_001;
    expect(await ask('tools/list', { cursor })).toBe(-32602);
  });

  it('keep the lists of a bounded number of callers', async () => {
    let now = 0;
    const route = scriptedRoute([{ id: 's', tools: many }], { limits: { maxListBytes: 400 }, now: () => now });
    const first = jsonOf(await route.handler(exchangeOf('tools/list'))).nextCursor;
    for (let i = 0; i < 70; i++) {
      route.up.s.script = { ...route.up.s.script, tools: [...many, { name: `extra${i}` }] };
      route.up.s.emit({ type: 'changed', list: 'tools' });
      await vi.waitFor(() => expect(route.resolve('tools', `s_extra${i}`)).toBeDefined(), { interval: 1 });
      await route.handler(exchangeOf('tools/list'));
    }
    now = 1;
    expect(jsonOf(await route.handler(exchangeOf('tools/list', { cursor: first }))).code).toBe(-32602);
  });
});

describe('waiting for servers', () => {
  it('answers with what is there when a server takes too long', async () => {
    const route = scriptedRoute([
      { id: 'fast', tools: tools('x') },
      { id: 'slow', state: 'starting', tools: tools('y') },
    ]);
    expect((await list(route)).map(({ name }) => name)).toEqual(['fast_x']);
    await route.settled;
  });

  it('waits for a server that comes up in time', async () => {
    const route = scriptedRoute([{ id: 'slow', state: 'starting', tools: tools('y') }], { limits: { settleMs: 5000 } });
    const listed = list(route);
    route.up.slow.setState('ready');
    route.up.slow.settle();
    expect((await listed).map(({ name }) => name)).toEqual(['slow_y']);
  });

  it('starts servers that wait for their first use', async () => {
    const route = scriptedRoute([
      { id: 'lazy', state: 'stopped', tools: tools('y') },
      { id: 'eager', state: 'starting', tools: tools('z') },
    ]);
    expect((await list(route)).map(({ name }) => name)).toEqual(['lazy_y']);
    expect((await list(route)).map(({ name }) => name)).toEqual(['lazy_y']);
    expect(route.up.lazy.listCalls.length).toBeLessThanOrEqual(2);
  });

  it('lists nothing of a server that is down, and everything again when it is back', async () => {
    const route = scriptedRoute([
      { id: 'a', tools: tools('x') },
      {
        id: 'b',
        tools: tools('y'),
        prompts: [{ name: 'p' }],
        resources: [{ uri: 'b://1', name: 'r' }],
        templates: [{ uriTemplate: 'b://{x}' }],
      },
    ]);
    expect(await list(route)).toHaveLength(2);
    route.up.b.setState('failed', 'it died');
    await vi.waitFor(async () => expect(await list(route)).toHaveLength(1));
    expect(await list(route, 'prompts')).toHaveLength(0);
    expect(await list(route, 'resources')).toHaveLength(1);
    expect(await list(route, 'resources/templates')).toHaveLength(0);
    route.up.b.setState('ready');
    await vi.waitFor(async () => expect(await list(route)).toHaveLength(2));
  });
});

describe('createRouter', () => {
  it('refuses a route without prefix that has no or several servers', () => {
    const options = { path: '/mcp', prefix: false, sealKeys: [randomBytes(32)], hubInfo: { name: 'h', version: '0' } };
    expect(() => createRouter({ ...options, servers: [] })).toThrow(/has one server, not 0/);
    const servers = ['a', 'b'].map((id) => ({ upstream: createScriptedUpstream({ id }) }));
    expect(() => createRouter({ ...options, servers })).toThrow(/not 2/);
  });
});
