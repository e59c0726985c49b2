import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, expectFailure } from './support/calls.ts';
import { connectFront } from './support/fronts.ts';
import { type RunningHub, ready, startHub, writeConfig } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { groupLives, killGroup } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { freePort, type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { textOf, type WireClient } from './support/wire/client.ts';
import { connectStdio } from './support/wire/duplex.ts';
import { connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

const stdio = (era: 'legacy' | 'modern' = 'legacy', ...args: string[]): Promise<JournalServer> =>
  journal(scope, { transport: 'stdio', era, args });

describe.each(['http-legacy', 'http-modern'] as const)('kill -9 of a server under load (%s)', (front) => {
  it('ends its calls in -31002 within a second, touches nobody else, and comes back by itself', async () => {
    const [doomed, other] = [await stdio(), await stdio('modern')];
    const hub = await startHub(scope, { mcpServers: { doomed: doomed.entry, other: other.entry } });
    const client = await connectFront(front, hub);
    const sideClient = await connectFront(front, hub);
    let stop = false;
    const side = { ok: 0, errors: [] as string[] };
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = 0; !stop; i++) {
        const nonce = `${worker}.${i}`;
        const answer = await call(sideClient, 'other_echo', { nonce, delayMs: 2 });
        if (answer.message.error === undefined && textOf(answer) === nonce) side.ok++;
        else side.errors.push(answer.text);
      }
    });
    const waiting = Array.from({ length: 50 }, (_, i) =>
      call(client, 'doomed_echo', { nonce: `d${i}`, delayMs: 60_000 }),
    );
    await until('all calls have begun', () => doomed.read().length === 50);
    const before = side.ok;
    const [pid] = doomed.pids() as [number];
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    const answers = await Promise.all(waiting);
    expect(performance.now() - killedAt).toBeLessThan(1000);
    for (const answer of answers) expectFailure(answer, -31002, 'upstream_lost', 'doomed');
    await until('it is back', async () => textOf(await call(client, 'doomed_echo', { nonce: 'again' })) === 'again');
    expect(doomed.pids()).toHaveLength(2);
    stop = true;
    await Promise.all(workers);
    expect(side.errors).toEqual([]);
    expect(side.ok).toBeGreaterThan(before);
    await hub.stop();
    await until('both process groups are gone', () => ![...doomed.pids(), ...other.pids()].some(groupLives));
  });
});

describe('servers that were restarted', () => {
  it.each([
    ['http', 'legacy'],
    ['http', 'modern'],
    ['sse', 'legacy'],
    ['ws', 'legacy'],
  ] as const)('over %s (%s) are used again by themselves', async (transport, era) => {
    const args = ['--port', String(await freePort())];
    const first = await journal(scope, { transport, era, args });
    const hub = await startHub(scope, { mcpServers: { s: first.entry } });
    const client = await connectFront('http-legacy', hub);
    expect(textOf(await call(client, 's_echo', { nonce: 'before' }))).toBe('before');
    first.kill();
    await until(
      'it is gone',
      async () => (await call(client, 's_echo', { nonce: 'gone' })).message.error !== undefined,
    );
    const second = await journal(scope, { transport, era, args });
    await until(
      'it is back',
      async () => {
        const answer = await call(client, 's_echo', { nonce: 'after' });
        return answer.message.error === undefined && textOf(answer) === 'after';
      },
      30_000,
    );
    expect(second.read()).toContainEqual({ nonce: 'after' });
    await hub.stop();
  });

  it.each(['look', 'echo'])(
    'and forgot their sessions cost no call of %s, and have none carried out twice',
    async (tool) => {
      const server = await journal(scope, { transport: 'http', era: 'legacy' });
      const hub = await startHub(scope, { mcpServers: { s: server.entry } });
      const client = await connectFront('http-modern', hub);
      await call(client, 's_forget', { nonce: 'forget' });
      const nonces = Array.from({ length: 20 }, (_, i) => `n${i}`);
      const answers = await Promise.all(nonces.map((nonce) => call(client, `s_${tool}`, { nonce })));
      expect(answers.map(textOf)).toEqual(nonces);
      expect(server.read().flatMap(({ nonce }) => nonce ?? [])).toHaveLength(20);
      await hub.stop();
    },
  );
});

