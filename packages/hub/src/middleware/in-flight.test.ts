import { EMPTY_OBJECT, MODERN_VERSION } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import { compose } from '../core/compose.ts';
import { type Exchange, LOCAL, type Outcome } from '../core/exchange.ts';
import { createInFlight } from './in-flight.ts';

function exchange(method: string): Exchange {
  return {
    method,
    params: EMPTY_OBJECT,
    envelope: {
      protocolVersion: MODERN_VERSION,
      clientInfo: undefined,
      clientCapabilities: EMPTY_OBJECT,
      logLevel: undefined,
      progressToken: undefined,
      asks: 'deferred',
    },
    principal: LOCAL,
    route: '/mcp',
    session: undefined,
    signal: NEVER,
    emit: () => {},
  };
}

const DONE: Outcome = { kind: 'complete', result: EMPTY_OBJECT };

const inFlight = (max: number) => createInFlight(max).middleware;

describe('createInFlight', () => {
  it('answers overloaded, with a time to retry, for one more than it allows', async () => {
    const waiting: (() => void)[] = [];
    const handler = compose([inFlight(2)], () => new Promise((resolve) => waiting.push(() => resolve(DONE))));
    const first = handler(exchange('tools/call'));
    const second = handler(exchange('tools/call'));
    const third = await handler(exchange('tools/call'));
    expect(third.kind === 'error' && third.error.value()).toMatchObject({
      code: -31007,
      data: { kind: 'overloaded', retryAfterMs: 1000 },
    });
    for (const finish of waiting.splice(0)) finish();
    expect(await Promise.all([first, second])).toEqual([DONE, DONE]);
  });

  it('frees the place of a request that fails, thrown or rejected', async () => {
    let round = 0;
    const handler = compose([inFlight(1)], () => {
      round++;
      if (round === 1) throw new Error('thrown');
      return round === 2 ? Promise.reject(new Error('rejected')) : Promise.resolve(DONE);
    });
    expect(() => handler(exchange('tools/call'))).toThrow('thrown');
    await expect(handler(exchange('tools/call'))).rejects.toThrow('rejected');
    expect(await handler(exchange('tools/call'))).toBe(DONE);
  });

  it('does not count streams of changes', async () => {
    const handler = compose([inFlight(1)], (x) =>
      x.method === 'tools/call' ? Promise.resolve(DONE) : new Promise(() => {}),
    );
    handler(exchange('subscriptions/listen'));
    handler(exchange('subscriptions/listen'));
    expect(await handler(exchange('tools/call'))).toBe(DONE);
  });

  it('tells how many are under way', async () => {
    const bound = createInFlight(2);
    const done = compose([bound.middleware], async () => DONE)(exchange('tools/call'));
    expect(bound.running()).toBe(1);
    await done;
    expect(bound.running()).toBe(0);
  });

  it('refuses a limit that is none', () => {
    expect(() => inFlight(0)).toThrow('createInFlight: max must be a positive integer, got 0');
  });
});
