import { afterAll, expect, it, vi } from 'vitest';
import { createReloadKit } from './reload-kit.ts';

// Processes are started, which takes as long as it takes on a busy machine.
vi.setConfig({ testTimeout: 20_000 });
afterAll(() => vi.resetConfig());

it('one limit holds for the calls of a caller that wait for it, whatever server and generation they began on', async () => {
  const more = { limits: { maxParkedPerPrincipal: 1 } };
  const kit = createReloadKit(({ server }) => ({ a: server('a'), b: server('b') }), more);
  await kit.controller.current().settled;
  const client = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 't' } };
  const request = (id: string, method: string, params: object = {}) =>
    kit.client.request({ jsonrpc: '2.0', id, method, params });
  const asked = (count: number) =>
    vi.waitFor(
      () => expect(kit.told.filter(({ method }) => method === 'elicitation/create')).toHaveLength(count),
      5000,
    );
  await request('i', 'initialize', client);
  const first = request('1', 'tools/call', { name: 'b_ask', arguments: { nonce: 'one' } });
  await asked(1);
  await kit.reload({ a: kit.server('a') });
  await request('2', 'tools/list');
  const second = request('3', 'tools/call', { name: 'a_ask', arguments: { nonce: 'two' } });
  await asked(2);
  expect((await first)['error']).toMatchObject({ code: -31007, data: { server: 'b', retryAfterMs: 1000 } });
  await kit.close();
  await second;
});
