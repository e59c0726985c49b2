import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { connectFront } from './support/fronts.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { groupLives, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { textOf } from './support/wire/client.ts';

const scope = createScope();
afterAll(() => scope.close());

describe('clients that misbehave', () => {
  let hub: RunningHub;

  beforeAll(async () => {
    hub = await startHub(scope, {
      mcpServers: { s: (await journal(scope, { transport: 'stdio', era: 'legacy' })).entry },
    });
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
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${file}:${line}:`);
    expect(stderr).toContain(words);
  });

  it('text that is no JSON', async () => {
    const { code, stderr, file } = await serve('{\n  "mcpServers": {\n    oops\n');
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}:3:`);
  });

  it.each(['--http', '--stdio'])('a file that is not there, with %s', async (how) => {
    const folder = scope.dir();
    const file = join(folder, 'nowhere/hatago.json');
    const { code, stderr } = await run(process.execPath, [hatagoBin, 'serve', how, '-c', file]);
    expect(code).toBe(4);
    expect(stderr).toContain(file);
    expect(stderr).toContain('hatago init');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a port in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const pids = join(scope.dir(), 'pids');
    const stubborn = `echo $$ >> '${pids}'; trap '' TERM; while :; do sleep 1; done`;
    const mcpServers = { s: { command: 'sh', args: ['-c', stubborn] } };
    const { code, stderr } = await serve({ version: 2, mcpServers }, '--port', port);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port}`);
    expect(stderr).toContain('--port');
    // A server may have been started before; nothing of it is left.
    const started = existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').filter(Boolean) : [];
    await until('they are gone', () => !started.some((pid) => groupLives(Number(pid))));
  });

  it('an address others can reach', async () => {
    const { code, stderr } = await serve({ version: 2 }, '--host', '0.0.0.0', '--port', '0');
    expect(code).toBe(78);
    expect(stderr).toContain('0.0.0.0');
  });
});
