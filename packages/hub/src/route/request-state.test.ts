import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRequestStates } from './request-state.ts';
import { exchangeOf } from './scripted-upstream.ts';
import { createSealer } from './seal.ts';

let now = 0;
const sealer = createSealer([randomBytes(32)], () => now);
const states = createRequestStates({ sealer });
const frame = { upstream: 'a', target: 'own', wrap: true, inner: 'theirs' };
const call = { name: 'a_t', arguments: { x: 1, y: { b: 2, a: [1, null] } } };

describe('createRequestStates', () => {
  it('gives the frame back to the same caller for the same request, however it is written', () => {
    const state = states.seal(exchangeOf('tools/call', { ...call, _meta: { a: 1 } }), frame);
    const retry = exchangeOf('tools/call', {
      arguments: { y: { a: [1, null], b: 2 }, x: 1.0 },
      name: 'a_t',
      inputResponses: { k: {} },
      requestState: state,
      _meta: { b: 2 },
    });
    expect(states.open(retry, state)).toEqual({ ok: true, value: frame });
  });

  it('keeps that a server gave no state of its own', () => {
    const x = exchangeOf('tools/call', call);
    const none = { upstream: 'a', target: undefined, wrap: false, inner: null };
    expect(states.open(x, states.seal(x, none))).toEqual({ ok: true, value: none });
  });

  const state = states.seal(exchangeOf('tools/call', call), frame);
  it.each([
    ['another principal', exchangeOf('tools/call', call, { principal: { id: 'eve' } }), 'principal'],
    ['another method', exchangeOf('prompts/get', call), 'method'],
    ['other arguments', exchangeOf('tools/call', { ...call, arguments: { x: 2 } }), 'params'],
    ['another tool', exchangeOf('tools/call', { ...call, name: 'a_u' }), 'params'],
    ['another route', exchangeOf('tools/call', call, { route: '/mcp/a' }), 'route'],
  ])('is of no use to %s', (_, exchange, reason) => {
    expect(states.open(exchange, state)).toEqual({ ok: false, error: reason });
  });

  it('is of no use after ten minutes', () => {
    now = 600_000;
    expect(states.open(exchangeOf('tools/call', call), state)).toEqual({ ok: false, error: 'expired' });
    now = 0;
  });

  it('refuses texts that were sealed for something else', () => {
    const x = exchangeOf('tools/call', call);
    expect(states.open(x, sealer.seal('cursor', 1))).toEqual({ ok: false, error: 'forged' });
    expect(states.open(x, sealer.seal('request-state', 'x'))).toEqual({ ok: false, error: 'malformed' });
    expect(states.open(x, sealer.seal('request-state', []))).toEqual({ ok: false, error: 'malformed' });
  });
});
