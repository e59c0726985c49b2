import { failure } from '@hatago/hub/core/errors.ts';
import type { Outcome } from '@hatago/hub/core/exchange.ts';
import type { Upstream } from '@hatago/hub/core/upstream.ts';
import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { request } from './request.ts';

const answering = (outcome: Outcome): Upstream =>
  ({ id: 'the hub', request: () => Promise.resolve(outcome) }) as unknown as Upstream;
const saying = (code: number, message: string, data?: unknown): Outcome => ({
  kind: 'error',
  error: Payload.ofValue({ code, message, ...(data === undefined ? {} : { data }) }),
});
const call = (outcome: Outcome): Promise<unknown> =>
  request(answering(outcome), 'tools/call', { name: 'x' }, { limitMs: 800 });

describe('a request that ends in an error', () => {
  const unknown = 'Unknown tool "x"; see tools/list for those there are.';

  it.each([
    ['a tool nobody has', failure('HATAGO_INVALID_PARAMS', { message: unknown }), 4],
    ['what the policy denies', failure('HATAGO_POLICY_DENIED'), 5],
    ['a server nobody approved', failure('HATAGO_NEEDS_APPROVAL', { server: 's' }), 5],
    ['credentials that are missing', failure('HATAGO_UPSTREAM_AUTH_REQUIRED', { server: 's' }), 1],
    ['other params', failure('HATAGO_INVALID_PARAMS', { message: 'params.name must be a text.' }), 1],
    ["a server's own words", saying(-32602, 'Unknown currency: file not found'), 1],
    ["a server's own words, like those of the hub", saying(-32602, unknown, { kind: 'invalid_params' }), 1],
    ["a server's own code", saying(-31005, 'no'), 1],
    ['an error whose data is no object', saying(-32000, 'no', 'x'), 1],
  ])('has the exit code of %s', async (_, outcome, exit) => {
    await expect(call(outcome)).rejects.toMatchObject({ name: 'CliError', exit });
  });

  it('names the limit of the command where that was it, and the server where the hub gave up', async () => {
    const own = { message: 'not answered within 800 ms; --timeout gives more', exit: 1 };
    await expect(call(failure('HATAGO_UPSTREAM_TIMEOUT', { server: 'the hub' }))).rejects.toMatchObject(own);
    const slow = { message: expect.stringContaining('slow did not answer in time') as string };
    await expect(call(failure('HATAGO_UPSTREAM_TIMEOUT', { server: 'slow' }))).rejects.toMatchObject(slow);
  });
});
