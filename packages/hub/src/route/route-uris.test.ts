import { Payload } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../core/exchange.ts';
import { type ScriptedRoute, scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, upstreamError } from './scripted-upstream.ts';

const read = <T extends string>(route: ScriptedRoute<T>, uri: unknown, legacy = false): Promise<Outcome> =>
  route.handler(exchangeOf('resources/read', { uri }, { legacy }));

describe('URIs that two servers share', () => {
  const ui = 'ui://app/view';
  const block = { type: 'resource', resource: { uri: ui, text: 'x' } };
  const link = { type: 'resource_link', uri: ui, name: 'n' };
  const both = (): ScriptedRoute<'a' | 'b'> =>
    scriptedRoute([
      {
        id: 'a',
        tools: [{ name: 't', _meta: { ui: { resourceUri: ui } } }],
        resources: [{ uri: ui }, { uri: 'https://x.test/' }],
      },
      {
        id: 'b',
        tools: [
          { name: 't', _meta: { ui: { resourceUri: ui, v: 1 }, 'ui/resourceUri': ui, w: 1 } },
          { name: 'plain', _meta: { w: 1 } },
          { name: 'none' },
        ],
        prompts: [{ name: 'p' }],
        resources: [{ uri: ui, name: 'view' }, { uri: 'https://x.test/' }],
        templates: [{ uriTemplate: 'mem:///{id}' }],
        handle: ({ method }: { method: string }) => {
          if (method === 'resources/read')
            return complete({ contents: [{ uri: ui, text: 'x', n: 1.5 }, { uri: 'other://1' }], _meta: { k: ui } });
          if (method === 'tools/call')
            return complete({ content: [link, block, { type: 'text', text: ui }, 7], structuredContent: { uri: ui } });
          if (method === 'prompts/get')
            return complete({
              messages: [
                { role: 'user', content: link },
                { role: 'user', content: [block] },
                { role: 'x' },
                { role: 'user', content: { type: 'text', text: 'x' } },
              ],
            });
          return undefined;
        },
      },
      { id: 'c', templates: [{ uriTemplate: 'mem:///{id}' }] },
    ] as never);

  it('stay with the first and are changed for the others, https never', async () => {
    const route = both();
    const { resources } = jsonOf(await route.handler(exchangeOf('resources/list'))) as { resources: object[] };
    expect(resources.slice(0, -1)).toEqual([
      { uri: ui },
      { uri: 'https://x.test/' },
      { uri: 'ui://b.app/view', name: 'view' },
    ]);
    expect(route.renames()).toContainEqual({
      server: 'b',
      kind: 'resource',
      own: ui,
      public: 'ui://b.app/view',
      reason: 'collision',
    });
    expect(route.renames()).toContainEqual({
      server: 'b',
      kind: 'resource',
      own: 'https://x.test/',
      public: undefined,
      reason: 'collision',
    });
    expect(route.saw('route.left_out')).toBe(true);
  });

  it('are changed wherever they occur in what that server sends, and nowhere else', async () => {
    const route = both();
    const { tools } = jsonOf(await route.handler(exchangeOf('tools/list'))) as { tools: object[] };
    const changed = 'ui://b.app/view';
    expect(tools).toEqual([
      { name: 'a_t', _meta: { ui: { resourceUri: ui } } },
      { name: 'b_t', _meta: { ui: { resourceUri: changed, v: 1 }, 'ui/resourceUri': changed, w: 1 } },
      { name: 'b_plain', _meta: { w: 1 } },
      { name: 'b_none' },
    ]);
    expect(jsonOf(await read(route, changed))).toEqual({
      contents: [{ uri: changed, text: 'x', n: 1.5 }, { uri: 'other://1' }],
      _meta: { k: ui },
    });
    expect(route.up.b.calls[0]?.target).toBe(ui);
    expect(jsonOf(await route.handler(exchangeOf('tools/call', { name: 'b_t' })))).toEqual({
      content: [
        { ...link, uri: changed },
        { ...block, resource: { uri: changed, text: 'x' } },
        { type: 'text', text: ui },
        7,
      ],
      structuredContent: { uri: ui },
    });
    const { messages } = jsonOf(await route.handler(exchangeOf('prompts/get', { name: 'b_p' }))) as {
      messages: unknown[];
    };
    expect(messages).toEqual([
      { role: 'user', content: { ...link, uri: changed } },
      { role: 'user', content: [{ ...block, resource: { uri: changed, text: 'x' } }] },
      { role: 'x' },
      { role: 'user', content: { type: 'text', text: 'x' } },
    ]);
  });

  it('are changed in templates, and what they match comes back to the server as its own', async () => {
    const error = upstreamError(-32002, 'no', { uri: 'mem:///9' });
    const route = scriptedRoute([
      { id: 'a', templates: [{ uriTemplate: 'mem:///{id}' }] },
      {
        id: 'b',
        templates: [{ uriTemplate: 'mem:///{id}', name: 't' }],
        handle: ({ method, target }) =>
          method !== 'resources/read'
            ? undefined
            : target === 'mem:///9'
              ? error
              : complete({ contents: [{ uri: target }] }),
      },
    ]);
    const { resourceTemplates } = jsonOf(await route.handler(exchangeOf('resources/templates/list'))) as {
      resourceTemplates: object[];
    };
    expect(resourceTemplates).toEqual([{ uriTemplate: 'mem:///{id}' }, { uriTemplate: 'mem://b/{id}', name: 't' }]);
    expect(jsonOf(await read(route, 'mem://b/5'))).toEqual({ contents: [{ uri: 'mem://b/5' }] });
    expect(jsonOf(await read(route, 'mem://b/9')).data).toEqual({ uri: 'mem://b/9' });
    await read(route, 'mem:///5');
    expect(route.up.a.calls[0]?.target).toBeUndefined();
  });

  it('are changed inside the result of a task', async () => {
    const route = scriptedRoute([
      { id: 'a', resources: [{ uri: ui }] },
      {
        id: 'b',
        tools: [{ name: 't' }],
        resources: [{ uri: ui }],
        handle: ({ method }: { method: string }) => {
          if (method === 'tools/call') return { kind: 'task', result: Payload.ofValue({ taskId: '1' }) };
          return method === 'tasks/get' ? complete({ status: 'completed', result: { content: [link] } }) : undefined;
        },
      },
    ]);
    await route.settled;
    const { taskId } = jsonOf(await route.handler(exchangeOf('tools/call', { name: 'b_t' })));
    const task = jsonOf(await route.handler(exchangeOf('tasks/get', { taskId })));
    expect(task).toEqual({ status: 'completed', result: { content: [{ ...link, uri: 'ui://b.app/view' }] } });
  });

  it('keep their server when that is down, so that the name never means another one', async () => {
    const route = both();
    await route.settled;
    route.up.a.setState('failed');
    await vi.waitFor(async () => expect(jsonOf(await route.handler(exchangeOf('tools/list'))).tools).toHaveLength(3));
    expect(jsonOf(await read(route, ui))).toMatchObject({ code: -31001, data: { server: 'a' } });
  });
});
