import { describe, expect, it } from 'vitest';
import type { Outcome } from '../core/exchange.ts';
import { type ScriptedRoute, scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, upstreamError } from './scripted-upstream.ts';

describe('completion/complete', () => {
  const values = { completion: { values: ['x'], total: 1, hasMore: false } };
  const nothing = { completion: { values: [], total: 0, hasMore: false } };
  const script = {
    prompts: [{ name: 'p' }],
    resources: [{ uri: 'r://1' }],
    templates: [{ uriTemplate: 't://{id}' }],
    capabilities: { prompts: {}, resources: {}, completions: {} },
    handle: ({ method }: { method: string }) => (method === 'completion/complete' ? complete(values) : undefined),
  };
  const ask = <T extends string>(route: ScriptedRoute<T>, ref: unknown): Promise<Outcome> =>
    route.handler(exchangeOf('completion/complete', { ref, argument: { name: 'a', value: 'b' }, z: 1 }));

  it('puts the server’s own prompt name in place of the public one', async () => {
    const route = scriptedRoute([{ id: 'a', ...script }]);
    expect(jsonOf(await ask(route, { type: 'ref/prompt', name: 'a_p', title: 'T' }))).toEqual(values);
    expect(route.up.a.calls[0]?.params.value()).toEqual({
      ref: { type: 'ref/prompt', name: 'p', title: 'T' },
      argument: { name: 'a', value: 'b' },
      z: 1,
    });
    expect(route.up.a.calls[0]?.target).toBeUndefined();
  });

  it('finds the owner of a template or a URI', async () => {
    const route = scriptedRoute([
      { id: 'a', ...script },
      { id: 'b', ...script },
    ]);
    for (const [uri, own] of [
      ['t://{id}', 't://{id}'],
      ['t://5', 't://5'],
      ['r://1', 'r://1'],
    ]) {
      await ask(route, { type: 'ref/resource', uri });
      expect(route.up.a.calls.at(-1)?.params.member('ref')?.value()).toEqual({ type: 'ref/resource', uri: own });
    }
    await ask(route, { type: 'ref/resource', uri: 't://b.{id}' });
    expect(route.up.b.calls.at(-1)?.params.member('ref')?.value()).toEqual({ type: 'ref/resource', uri: 't://{id}' });
    await ask(route, { type: 'ref/resource', uri: 'r://b.1' });
    expect(route.up.b.calls.at(-1)?.params.member('ref')?.value()).toEqual({ type: 'ref/resource', uri: 'r://1' });
  });

  it('says nothing of all servers because one of them cannot complete', async () => {
    const without = scriptedRoute([{ id: 'a', prompts: [{ name: 'p' }] }]);
    expect(jsonOf(await ask(without, { type: 'ref/prompt', name: 'a_p' }))).toEqual(nothing);
    expect(without.up.a.calls).toHaveLength(0);
    const refusing = {
      ...script,
      handle: ({ method }: { method: string }) =>
        method === 'completion/complete' ? upstreamError(-32601) : undefined,
    };
    const many = scriptedRoute([{ id: 'a', ...refusing }]);
    expect(jsonOf(await ask(many, { type: 'ref/prompt', name: 'a_p' }))).toEqual(nothing);
    const single = scriptedRoute([{ id: 'a', ...refusing }], { prefix: false });
    expect(jsonOf(await ask(single, { type: 'ref/prompt', name: 'p' })).code).toBe(-32601);
  });

  it.each([
    [undefined],
    [{ type: 'ref/prompt' }],
    [{ type: 'ref/prompt', name: 'nope' }],
    [{ type: 'ref/resource', uri: 'no://1' }],
  ])('refuses the reference %j', async (ref) => {
    const route = scriptedRoute([{ id: 'a', ...script }]);
    expect(jsonOf(await ask(route, ref)).code).toBe(-32602);
  });
});
