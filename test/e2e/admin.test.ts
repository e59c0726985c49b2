import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { type RunningHub, ready, startHub, writeConfig } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { collect, ended, firstJsonLine, killGroup, run, start } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

interface RunFile {
  readonly pid: number;
  readonly socket: string;
  readonly token: string;
  readonly url: string;
}
const runFileOf = (home: string): RunFile => JSON.parse(readFileSync(join(home, 'run/hub.json'), 'utf8')) as RunFile;

function open(socketPath: string, path: string, method = 'GET', body?: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ socketPath, path: `/api/v1${path}`, method, agent: false, headers }, resolve);
    sent.once('error', reject);
    sent.end(text);
  });
}

async function ask<T>(socketPath: string, path: string, method = 'GET', body?: object): Promise<T> {
  const response = await open(socketPath, path, method, body);
  const text = collect(response);
  await new Promise((resolve) => response.once('end', resolve));
  return JSON.parse(text.text()) as T;
}

interface HubEvent {
  readonly type: string;
  readonly seq: number;
  readonly at: number;
  readonly [member: string]: unknown;
}

/** Everything that is told from now on, with when it came. */
async function listen(socketPath: string): Promise<(HubEvent & { came: number })[]> {
  const response = await open(socketPath, '/events');
  scope.defer(() => void response.destroy());
  response.on('error', () => {});
  const events: (HubEvent & { came: number })[] = [];
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('data: ')) events.push({ ...(JSON.parse(line.slice(6)) as HubEvent), came: Date.now() });
    }
  });
  return events;
}

