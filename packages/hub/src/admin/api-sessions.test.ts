import { PassThrough } from 'node:stream';
import { err, ok } from '@hatago/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { createHub, type Hub } from '../hub.ts';
import type { ControlOptions } from './admin-side.ts';
import type { ApprovalView } from './deps.ts';
import { ask } from './test-hub.ts';
import { errorOf, type Rig, TEST_SERVER as server, startRig } from './test-rig.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const start = (
  config: object = { mcpServers: { one: server } },
  control: Partial<ControlOptions> = {},
): Promise<Rig<Hub>> => startRig({ create: createHub, config, control, closers });

const HELLO = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'tester', version: '1.0' } },
};

describe('sessions over the admin API', () => {
  it('of HTTP are shown and can be ended, and their names continue nothing', async () => {
    const { call, listener } = await start({ mcpServers: {} });
    const accept = 'application/json, text/event-stream';
    const opened = await ask({ at: listener.port, method: 'POST', path: '/mcp', body: HELLO, headers: { accept } });
    const secret = String(opened.headers['mcp-session-id']);
    const { sessions } = (await call('GET', '/sessions')).body as { sessions: { id: string }[] };
    expect(sessions).toMatchObject([
      { client: 'tester 1.0', transport: 'http', route: '/mcp', generation: 1, calls: 0 },
    ]);
    const id = sessions[0]?.id as string;
    expect(secret).not.toContain(id);
    expect((await call('GET', `/sessions/${id}`)).body).toMatchObject({ id });
    expect((await call('GET', '/status')).body['sessions']).toBe(1);
    expect((await call('DELETE', `/sessions/${secret}`)).status).toBe(404);
    expect((await call('DELETE', `/sessions/${id}`)).body).toEqual({ closed: id });
    expect((await call('GET', '/sessions')).body).toEqual({ sessions: [] });
  });

  it('of a pipe are shown, and end with their client', async () => {
    const { call, hub } = await start({ mcpServers: {} });
    const input = new PassThrough();
    hub.serveStdio({ input, output: new PassThrough() });
    input.write(`${JSON.stringify(HELLO)}\n`);
    await expect.poll(async () => (await call('GET', '/sessions')).body['sessions']).toHaveLength(1);
    const { sessions } = (await call('GET', '/sessions')).body as { sessions: { id: string }[] };
    expect(sessions).toMatchObject([{ transport: 'pipe', idleMs: 0 }]);
    const refused = await call('DELETE', `/sessions/${sessions[0]?.id}`);
    expect(refused.status).toBe(422);
    expect(errorOf(refused).next).toContain('End that client');
    input.end();
    await expect.poll(async () => (await call('GET', '/sessions')).body['sessions']).toEqual([]);
  });
});

describe('approval over the admin API', () => {
  const view: ApprovalView = {
    state: 'new',
    file: '/project/hatago.config.json',
    command: 'x',
    args: [],
    cwd: null,
    env: [],
    url: null,
    headers: [],
    given: [],
    secrets: [],
    hash: 'abc',
    changes: [],
  };

  it('is bound to what was shown', async () => {
    const approved: string[] = [];
    const { call } = await start(undefined, {
      approval: () => Promise.resolve(view),
      approve: (server, hash) => {
        approved.push(`${server} ${hash}`);
        return Promise.resolve(ok(undefined));
      },
    });
    expect((await call('GET', '/servers/one/approval')).body).toEqual(view);
    expect((await call('POST', '/servers/one/approve', { hash: 'other' })).status).toBe(412);
    expect(approved).toEqual([]);
    expect((await call('POST', '/servers/one/approve', { hash: 'abc' })).status).toBe(200);
    expect(approved).toEqual(['one abc']);
  });

  it('says when it cannot be kept, and when nothing is known', async () => {
    const { call } = await start(undefined, {
      approval: (server) => Promise.resolve(server === 'one' ? view : undefined),
      approve: () => Promise.resolve(err('the disk is full')),
    });
    const full = await call('POST', '/servers/one/approve', { hash: 'abc' });
    expect([full.status, errorOf(full).message]).toEqual([507, 'the disk is full.']);
    const plain = await start();
    expect((await plain.call('GET', '/servers/one/approval')).status).toBe(404);
  });
});
