import { MODERN_VERSION, Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { SentEvent } from '../core/hub-event.ts';
import { createEvents } from '../observe/events.ts';
import { createCallEvents } from './call-events.ts';

const exchange = (method: string, params: object): Exchange => ({
  method,
  params: Payload.ofValue(params),
  envelope: {
    protocolVersion: MODERN_VERSION,
    clientInfo: undefined,
    clientCapabilities: Payload.ofValue({}),
    logLevel: undefined,
    progressToken: undefined,
    asks: 'deferred',
  },
  principal: { id: 'local' },
  route: '/mcp',
  session: undefined,
  signal: NEVER,
  emit() {},
});
const done: Outcome = { kind: 'complete', result: Payload.ofValue({}) };

function rig() {
  const events = createEvents({ now: () => 0 });
  let clock = 0;
  let asked = 0;
  const middleware = createCallEvents({
    events,
    now: () => {
      asked++;
      clock += 5;
      return clock;
    },
    ownerOf: (kind, name) => `${kind} of ${name}`,
  });
  const heard: SentEvent[] = [];
  return { middleware, heard, listen: () => events.listen((event) => heard.push(event)), asked: () => asked };
}

describe('events of calls', () => {
  it.each([
    ['tools/call', { name: 'a_b' }, 'a_b', 'tools of a_b'],
    ['prompts/get', { name: 'p' }, 'p', 'prompts of p'],
    ['resources/read', { uri: 'x://y' }, 'x://y', undefined],
    ['tools/list', {}, undefined, undefined],
  ])('tell of %s what it was about and how it ended', async (method, params, name, server) => {
    const { middleware, heard, listen } = rig();
    listen();
    await middleware(exchange(method, params), () => Promise.resolve(done));
    expect(heard).toMatchObject([{ type: 'call', method, name, server, outcome: 'complete', ms: 5 }]);
  });

  it('tell of a failure that was thrown, and throw it on', async () => {
    const { middleware, heard, listen } = rig();
    listen();
    const thrown = middleware(exchange('tools/call', { name: 'x' }), () => Promise.reject(new Error('no')));
    await expect(thrown).rejects.toThrow('no');
    expect(heard).toMatchObject([{ outcome: 'error' }]);
  });

  it('cost nothing while nobody listens', async () => {
    const { middleware, heard, asked } = rig();
    await middleware(exchange('tools/call', { name: 'x' }), () => Promise.resolve(done));
    expect(heard).toEqual([]);
    expect(asked()).toBe(0);
  });
});
