import { Payload } from '@hatago/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome, Parked, ParkedListener } from '../core/exchange.ts';
import { scriptedRoute } from './scripted-route.ts';
import { complete, exchangeOf, jsonOf, type Script } from './scripted-upstream.ts';
import { createUsedStates } from './used-states.ts';

const tool = (name: string): { name: string } => ({ name });
const text = (payload: Payload | undefined): string => new TextDecoder().decode(payload?.bytes());

describe('questions during a call', () => {
  const asking = {
    inputRequests: { k: { method: 'elicitation/create', params: { message: 'Who?', _meta: { a: 1 } } }, odd: 7 },
    v: 1,
  };
  const script = (result: object, more: object = {}): Script & { id: 'a' } => ({
    id: 'a',
    tools: [tool('x')],
    handle: (call) =>
      call.method !== 'tools/call'
        ? undefined
        : call.resume === undefined
          ? { kind: 'input_required', result: Payload.ofValue(result), ...more }
          : complete({ content: [] }),
  });
  const params = { name: 'a_x', arguments: { n: 1 } };

  it('go out with a sealed state, and the retry goes straight to the server with its own', async () => {
    const route = scriptedRoute([script({ ...asking, requestState: 'theirs' })]);
    await route.settled;
    const outcome = await route.handler(exchangeOf('tools/call', params));
    expect(outcome.kind).toBe('input_required');
    const { requestState, ...rest } = jsonOf(outcome);
    expect(requestState).not.toContain('theirs');
    expect(rest).toEqual({
      inputRequests: {
        k: { method: 'elicitation/create', params: { message: 'Who?', _meta: { a: 1, 'dev.hatago/server': 'a' } } },
        odd: 7,
      },
      v: 1,
    });
    const retry = { ...params, requestState, inputResponses: { k: { action: 'accept' } } };
    expect(jsonOf(await route.handler(exchangeOf('tools/call', retry)))).toEqual({ content: [] });
    expect(route.up.a.calls[1]).toMatchObject({ target: 'x', resume: { state: 'theirs' } });
  });

  describe('are answered once', () => {
    const state = { 'a server with a state': 's', 'one without, as for -32042': undefined };
    const responses = { 'with answers': { k: { action: 'accept' } }, 'with the state alone': undefined };
    const cases = Object.entries(state).flatMap(([who, requestState]) =>
      Object.entries(responses).map(([how, inputResponses]) => ({ who, requestState, how, inputResponses })),
    );
    it.each(cases)('by $who, $how', async ({ requestState: theirs, inputResponses }) => {
      const route = scriptedRoute([script({ ...asking, requestState: theirs })]);
      await route.settled;
      const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
      const retry = (answers: unknown) =>
        route.handler(exchangeOf('tools/call', { ...params, requestState, inputResponses: answers }));
      for (const outcome of await Promise.all([retry(inputResponses), retry(inputResponses)]))
        expect(jsonOf(outcome)).toEqual({ content: [] });
      expect(jsonOf(await retry(inputResponses))).toEqual({ content: [] });
      expect(route.up.a.calls).toHaveLength(2);
      expect(route.saw('sec.state_invalid')).toBe(false);
      expect(jsonOf(await retry({ k: { action: 'decline' } }))).toMatchObject({ code: -32602 });
      expect(route.up.a.calls).toHaveLength(2);
      expect(route.logged.at(-1)).toMatchObject({ event: 'sec.state_invalid', reason: 'used', principal: 'local' });
    });

    it('and by another route or generation not again', async () => {
      const used = createUsedStates({ now: Date.now });
      const routes = [1, 2].map((generation) => scriptedRoute([script(asking)], { used, generation }));
      const { requestState } = jsonOf(
        await (routes[0] as (typeof routes)[0]).handler(exchangeOf('tools/call', params)),
      );
      const again = await Promise.all(
        [{ k: 1 }, { k: 2 }].map((inputResponses, i) =>
          routes[i]?.handler(exchangeOf('tools/call', { ...params, requestState, inputResponses })),
        ),
      );
      expect(again.map((outcome) => outcome?.kind)).toEqual(['complete', 'error']);
    });

    it('and cancelled only when nobody waits any more', async () => {
      const asked = script({ ...asking, requestState: 's' });
      const handle: Script['handle'] = (call) =>
        call.resume === undefined ? asked.handle?.(call) : new Promise(() => {});
      const route = scriptedRoute([{ ...asked, handle }]);
      await route.settled;
      const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
      const [one, two] = [1, 2].map(() => exchangeOf('tools/call', { ...params, requestState }));
      for (const exchange of [one, two]) void route.handler(exchange as NonNullable<typeof one>);
      await vi.waitFor(() => expect(route.up.a.calls).toHaveLength(2));
      const { signal } = route.up.a.calls[1] as (typeof route.up.a.calls)[1];
      one?.cancel('the connection is gone');
      expect(signal.cancelled).toBe(false);
      two?.cancel('this one too');
      expect(signal.cancelled).toBe(true);
    });
  });

  it('get a state even where the server gave none', async () => {
    const route = scriptedRoute([script({ inputRequests: {} })]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    await route.handler(exchangeOf('tools/call', { ...params, requestState }));
    expect(route.up.a.calls[1]?.resume).toEqual({ state: null });
  });

  it('are answered even when the name means nothing any more', async () => {
    const route = scriptedRoute([script(asking)]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    route.up.a.script = { ...route.up.a.script, tools: [] };
    route.up.a.emit({ type: 'changed', list: 'tools' });
    await vi.waitFor(() => expect(route.resolve('tools', 'a_x')).toBeUndefined());
    expect((await route.handler(exchangeOf('tools/call', { ...params, requestState }))).kind).toBe('complete');
  });

  it('are not answered by anybody else or for anything else', async () => {
    const route = scriptedRoute([script(asking)]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params)));
    const tries = [
      exchangeOf('tools/call', { ...params, requestState }, { principal: { id: 'eve' } }),
      exchangeOf('tools/call', { ...params, arguments: { n: 2 }, requestState }),
      exchangeOf('tools/call', { ...params, requestState: `x${String(requestState).slice(1)}` }),
      exchangeOf('tools/call', { ...params, requestState: null }),
      exchangeOf('prompts/get', { ...params, requestState }),
      exchangeOf('resources/read', { uri: 'a://1', requestState }),
    ];
    for (const x of tries) expect(jsonOf(await route.handler(x))).toMatchObject({ code: -32602 });
    expect(route.up.a.calls).toHaveLength(1);
    const reasons = route.logged.filter(({ event }) => event === 'sec.state_invalid').map(({ reason }) => reason);
    expect(reasons).toEqual(['principal', 'params', 'malformed', 'malformed', 'method', 'method']);
  });

  it('are refused when their server is not on the route any more', async () => {
    const before = scriptedRoute([script(asking)]);
    await before.settled;
    const { requestState } = jsonOf(await before.handler(exchangeOf('tools/call', params)));
    const after = scriptedRoute([{ id: 'b', tools: [] }]);
    expect(jsonOf(await after.handler(exchangeOf('tools/call', { ...params, requestState }))).code).toBe(-32602);
    expect(after.logged).toContainEqual(expect.objectContaining({ event: 'sec.state_invalid', reason: 'server' }));
  });

  it('keep the wrapping of their tool for the answer', async () => {
    const route = scriptedRoute([{ ...script(asking), tools: [{ name: 'x', outputSchema: { type: 'array' } }] }]);
    await route.settled;
    const { requestState } = jsonOf(await route.handler(exchangeOf('tools/call', params, { legacy: true })));
    const end = await route.handler(exchangeOf('tools/call', { ...params, requestState }, { legacy: true }));
    expect(end).toMatchObject({ kind: 'complete', wrap: true });
  });

  it('of a call that goes on name their server too, the later ones included', async () => {
    let listener: ParkedListener | undefined;
    const answers: unknown[] = [];
    const task: Outcome = { kind: 'task', result: Payload.ofValue({ taskId: 'own', status: 'working' }) };
    const parked: Parked = {
      attach(on) {
        listener = on;
        return () => {
          listener = undefined;
        };
      },
      answer: (key, answer) => answers.push([key, answer]) > 0,
      ended: Promise.resolve(task),
    };
    const route = scriptedRoute([script(asking, { parked })]);
    await route.settled;
    const outcome = await route.handler(exchangeOf('tools/call', params, { legacy: true }));
    if (outcome.kind !== 'input_required' || outcome.parked === undefined) throw new Error('not parked');
    const heard: unknown[] = [];
    const detach = outcome.parked.attach({
      notify: (notification) => heard.push(notification.method),
      asked: (ask) => heard.push([ask.key, text(ask.params)]),
      withdrawn: (key) => heard.push(key),
    });
    listener?.notify({ method: 'm', params: Payload.ofValue({}) });
    listener?.asked({ key: 'two', method: 'roots/list', params: Payload.ofValue({}) });
    listener?.asked({ key: 'odd', method: 'roots/list', params: Payload.ofValue(null) });
    listener?.withdrawn('two');
    expect(heard).toEqual(['m', ['two', '{"_meta":{"dev.hatago/server":"a"}}'], ['odd', 'null'], 'two']);
    outcome.parked.answer('two', { result: Payload.ofValue({}) });
    expect(answers).toHaveLength(1);
    detach();
    expect(listener).toBeUndefined();
    expect(jsonOf(await outcome.parked.ended).taskId).not.toBe('own');
  });
});
