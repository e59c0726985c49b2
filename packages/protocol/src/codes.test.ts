import { describe, expect, it } from 'vitest';
import { CODES, type HubCode, httpStatusOf, messageOf, wireError } from './codes.ts';

const codes = Object.keys(CODES) as HubCode[];

describe('the table of failures', () => {
  it.each(codes)('%s says what happened and what to do', (code) => {
    const row = CODES[code];
    expect(code).toMatch(/^HATAGO_[A-Z_]+$/);
    expect(row.kind).toMatch(/^[a-z_]+$/);
    expect(row.message).toMatch(/\.$/);
    expect(row.next).toMatch(/\.$/);
    expect([row.rpc, row.http, row.exit].some((number) => number !== undefined)).toBe(true);
  });

  it('uses the codes of the specification or codes outside of its range', () => {
    const reserved = [-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022];
    for (const code of codes) {
      const { rpc } = CODES[code];
      if (rpc !== undefined) expect(reserved.includes(rpc) || (rpc <= -31001 && rpc >= -31011)).toBe(true);
    }
  });
});

describe('wireError', () => {
  it('names the server, the kind and the next step', () => {
    const { error, http } = wireError('HATAGO_UPSTREAM_LOST', { server: 'github' });
    expect(error).toMatchObject({ code: -31002, data: { kind: 'upstream_lost', server: 'github' } });
    expect(error.message).toBe(messageOf('HATAGO_UPSTREAM_LOST', 'github'));
    expect(error.message).toMatch(/github .*Check the effect/);
    expect(error.data).not.toHaveProperty('retryAfterMs');
    expect(http).toBe(200);
  });

  it('gives every failure a correlation id of its own', () => {
    const ids = [wireError('HATAGO_INTERNAL'), wireError('HATAGO_INTERNAL')].map(
      ({ error }) => error.data.correlationId,
    );
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('says when to come back wherever the status does', () => {
    for (const code of ['HATAGO_OVERLOADED', 'HATAGO_DRAINING', 'HATAGO_RATE_LIMITED'] as const)
      expect(wireError(code).error.data.retryAfterMs).toBe(1000);
    expect(wireError('HATAGO_INTERNAL').error.data).not.toHaveProperty('retryAfterMs');
  });

  it('takes further data, but none that passes for its own', () => {
    const { error, http } = wireError('HATAGO_OVERLOADED', {
      retryAfterMs: 100,
      message: 'Busy.',
      data: { a: 1, kind: 'x', correlationId: 'x' },
    });
    expect(error).toMatchObject({
      code: -31007,
      message: 'Busy.',
      data: { a: 1, kind: 'overloaded', retryAfterMs: 100 },
    });
    expect(error.data.correlationId).not.toBe('x');
    expect(http).toBe(503);
  });

  it('puts a server name in as it is', () => {
    expect(messageOf('HATAGO_UPSTREAM_TIMEOUT', '$&')).toMatch(/^\$& did/);
    expect(messageOf('HATAGO_UPSTREAM_TIMEOUT')).toMatch(/^The server did/);
  });

  it('has an internal error for what was never meant for a wire', () => {
    expect(wireError('HATAGO_PORT_IN_USE').error.code).toBe(-32603);
  });
});

describe('httpStatusOf', () => {
  it.each([
    [-32601, 404],
    [-32020, 400],
    [-32021, 400],
    [-32022, 400],
    [-32602, 200],
    [-32603, 200],
    [-32002, 200],
    [1, 200],
  ])('answers %i with %i', (code, status) => {
    expect(httpStatusOf(code)).toBe(status);
  });
});
