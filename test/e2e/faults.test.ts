import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectFront } from './support/fronts.ts';
import { type RunningHub, ready, startHub, writeConfig } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { groupLives, killGroup, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { freePort, type JournalOptions, type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Answer, textOf, type WireClient } from './support/wire/client.ts';
import { connectStdio } from './support/wire/duplex.ts';
import { connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

const stdio = (era: 'legacy' | 'modern' = 'legacy', ...args: string[]): Promise<JournalServer> =>
  journal(scope, { transport: 'stdio', era, args });
const call = (client: WireClient, name: string, args: object = {}): Promise<Answer> =>
  client.request('tools/call', { name, arguments: args });

/** Checks a failure of one server: its code, whom it names, and that it tells nothing else. */
function expectFailure({ message, text }: Answer, code: number, kind: string, server: string): void {
  expect(message.error, text).toMatchObject({ code, data: { kind, server, correlationId: expect.any(String) } });
  expect(message.error?.message).toContain(server);
  expect(Object.keys(message.error?.data ?? {}).sort()).toEqual(
    expect.arrayContaining(['correlationId', 'kind', 'server']),
  );
}

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
    expect(started).toHaveLength(CHILDREN);
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
    const [{ text }] = message.result?.['contents'] as [{ text: string }];
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

type Kind = JournalOptions & { readonly id: string };

const KINDS: readonly Kind[] = [
  { id: 'stdio-legacy', transport: 'stdio', era: 'legacy' },
  { id: 'stdio-modern', transport: 'stdio', era: 'modern' },
  { id: 'http-legacy', transport: 'http', era: 'legacy' },
  { id: 'http-modern', transport: 'http', era: 'modern' },
  { id: 'http-streams', transport: 'http', era: 'legacy', args: ['--streams'] },
  { id: 'sse', transport: 'sse', era: 'legacy' },
  { id: 'ws', transport: 'ws', era: 'legacy' },
];

describe('servers that misbehave', () => {
  const servers = new Map<string, JournalServer>();
  const progress: { id: string; values: number[] } = { id: '', values: [] };
  let hub: RunningHub;
  let client: WireClient;

  beforeAll(async () => {
    const mcpServers: Record<string, unknown> = { healthy: (await stdio()).entry };
    for (const { id, ...options } of KINDS) {
      const args = [...(options.args ?? []), ...(options.transport === 'stdio' ? ['--banner'] : [])];
      const server = await journal(scope, { ...options, args });
      servers.set(id, server);
      mcpServers[id] = { ...server.entry, timeouts: { requestMs: 800 } };
    }
    hub = await startHub(scope, { mcpServers });
    client = await connectFront('http-modern', hub, {
      notice({ method, params }) {
        if (method === 'notifications/progress' && params?.['message'] === progress.id) {
          progress.values.push(Number(params['progress']));
        }
      },
    });
  });

  /** Calls a tool that misbehaves while another server works; checks that the others and later calls are well. */
  async function callBeside(id: string, tool: string, args: object = {}, recovers = false): Promise<Answer> {
    const beside = call(client, 'healthy_echo', { nonce: `beside ${tool}`, delayMs: 50 });
    const answer = await call(client, `${id}_${tool}`, { nonce: tool, ...args });
    expect(textOf(await beside)).toBe(`beside ${tool}`);
    const after = async (): Promise<boolean> =>
      textOf(await call(client, `${id}_echo`, { nonce: 'after' })) === 'after';
    if (recovers) await until(`${id} is back`, after);
    else expect(await after()).toBe(true);
    return answer;
  }

  const each = it.each(KINDS.map(({ id }) => id));
  const eachOf = (transport: string) =>
    it.each(KINDS.filter((kind) => kind.transport === transport).map(({ id }) => id));

  eachOf('stdio')('%s: a banner before the first message is skipped', async (id) => {
    expect(textOf(await call(client, `${id}_echo`, { nonce: 'banner' }))).toBe('banner');
  });

  eachOf('stdio')('%s: lines in between that are not JSON are skipped', async (id) => {
    expect(textOf(await callBeside(id, 'chatter'))).toBe('chatter');
  });

  eachOf('stdio')('%s: megabytes on stderr are nobody’s business', async (id) => {
    expect(textOf(await callBeside(id, 'noise'))).toBe('noise');
  });

  each('%s: a call that is never answered ends in time, and is cancelled', async (id) => {
    const began = performance.now();
    expectFailure(await callBeside(id, 'hang'), -31003, 'upstream_timeout', id);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(700);
    expect(tookMs).toBeLessThan(2000);
    const journal = servers.get(id) as JournalServer;
    if (id !== 'http-modern')
      await until('told', () => journal.read().some(({ cancelled }) => cancelled !== undefined));
  });

  each('%s: of ten thousand progress notifications the newest are kept', async (id) => {
    Object.assign(progress, { id: `flood of ${id}`, values: [] });
    const params = {
      name: `${id}_flood`,
      arguments: { nonce: progress.id, count: 10_000 },
      _meta: { progressToken: 1 },
    };
    expect(textOf(await client.request('tools/call', params))).toBe(progress.id);
    expect(progress.values.length).toBeLessThanOrEqual(60);
    expect(progress.values).toEqual([...progress.values].sort((a, b) => a - b));
    expect(progress.values.at(-1)).toBe(10_000);
  });

  each('%s: a second answer goes nowhere', async (id) => {
    expect(textOf(await callBeside(id, 'twice'))).toBe('twice');
  });

  each('%s: an answer to nobody goes nowhere', async (id) => {
    expect(textOf(await callBeside(id, 'foreign'))).toBe('foreign');
  });

  each('%s: an answer that is result and error at once is one outcome', async (id) => {
    const { message, text } = await callBeside(id, 'both');
    expect(message.error?.code, text).toBe(-31010);
  });

  each('%s: an answer that is not JSON', async (id) => {
    expectFailure(await callBeside(id, 'malformed'), -31010, 'upstream_protocol', id);
  });

  each('%s: an answer of more than 10 MiB', async (id) => {
    expectFailure(await callBeside(id, 'huge', { bytes: 11 << 20 }, true), -31009, 'too_large', id);
  });

  each('%s: an answer of 9 MiB', async (id) => {
    expect(textOf(await callBeside(id, 'huge', { bytes: 9 << 20 }))).toHaveLength(9 << 20);
  });

  each('%s: a server that dies or is gone', async (id) => {
    const kind = KINDS.find((candidate) => candidate.id === id) as Kind;
    if (kind.transport !== 'stdio') return expectLostForGood(kind);
    expectFailure(await callBeside(id, 'die', {}, true), -31002, 'upstream_lost', id);
    expectFailure(await callBeside(id, 'cut', {}, true), -31002, 'upstream_lost', id);
  });

  eachOf('stdio')('%s: endless output without an end of line', async (id) => {
    const pids = (servers.get(id) as JournalServer).pids();
    expectFailure(await callBeside(id, 'endless', {}, true), -31010, 'upstream_protocol', id);
    await until('the process is killed', () => !groupLives(pids.at(-1) as number));
  });

  async function expectLostForGood({ id }: Kind): Promise<void> {
    const beside = call(client, 'healthy_echo', { nonce: 'beside', delayMs: 50 });
    expectFailure(await call(client, `${id}_die`, { nonce: 'die' }), -31002, 'upstream_lost', id);
    expect(textOf(await beside)).toBe('beside');
    const answer = await until('calls are refused', async () => {
      const refused = await call(client, `${id}_echo`, { nonce: 'gone' });
      return refused.message.error?.code === -31001 ? refused : undefined;
    });
    expectFailure(answer, -31001, 'upstream_unavailable', id);
  }
});

describe('clients that misbehave', () => {
  let hub: RunningHub;

  beforeAll(async () => {
    hub = await startHub(scope, { mcpServers: { s: (await stdio()).entry } });
  });

  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const send = async (body: string, more: Record<string, string> = {}): Promise<{ status: number; body: string }> => {
    const response = await fetch(hub.url, { method: 'POST', headers: { ...headers, ...more }, body });
    return { status: response.status, body: await response.text() };
  };

  it.each([
    ['null', 'null'],
    ['beyond the safe integers', '9007199254740993'],
    ['a string of a megabyte', `"${'i'.repeat(1 << 20)}"`],
    ['an object', '{}'],
    ['a fraction', '1.5'],
    ['true', 'true'],
  ])('B8: an id that is %s is refused', async (_, id) => {
    const { status, body } = await send(`{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32600 } });
  });

  it.each([
    ['no JSON', '{"jsonrpc":'],
    ['JSON too deep', `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${'['.repeat(70)}${']'.repeat(70)}}}`],
    ['nothing', ''],
  ])('a body that is %s is refused', async (_, text) => {
    const { status, body } = await send(text);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32700 } });
  });

  it('a body over 4 MiB is refused', async () => {
    const { status } = await send(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"${'x'.repeat(5 << 20)}"}}`);
    expect(status).toBe(413);
  });

  it('a foreign Host or Origin is refused', async () => {
    expect((await send('{}', { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('and all is well after that', async () => {
    const client = await connectFront('http-legacy', hub);
    expect(textOf(await call(client, 's_echo', { nonce: 'fine' }))).toBe('fine');
    await client.close();
  });
});

describe('configurations that are wrong', () => {
  const serve = async (config: object | string, ...args: string[]) => {
    const text = typeof config === 'string' ? config : JSON.stringify(config, null, 2);
    const file = scope.file('hatago.config.json', text);
    const ended = await run(process.execPath, [hatagoBin, 'serve', '--http', '--config', file, ...args], {
      env: { HATAGO_HOME: scope.dir() },
    });
    return { ...ended, file };
  };

  it.each([
    ['an unknown key', { version: 2, mcpServer: {} }, 3, '"mcpServer"'],
    ['an unknown key of a server', { version: 2, mcpServers: { a: { command: 'x', arg: [] } } }, 6, '"arg"'],
    ['a wrong type', { version: 2, mcpServers: { a: { command: 'x', args: 'y' } } }, 6, 'array'],
    ['a server without command and url', { version: 2, mcpServers: { a: { args: [] } } }, 4, '"command"'],
    ['a limit out of range', { version: 2, limits: { maxDepth: 1 } }, 4, 'at least'],
  ])('%s: told with file, line and column', async (_, config, line, words) => {
    const { code, stdout, stderr, file } = await serve(config);
    expect(code).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${file}:${line}:`);
    expect(stderr).toContain(words);
  });

  it('text that is no JSON', async () => {
    const { code, stderr, file } = await serve('{\n  "mcpServers": {\n    oops\n');
    expect(code).toBe(78);
    expect(stderr).toContain(`${file}:3:`);
  });

  it('a port in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const { code, stderr } = await serve({ version: 2 }, '--port', port);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port}`);
    expect(stderr).toContain('--port');
  });

  it('an address others can reach', async () => {
    const { code, stderr } = await serve({ version: 2 }, '--host', '0.0.0.0', '--port', '0');
    expect(code).toBe(78);
    expect(stderr).toContain('0.0.0.0');
  });
});