describe('the end of the hub is the end of its servers', () => {
  const CHILDREN = 10;

  async function tenServers(): Promise<{ mcpServers: Record<string, unknown>; pids(): number[] }> {
    const servers = await Promise.all(
      Array.from({ length: CHILDREN }, (_, i) => (i === 0 ? stdio('legacy', '--stubborn') : stdio('legacy'))),
    );
    const mcpServers = Object.fromEntries(servers.map(({ entry }, i) => [`s${i}`, entry]));
    return { mcpServers, pids: () => servers.flatMap((server) => server.pids()) };
  }

  async function expectAllGone(pids: number[]): Promise<void> {
    try {
      await until('every process group is gone', () => !pids.some(groupLives), 3000);
    } finally {
      for (const pid of pids) killGroup(pid, 'SIGKILL');
    }
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('%s', async (signal) => {
    const { mcpServers, pids } = await tenServers();
    const hub = await startHub(scope, { mcpServers });
    const started = pids();
    expect(new Set(started).size).toBe(CHILDREN);
    expect(started.every(groupLives)).toBe(true);
    process.kill(hub.pid, signal);
    await expectAllGone(started);
  });

  it('the end of input, over stdio', async () => {
    const { mcpServers, pids } = await tenServers();
    const { file, env } = writeConfig(scope, { mcpServers });
    const client = await connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '--config', file], { env });
    await client.request('tools/list');
    await until('all servers run', () => pids().length === CHILDREN);
    const code = client.end();
    await expectAllGone(pids());
    expect(await code).toBe(0);
  });
});

describe('servers that cannot be reached', () => {
  let hub: RunningHub;
  let client: WireClient;
  let healthy: JournalServer;
  let readyAfterMs = 0;

  beforeAll(async () => {
    healthy = await stdio();
    const [mute, dead] = [await stdio('legacy', '--mute'), await stdio('legacy', '--die-at-start')];
    const timeouts = { connectMs: 1500 };
    const mcpServers = {
      healthy: healthy.entry,
      mute: { ...mute.entry, timeouts },
      dead: { ...dead.entry, timeouts },
      missing: { command: 'no-such-program-anywhere', timeouts },
      unreachable: { url: `http://127.0.0.1:${await freePort()}/mcp`, timeouts },
      'unreachable-ws': { url: `ws://127.0.0.1:${await freePort()}`, timeouts },
      'not-mcp': { url: 'http://127.0.0.1:0/', timeouts },
    };
    mcpServers['not-mcp'].url = await notMcp();
    const began = performance.now();
    hub = await startHub(scope, { mcpServers }, { ready: false });
    client = await connectFront('http-modern', hub);
    const answer = await call(client, 'healthy_echo', { nonce: 'at once' });
    expect(textOf(answer)).toBe('at once');
    readyAfterMs = performance.now() - began;
    await ready(hub);
  });

  /** A web server that answers everything with a page. */
  async function notMcp(): Promise<string> {
    const page = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nhello';
    const server = createServer((socket) => {
      socket.on('data', () => socket.write(page)).on('error', () => {});
      scope.defer(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    scope.defer(() => void server.close());
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/mcp`;
  }

  const BROKEN = ['mute', 'dead', 'missing', 'unreachable', 'unreachable-ws', 'not-mcp'];

  it('do not delay the others', () => {
    expect(readyAfterMs).toBeLessThan(5000);
  });

  it.each(BROKEN)('%s: calls are refused in its name, unsent', async (server) => {
    const answer = await connectRoute(server).request('tools/call', { name: 'echo', arguments: { nonce: 'x' } });
    expectFailure(answer, -31001, 'upstream_unavailable', server);
  });

  const connectRoute = (server: string): WireClient => connectModernHttp(`${hub.url}/${server}`);

  it('are shown with their error, beside those that work', async () => {
    const { message } = await client.request('resources/read', { uri: 'hatago://servers' });
    const contents = message.result?.['contents'] as { text: string }[] | undefined;
    const text = contents?.[0]?.text ?? '{}';
    const { servers } = JSON.parse(text) as { servers: { id: string; status: string; error?: string }[] };
    for (const id of BROKEN) {
      const row = servers.find((server) => server.id === id);
      expect(row?.status, id).not.toBe('ready');
      expect(row?.error, id).toEqual(expect.any(String));
    }
    expect(servers.find(({ id }) => id === 'healthy')).toMatchObject({ status: 'ready' });
  });

  it('leave lists and calls of the others alone', async () => {
    const { tools } = (await client.request('tools/list')).message.result as { tools: { name: string }[] };
    expect(tools.length).toBeGreaterThan(0);
    expect(tools.every(({ name }) => name.startsWith('healthy_'))).toBe(true);
    expect(textOf(await call(client, 'healthy_echo', { nonce: 'still' }))).toBe('still');
  });
});
