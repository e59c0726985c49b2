import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hatago, type Live, live } from './support/live.ts';
import { lockedServer } from './support/locked-server.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';
import { connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

/** A server without what goes on meanwhile: how often it was tried, and when it will be again. */
const lasting = (server: object): object => ({ ...server, supervision: null });

describe('a hub with servers in every condition', () => {
  let it_: Live;
  beforeAll(async () => {
    const remote = await journal(scope, { transport: 'http', era: 'legacy' });
    it_ = await live(scope, {
      servers: {
        lazy: {
          ...(await journal(scope, { transport: 'stdio', era: 'legacy' })).entry,
          start: 'lazy',
          dependsOn: ['j'],
        },
        off: { command: 'x', disabled: true },
        gone: { command: 'no-such-program-anywhere', restart: { max: 0 } },
        secret: { command: process.execPath, env: { TOKEN: '${secret:NOT_STORED}' } },
        locked: { type: 'http', url: await lockedServer(scope, String(remote.entry['url']), 'the-token') },
        dying: { command: process.execPath, args: ['-e', 'process.exit(3)'], restart: { max: 0 } },
      },
    });
  });

  const WANTED: readonly (readonly [string, string, string | undefined, string | undefined])[] = [
    ['j', 'ready', undefined, undefined],
    ['lazy', 'lazy', undefined, undefined],
    ['off', 'disabled', undefined, 'hatago config set mcpServers.off.disabled false'],
    ['gone', 'needs a runtime', 'HATAGO_RUNTIME_MISSING', undefined],
    ['secret', 'needs a secret', 'HATAGO_SECRET_MISSING', 'hatago secret set NOT_STORED'],
    ['locked', 'needs sign-in', 'HATAGO_UPSTREAM_AUTH_REQUIRED', undefined],
    ['dying', 'failing', 'HATAGO_UPSTREAM_LOST', undefined],
  ];

  it('says of each in list and status how it is, its code, and what mends it', async () => {
    const { servers } = await it_.json<{ servers: { id: string; readiness: Record<string, string> }[] }>('list');
    expect(servers.map(({ id }) => id)).toEqual(WANTED.map(([id]) => id));
    for (const [id, state, code, fix] of WANTED) {
      const found = servers.find((server) => server.id === id)?.readiness ?? {};
      expect(found, id).toMatchObject({ state, ...(code && { code }), ...(fix && { fix }) });
      if (code !== undefined)
        expect([found['message'], found['fix']], id).toEqual([expect.any(String), expect.any(String)]);
    }
    const status = await it_.json<{ servers: object[] }>('status');
    expect(status.servers.map(lasting)).toEqual(servers.map(lasting));
    const { stdout } = await it_.cli('list');
    for (const [id, state] of WANTED) expect(stdout).toMatch(new RegExp(`^${id} +${state} `, 'm'));
    expect(stdout).toContain('hatago secret set NOT_STORED');
  });

  it('tells clients the same in hatago://servers', async () => {
    const { servers } = await it_.json<{ servers: object[] }>('list');
    const client = connectModernHttp(it_.hub.url);
    const { message } = await client.request('resources/read', { uri: 'hatago://servers' });
    await client.close();
    const text = ((message.result?.['contents'] ?? []) as { text: string }[])[0]?.text ?? '';
    const told = JSON.parse(text) as { total: number; servers: object[] };
    expect(told.total).toBe(WANTED.length);
    expect(told.servers.map(lasting)).toEqual(servers.map(lasting));
  });

  it('estimates what the definitions of a server cost', async () => {
    const { servers } = await it_.json<{ servers: { id: string; tools: number; tokens: number }[] }>('list');
    const { tools, tokens } = servers.find(({ id }) => id === 'j') as { tools: number; tokens: number };
    expect(tools).toBeGreaterThan(5);
    expect(tokens).toBeGreaterThan(tools * 10);
  });

  it('does not start a lazy server to look at it, and starts one that is tried', async () => {
    const tried = await it_.json<{ answers: boolean; tools: number }>('test', 'lazy');
    expect(tried).toMatchObject({ answers: true });
    expect(tried.tools).toBeGreaterThan(0);
  });

  it.each([
    ['gone', ['✗ it can be reached']],
    ['locked', ['✓ it can be reached', '✗ it takes our credentials', 'bearer token']],
    ['secret', ['hatago secret set NOT_STORED']],
  ])('says with `test %s` how far it comes, and ends with 1', async (id, words) => {
    const { code, stdout } = await it_.cli('test', id);
    expect(code).toBe(1);
    for (const word of words) expect(stdout).toContain(word);
  });

  it('does not start what waits for somebody', async () => {
    const { code, stderr } = await it_.cli('start', 'secret');
    expect(code).toBe(1);
    expect(stderr).toContain('NOT_STORED');
  });

  it('draws what depends on what', async () => {
    const { edges } = await it_.json<{ edges: object[] }>('graph');
    expect(edges).toEqual([{ from: 'lazy', to: 'j' }]);
    const { stdout } = await it_.cli('graph');
    expect(stdout).toMatch(/^digraph/);
    expect(stdout).toContain('"lazy" -> "j"');
    expect(stdout).toMatch(/"j" -> "j\/tools"/);
    const offline = await hatago(['graph', '-c', it_.hub.configFile, '--format', 'json'], {
      env: { HATAGO_HOME: scope.dir() },
    });
    expect(JSON.parse(offline.stdout)).toMatchObject({ edges: [{ from: 'lazy', to: 'j' }] });
  });

  it.each([
    [['start', 'nobody']],
    [['stop', 'nobody']],
    [['restart', 'nobody']],
    [['test', 'nobody']],
    [['logs', 'nobody']],
    [['session', 'show', 'nobody']],
    [['session', 'close', 'nobody']],
    [['drain', '99']],
    [['generations', 'diff', '99']],
    [['generations', 'rollback', '99']],
  ])('%j ends with 4 and says where to look', async (args) => {
    const { code, stderr } = await it_.cli(...args);
    expect(code, stderr).toBe(4);
    expect(stderr).toMatch(/nobody|99/);
    expect(stderr).toContain('hatago ');
  });
});
