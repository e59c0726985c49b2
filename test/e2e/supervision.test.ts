import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { call, expectFailure } from './support/calls.ts';
import { connectFront } from './support/fronts.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { root } from './support/paths.ts';
import { groupLives, killGroup } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { textOf, type WireClient } from './support/wire/client.ts';
import { connectLegacyHttp, connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

const TINY = {
  command: 'sh',
  args: [join(root, 'packages/hub/src/upstream/testing/tiny-server.sh')],
  protocol: 'legacy',
};

/** What the tiny server says of itself: how often it was called, its process and its folder. */
async function tiny(client: WireClient, name = 'tiny_count'): Promise<{ calls: number; pid: number; cwd: string }> {
  const [calls, pid, cwd] = textOf(await call(client, name)).split(' ') as [string, string, string];
  return { calls: Number(calls), pid: Number(pid), cwd };
}

interface Row {
  readonly id: string;
  readonly status: string;
  readonly tools: number;
  readonly error: string | null;
}

async function rowOf(client: WireClient, id: string): Promise<Row | undefined> {
  const { message } = await client.request('resources/read', { uri: 'hatago://servers' });
  const contents = message.result?.['contents'] as { text: string }[] | undefined;
  const { servers } = JSON.parse(contents?.[0]?.text ?? '{"servers":[]}') as { servers: Row[] };
  return servers.find((server) => server.id === id);
}

describe.skipIf(process.platform === 'win32')('a server that hangs', () => {
  it('has its calls end in -31003 at their deadline, is killed with its group, and started again', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const entry = {
      ...server.entry,
      timeouts: { requestMs: 1000 },
      health: { intervalMs: 800, timeoutMs: 400, failures: 3 },
      restart: { delayMs: 50 },
    };
    const hub = await startHub(scope, { mcpServers: { s: entry } });
    const client = await connectFront('http-legacy', hub);
    expect(textOf(await call(client, 's_echo', { nonce: 'before' }))).toBe('before');
    const [pid] = server.pids() as [number];
    process.kill(pid, 'SIGSTOP');
    const took = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const begun = performance.now();
        expectFailure(await call(client, 's_echo', { nonce: `hung${i}` }), -31003, 'upstream_timeout', 's');
        return performance.now() - begun;
      }),
    );
    for (const ms of took) expect(Math.abs(ms - 1000)).toBeLessThan(200);
    await until(
      'it is back',
      async () => {
        const answer = await call(client, 's_echo', { nonce: 'after' });
        return answer.message.error === undefined && textOf(answer) === 'after';
      },
      20_000,
    );
    expect(groupLives(pid)).toBe(false);
    expect(server.pids()).toHaveLength(2);
    await hub.stop();
  });

  it('again and again is left alone with its reason, and its calls say how it is started by hand', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'modern' });
    const entry = {
      ...server.entry,
      timeouts: { requestMs: 500 },
      health: { intervalMs: 200, timeoutMs: 150, failures: 2 },
      restart: { max: 1, delayMs: 20 },
    };
    const hub = await startHub(scope, { mcpServers: { s: entry } });
    const client = await connectFront('http-modern', hub);
    for (let starts = 1; starts <= 2; starts++) {
      await until(
        'it runs',
        async () => server.pids().length === starts && (await rowOf(client, 's'))?.status === 'ready',
      );
      process.kill(server.pids()[starts - 1] as number, 'SIGSTOP');
    }
    const row = await until('it is left alone', async () => {
      const seen = await rowOf(client, 's');
      return seen?.status === 'failed' && seen.error?.includes('started again once') === true ? seen : undefined;
    });
    expect(row.error).toContain('it did not answer 2 health checks in a row, after it was started again once');
    const refused = await connectModernHttp(`${hub.url}/s`).request('tools/call', { name: 'echo', arguments: {} });
    expectFailure(refused, -31001, 'upstream_unavailable', 's');
    expect(refused.message.error?.message).toContain('hatago start s');
    await until('nothing of it is left', () => !server.pids().some(groupLives));
    expect(server.pids()).toHaveLength(2);
    await hub.stop();
  });
});

