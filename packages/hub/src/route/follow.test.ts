import { expect, it } from 'vitest';
import { createFollow } from './follow.ts';
import type { RouteContext } from './route-context.ts';
import { createScriptedUpstream, exchangeOf } from './scripted-upstream.ts';

it('a URI of a server that is known by its remembered lists alone can be followed', async () => {
  const upstream = createScriptedUpstream({ id: 'a', state: 'stopped' });
  const resources = { ownerOf: () => ({ member: { upstream }, target: undefined }) };
  const context = { members: [], aggregate: true, catalogFor: async () => ({ resources }) } as unknown as RouteContext;
  const found = await createFollow(context).resolve(exchangeOf('subscriptions/listen'), 'resource', 'a://1');
  expect(found).toMatchObject({ serverId: 'a', own: 'a://1' });
});
