import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { createCanceller } from '../core/cancel.ts';
import type { Ask, Notification } from '../core/exchange.ts';
import { buildCall, type CallOptions, errorCode, seen, settle, type TestUpstream } from './scripted.ts';
import { ACCEPT, ALL, ask, asked, connected, FORM, retry, TEXT } from './scripted-asks.ts';

describe('an ask during a call of an attached client', () => {
  const attached = (more: CallOptions = {}) => ({
    asks: 'attached' as const,
    capabilities: ALL,
    session: 's1',
    ...more,
  });

  async function attach(test: TestUpstream, more: CallOptions = {}) {
    const running = test.upstream.request(buildCall(attached(more)));
    await settle();
    const heard = test.server.last('tools/call');
    test.server.say(ask('q1'), undefined, heard.link);
    const { parked, requests } = asked(await running);
    if (parked === undefined) throw new Error('nothing to attach to');
    const told: { notified: Notification[]; asked: Ask[]; withdrawn: string[] } = {
      notified: [],
      asked: [],
      withdrawn: [],
    };
    const listener = {
      notify: (notification: Notification) => told.notified.push(notification),
      asked: (more: Ask) => told.asked.push(more),
      withdrawn: (key: string) => told.withdrawn.push(key),
    };
    return { parked, requests, heard, told, listener };
  }

  it('is put at once, and the call goes on to its end', async () => {
    const test = await connected();
    const { parked, requests, heard, told, listener } = await attach(test);
    expect(requests).toEqual({ elicitation_1: { method: 'elicitation/create', params: FORM } });
    test.server.say({ jsonrpc: '2.0', method: 'notifications/vendor' }, heard.id);
    test.server.say(ask('q2'));
    const detach = parked.attach(listener);
    expect(told.notified.map(({ method }) => method)).toEqual(['notifications/vendor']);
    expect(told.asked.map(({ key }) => key)).toEqual(['elicitation_2']);
    test.server.say(ask('q3'));
    expect(told.asked.map(({ key }) => key)).toEqual(['elicitation_2', 'elicitation_3']);
    expect(parked.answer('elicitation_1', { result: Payload.ofValue(ACCEPT) })).toBe(true);
    expect(parked.answer('elicitation_1', { result: Payload.ofValue(ACCEPT) })).toBe(false);
    expect(parked.answer('elicitation_2', { error: Payload.ofValue({ code: -1, message: 'no' }) })).toBe(true);
    expect(test.server.answers.get('q2')).toMatchObject({ error: { code: -1 } });
    test.server.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q3' } });
    expect(told.withdrawn).toEqual(['elicitation_3']);
    detach();
    test.server.reply(heard, TEXT);
    expect(seen(await parked.ended)).toEqual({ kind: 'complete', result: TEXT });
    expect(parked.answer('elicitation_3', { result: Payload.ofValue(ACCEPT) })).toBe(false);
  });

  it('is withdrawn when the call ends without its answer', async () => {
    const test = await connected();
    const { parked, heard, told, listener } = await attach(test);
    parked.attach(listener);
    test.server.reply(heard, TEXT);
    await parked.ended;
    expect(told.withdrawn).toEqual(['elicitation_1']);
  });

  it('may also be answered by sending the request again', async () => {
    const test = await connected();
    const running = test.upstream.request(buildCall(attached()));
    const heard = test.server.last('tools/call');
    test.server.say(ask('q1'));
    const resumed = test.upstream.request(retry(asked(await running).state, { elicitation_1: ACCEPT }, attached()));
    test.server.reply(heard, TEXT);
    expect((await resumed).kind).toBe('complete');
  });

  it('ends with the call when its client cancels', async () => {
    const test = await connected();
    const signal = createCanceller();
    const { parked } = await attach(test, { signal });
    signal.cancel('the user stopped it');
    expect(errorCode(await parked.ended)).toBe(-31002);
    expect(test.server.count('notifications/cancelled')).toBe(1);
  });

  it('keeps its elicitationId, and its client hears that the URL was dealt with', async () => {
    const test = await connected();
    const url = { mode: 'url', url: 'https://x.test', message: 'go', elicitationId: 'e1' };
    const running = test.upstream.request(buildCall(attached()));
    const heard = test.server.last('tools/call');
    test.server.say(ask('q1', 'elicitation/create', url));
    const { parked, requests } = asked(await running);
    expect(requests.elicitation_1?.params).toEqual(url);
    const notified: Notification[] = [];
    parked?.attach({ notify: (n) => notified.push(n), asked: () => {}, withdrawn: () => {} });
    const complete = (elicitationId?: string) => ({
      jsonrpc: '2.0',
      method: 'notifications/elicitation/complete',
      params: { elicitationId },
    });
    for (const id of ['e2', undefined, 'e1']) test.server.say(complete(id));
    expect(notified.map(({ params }) => params.value())).toEqual([{ elicitationId: 'e1' }]);
    test.server.reply(heard, TEXT);
    const modern = test.upstream.request(buildCall({ capabilities: ALL }));
    test.server.say(ask('q2', 'elicitation/create', url));
    await test.clock.advance(25);
    expect(asked(await modern).requests.elicitation_1?.params).not.toHaveProperty('elicitationId');
  });
});