describe.skipIf(process.platform === 'win32')('isolation: session', () => {
  const CYCLES = 1000;
  const AT_ONCE = 8;

  it(`leaves no process and no folder after ${CYCLES} clients that came and went`, async () => {
    const entry = { ...TINY, isolation: 'session', workspace: 'temp' };
    const hub = await startHub(scope, { mcpServers: { tiny: entry } });
    const pids = new Set<number>();
    const folders = new Set<string>();
    let left = CYCLES;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const client = await connectLegacyHttp(hub.url);
        const { calls, pid, cwd } = await tiny(client);
        expect(calls).toBe(1);
        pids.add(pid);
        folders.add(cwd);
        await client.close();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(folders.size).toBe(CYCLES);
    await until('every process has ended', () => ![...pids].some(groupLives));
    const home = join(hub.home, 'workspaces');
    // One is left: that of the process that all lists are read from.
    await until('every folder is gone', () => readdirSync(home).length === 1);
    await hub.stop();
    expect(readdirSync(home)).toEqual([]);
  }, 120_000);

  it('keeps two clients apart for as long as they stay', async () => {
    const hub = await startHub(scope, { mcpServers: { tiny: { ...TINY, isolation: 'session' } } });
    const [one, two] = [await connectLegacyHttp(hub.url), await connectLegacyHttp(hub.url)];
    const first = await tiny(one);
    expect((await tiny(one)).calls).toBe(2);
    const other = await tiny(two);
    expect(other).toMatchObject({ calls: 1 });
    expect(other.pid).not.toBe(first.pid);
    await one.close();
    await until('the process of the first has ended', () => !groupLives(first.pid));
    expect((await tiny(two)).calls).toBe(2);
    await hub.stop();
  });
});

describe.skipIf(process.platform === 'win32')('a lazy server', () => {
  const toolsOf = async (client: WireClient): Promise<string[]> => {
    const { tools } = (await client.request('tools/list')).message.result as { tools: { name: string }[] };
    return tools.map(({ name }) => name);
  };

  it('has its tools listed after a restart of the hub without being started, until it is called', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const config = { mcpServers: { s: { ...server.entry, start: 'lazy' } } };
    const first = await startHub(scope, config);
    expect(server.pids()).toEqual([]);
    const tools = await toolsOf(await connectFront('http-modern', first));
    expect(tools).toContain('s_echo');
    expect(server.pids()).toHaveLength(1);
    await first.stop();
    const env = { HATAGO_HOME: first.home };
    const second = await startHub(scope, config, { env });
    const client = await connectFront('http-modern', second);
    expect(await toolsOf(client)).toEqual(tools);
    expect(server.pids()).toHaveLength(1);
    expect(textOf(await call(client, 's_echo', { nonce: 'first use' }))).toBe('first use');
    expect(server.pids()).toHaveLength(2);
    await second.stop();
  });

  it('is stopped when nobody used it for its time, and started by its next use', async () => {
    const hub = await startHub(scope, { mcpServers: { tiny: { ...TINY, start: 'lazy', idleStopMs: 1000 } } });
    const client = await connectFront('http-legacy', hub);
    const { pid } = await tiny(client);
    expect((await tiny(client)).pid).toBe(pid);
    await until('it has ended', () => !groupLives(pid));
    expect(await toolsOf(client)).toEqual(['tiny_count']);
    expect(await rowOf(client, 'tiny')).toMatchObject({ status: 'stopped', tools: 1, error: null });
    const again = await tiny(client);
    expect(again.pid).not.toBe(pid);
    expect(again.calls).toBe(1);
    await hub.stop();
  });
});

describe.skipIf(process.platform === 'win32')('workspaces', () => {
  const start = (home?: string): Promise<RunningHub> =>
    startHub(
      scope,
      { mcpServers: { one: { ...TINY, workspace: 'temp' }, two: { ...TINY, workspace: 'temp' } } },
      home === undefined ? {} : { env: { HATAGO_HOME: home } },
    );

  it('are apart, go with their hub, and are swept after one that was killed', async () => {
    const hub = await start();
    const client = await connectFront('http-modern', hub);
    const [one, two] = [await tiny(client, 'one_count'), await tiny(client, 'two_count')];
    expect(one.cwd).not.toBe(two.cwd);
    expect(realpathSync(one.cwd).startsWith(realpathSync(join(hub.home, 'workspaces')))).toBe(true);
    await hub.stop('SIGKILL');
    expect(existsSync(one.cwd)).toBe(true);
    await until('its processes have ended', () => ![one, two].some(({ pid }) => groupLives(pid)));
    const next = await start(hub.home);
    await until('what was left is gone', () => ![one, two].some(({ cwd }) => existsSync(cwd)));
    expect(readdirSync(join(hub.home, 'workspaces'))).toHaveLength(2);
    expect(await next.stop()).toBe(0);
    expect(readdirSync(join(hub.home, 'workspaces'))).toEqual([]);
    for (const { pid } of [one, two]) killGroup(pid, 'SIGKILL');
  });
});