describe('a running hub', () => {
  it('answers on a socket that only its user can open, and leaves nothing of it behind', async () => {
    const hub = await startHub(scope, { mcpServers: {} });
    const { socket, pid } = runFileOf(hub.home);
    expect(pid).toBe(hub.pid);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(statSync(join(hub.home, 'run/hub.json')).mode & 0o777).toBe(0o600);
    expect(await ask(socket, '/status')).toMatchObject({ pid: hub.pid, url: hub.url });
    expect(await hub.stop()).toBe(0);
    expect(readdirSync(join(hub.home, 'run'))).toEqual([]);
  });

  it('takes over from one that was killed', async () => {
    const config = { mcpServers: {} };
    const { file, home, env } = writeConfig(scope, config);
    const args = [hatagoBin, 'serve', '--http', '--port', '0', '--json', '-c', file];
    const first = start(process.execPath, args, { env });
    await firstJsonLine(first);
    const before = runFileOf(home);
    first.kill('SIGKILL');
    await ended(first);
    expect(existsSync(before.socket)).toBe(true);
    const lost = await run(process.execPath, [hatagoBin, 'status', '-c', file], { env });
    expect(lost.code).toBe(3);
    const second = start(process.execPath, args, { env });
    scope.defer(() => killGroup(second.pid, 'SIGKILL'));
    const { pid } = await firstJsonLine<{ pid: number }>(second);
    const after = runFileOf(home);
    expect(after).toMatchObject({ pid, socket: before.socket });
    expect(after.token).not.toBe(before.token);
    expect(await ask(after.socket, '/status')).toMatchObject({ pid });
    second.kill('SIGTERM');
    expect(await ended(second)).toBe(0);
  });

  it('is reached over a short path where the one of its home is too long for a socket', async () => {
    const home = join(scope.dir(), 'a-long-directory-name'.repeat(6));
    const hub = await startHub(scope, { mcpServers: {} }, { env: { HATAGO_HOME: home } });
    const { socket } = runFileOf(home);
    expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100);
    const shown = await run(process.execPath, [hatagoBin, 'status', '-c', hub.configFile], {
      env: { HATAGO_HOME: home },
    });
    expect(shown.code, shown.stderr).toBe(0);
    await hub.stop();
    expect(existsSync(dirname(socket))).toBe(false);
  });

  it('answers the same over HTTP to who has the token, and 401 to everybody else', async () => {
    const hub = await startHub(scope, { mcpServers: {} });
    const { token, socket } = runFileOf(hub.home);
    const url = hub.url.replace(/mcp$/, 'api/v1/openapi.json');
    const withToken = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect(withToken.status).toBe(200);
    expect(await withToken.json()).toEqual(await ask(socket, '/openapi.json'));
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}0` } })).status).toBe(401);
    expect(hub.stderr()).not.toContain(token);
  });
});

describe('what a hub tells of itself', () => {
  it('holds nothing of what may be a secret', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const hub = await startHub(scope, {
      admin: { token: 'canary-token-0123456789' },
      mcpServers: {
        j: { ...server.entry, env: { KEY: 'canary-env' } },
        http: {
          type: 'http',
          url: 'http://127.0.0.1:9/mcp?key=canary-query',
          headers: { Authorization: 'Bearer canary-header' },
          restart: { max: 0 },
        },
        args: {
          command: 'no-such-program-anywhere',
          args: ['--key=canary-args', '--token', 'canary-arg'],
          restart: { max: 0 },
        },
      },
    });
    const { socket } = runFileOf(hub.home);
    const events = await listen(socket);
    const config = JSON.parse(readFileSync(hub.configFile, 'utf8')) as { mcpServers: Record<string, object> };
    const http = { ...config.mcpServers['http'], headers: { Authorization: 'Bearer canary-changed' } };
    writeFileSync(hub.configFile, JSON.stringify({ ...config, mcpServers: { ...config.mcpServers, http } }));
    await until('it is applied', () => events.some((e) => e.type === 'generation' && e['state'] === 'active'));
    const told: unknown[] = [events, hub.stderr(), readFileSync(join(hub.home, 'logs/hub.log'), 'utf8')];
    for (const path of ['/status', '/servers', '/generations', '/generations/2/diff?to=1', '/graph', '/tools']) {
      told.push(await ask(socket, path));
    }
    for (const id of ['j', 'http', 'args']) {
      told.push(await ask(socket, `/servers/${id}`), await ask(socket, `/servers/${id}/logs`));
    }
    told.push(await ask(socket, '/config'));
    const generations = join(hub.home, 'generations');
    await until('the generation is kept', () => existsSync(join(generations, '2.json')));
    for (const name of readdirSync(generations)) told.push(readFileSync(join(generations, name), 'utf8'));
    const text = JSON.stringify(told);
    expect(text).toContain('no-such-program-anywhere');
    expect(text).not.toContain('canary');
  });
});

describe('a server that came with a project', () => {
  it('is approved as it was shown, and not otherwise', async () => {
    const cwd = scope.dir();
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const home = join(cwd, '.hatago');
    writeFileSync(join(cwd, 'hatago.config.json'), JSON.stringify({ mcpServers: { j: server.entry } }));
    const args = [hatagoBin, 'serve', '--http', '--port', '0', '--json'];
    const hub = start(process.execPath, args, { cwd, env: { HOME: scope.dir(), HATAGO_LOG: 'json' } });
    scope.defer(() => killGroup(hub.pid, 'SIGKILL'));
    await firstJsonLine(hub);
    const { socket } = runFileOf(home);
    const waiting = await ask<{ server: { readiness: object } }>(socket, '/servers/j');
    expect(waiting.server.readiness).toMatchObject({ state: 'needs approval', fix: 'hatago trust j' });
    const shown = await ask<{ state: string; args: string[]; hash: string }>(socket, '/servers/j/approval');
    expect(shown).toMatchObject({ state: 'new', command: process.execPath, args: server.entry['args'] });
    const refused = await ask(socket, '/servers/j/approve', 'POST', { hash: 'of something else' });
    expect(refused).toMatchObject({ error: { code: 'HATAGO_CONFIG_CHANGED' } });
    expect(server.pids()).toEqual([]);
    await ask(socket, '/servers/j/approve', 'POST', { hash: shown.hash });
    await until('it runs', async () => {
      const { servers } = await ask<{ servers: { readiness: { state: string } }[] }>(socket, '/servers');
      return servers[0]?.readiness.state === 'ready';
    });
    expect(server.pids()).toHaveLength(1);
    hub.kill('SIGTERM');
    expect(await ended(hub)).toBe(0);
  });
});

describe('the stream of events of a hub', () => {
  it('tells within 100 ms that a server died and came back, and of every call', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const hub = await startHub(scope, { mcpServers: { j: server.entry } });
    const events = await listen(runFileOf(hub.home).socket);
    const client = connectModernHttp(hub.url);
    await call(client, 'j_echo', { nonce: 'heard' });
    await until('the call is told', () => events.some((e) => e.type === 'call' && e['name'] === 'j_echo'));
    expect(events.find((e) => e['name'] === 'j_echo')).toMatchObject({ server: 'j', outcome: 'complete' });
    const pid = server.pids().at(-1) as number;
    process.kill(pid, 'SIGKILL');
    await until('it runs again', () =>
      events.some((e) => e.type === 'server.state' && pidsIn(e).some((p) => p !== pid)),
    );
    const states = events.filter((e) => e.type === 'server.state');
    expect(states.length).toBeGreaterThan(1);
    for (const event of states) expect(event.came - event.at).toBeLessThan(100);
    expect(states.at(-1)).toMatchObject({ server: 'j', readiness: { state: 'ready' } });
    await client.close();
  });

  it('tells of an edit, of the lists it brings, and of sessions', async () => {
    const hub = await startHub(scope, { mcpServers: {} });
    const events = await listen(runFileOf(hub.home).socket);
    const server = await journal(scope, { transport: 'stdio', era: 'modern' });
    writeFileSync(hub.configFile, JSON.stringify({ version: 2, mcpServers: { j: server.entry } }));
    await until('its lists are told', () => events.some((e) => e.type === 'server.lists' && e['server'] === 'j'));
    expect(events).toContainEqual(expect.objectContaining({ type: 'generation', generation: 2, state: 'active' }));
    writeFileSync(hub.configFile, '{ "mcpServers": [');
    await until('the refusal is told', () => events.some((e) => e.type === 'config.rejected'));
    const sequence = events.map(({ seq }) => seq);
    expect(sequence).toEqual([...sequence].sort((a, b) => a - b));
  });
});

const pidsIn = (event: HubEvent): number[] => (event['supervision'] as { pids?: number[] } | undefined)?.pids ?? [];

describe('the pages for probes', () => {
  const pages = (hub: RunningHub): Promise<number[]> =>
    Promise.all(
      ['livez', 'startupz', 'readyz'].map(async (page) => (await fetch(hub.url.replace(/mcp$/, page))).status),
    );

  it('tell the truth while servers start and after', async () => {
    const slow = await journal(scope, { transport: 'stdio', era: 'legacy', args: ['--start-after', '1500'] });
    const broken = { command: 'no-such-program-anywhere', restart: { max: 0 } };
    const hub = await startHub(scope, { mcpServers: { slow: slow.entry, broken } }, { ready: false });
    expect(await pages(hub)).toEqual([200, 503, 503]);
    await ready(hub);
    expect(await pages(hub)).toEqual([200, 200, 200]);
  });

  it('say that a hub goes before it has gone', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const hub = await startHub(scope, { mcpServers: { j: server.entry } });
    const client = connectModernHttp(hub.url);
    const answer = call(client, 'j_echo', { nonce: 'slow', delayMs: 2000 });
    await until('the call arrived', () => server.read().length > 0);
    const { socket } = runFileOf(hub.home);
    await ask(socket, '/shutdown', 'POST', {});
    await until('it is not ready any more', async () => (await pages(hub))[2] === 503);
    expect((await pages(hub)).slice(0, 2)).toEqual([200, 200]);
    expect(await ask(socket, '/status')).toMatchObject({ ready: false, draining: true });
    expect((await answer).message.result).toBeDefined();
    await client.close();
  });
});
