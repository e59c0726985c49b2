import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { writeConfig } from './support/hub.ts';
import { hatago, live } from './support/live.ts';
import { hatagoBin } from './support/paths.ts';
import { collect, ended, start } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

const COMMANDS: readonly (readonly string[])[] = [
  ['list'],
  ['status'],
  ['reload'],
  ['drain'],
  ['generations'],
  ['generations', 'list'],
  ['generations', 'diff'],
  ['generations', 'rollback'],
  ['session'],
  ['session', 'list'],
  ['session', 'show'],
  ['session', 'close'],
  ['policy'],
  ['policy', 'show'],
  ['policy', 'test'],
  ['policy', 'stats'],
  ['policy', 'enable'],
  ['policy', 'disable'],
  ['policy', 'dry-run'],
  ['policy', 'allow'],
  ['policy', 'deny'],
  ['start'],
  ['stop'],
  ['restart'],
  ['test'],
  ['logs'],
  ['graph'],
];

describe('the commands that act on a hub', () => {
  it.each(COMMANDS.map((words) => [words.join(' '), words]))('%s has help with examples', async (name, words) => {
    const { code, stdout } = await hatago([...words, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: hatago ${name}`);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('--json');
  });

  it.each([
    [['status']],
    [['reload']],
    [['drain', '1']],
    [['generations']],
    [['session']],
    [['policy', 'stats']],
    [['start', 'j']],
    [['stop']],
    [['stop', 'j']],
    [['restart', 'j']],
    [['test', 'j']],
    [['logs', 'j']],
  ])('%j ends with 3 where no hub runs, and says how to start one', async (args) => {
    const { file, env } = writeConfig(scope, { mcpServers: {} });
    const { code, stdout, stderr } = await hatago([...args, '-c', file], { env });
    expect(code, stderr).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('hatago serve');
  });

  it.each([
    [['drain']],
    [['drain', '1', '--timeout', 'soon']],
    [['policy', 'dry-run', 'maybe']],
    [['start']],
    [['graph', '--format', 'png']],
    [['logs', '-n', 'all']],
  ])('%j is a wrong command line and ends with 2', async (args) => {
    const { code, stderr } = await hatago(args, { cwd: scope.dir() });
    expect(code, stderr).toBe(2);
    expect(stderr).not.toBe('');
  });
});

describe('start, stop, restart and logs', () => {
  it('act on the processes of the running hub', async () => {
    const { cli, json, server } = await live(scope);
    const pidsOf = async (): Promise<number[]> =>
      (await json<{ servers: { supervision: { pids: number[] } }[] }>('status')).servers[0]?.supervision.pids ?? [];
    const [first] = await pidsOf();
    expect(server.pids()).toContain(first);
    expect((await cli('restart', 'j')).stdout).toContain('was started anew');
    const [second] = await pidsOf();
    expect(second).not.toBe(first);
    expect((await cli('stop', 'j')).stdout).toBe('j is stopped.\n');
    expect(await pidsOf()).toEqual([]);
    const started = await json<{ id: string; readiness: { state: string } }>('start', 'j');
    expect(started).toMatchObject({ id: 'j', readiness: { state: 'ready' } });
    expect(await pidsOf()).toHaveLength(1);
  });

  it('show what a server wrote, and go on to', async () => {
    const script = "setInterval(() => console.error('still here ' + process.pid), 50).unref(); process.stdin.resume()";
    const talker = {
      command: process.execPath,
      args: ['-e', `console.error('one\\ntwo'); ${script}`],
      timeouts: { connectMs: 60000 },
    };
    const { hub, cli, json } = await live(scope, { servers: { talker }, ready: false });
    await until('it has written', async () =>
      (await json<{ lines: string[] }>('logs', 'talker')).lines.includes('two'),
    );
    const { stdout } = await cli('logs', 'talker');
    expect(stdout.split('\n').slice(0, 2)).toEqual(['one', 'two']);
    expect((await cli('logs', 'talker', '-n', '1')).stdout.trim().split('\n')).toHaveLength(1);
    const follower = start(process.execPath, [hatagoBin, 'logs', 'talker', '-f', '-n', '0', '-c', hub.configFile], {
      env: { HATAGO_HOME: hub.home },
    });
    const seen = collect(follower.stdout);
    await until('it goes on', () => seen.text().split('still here').length > 4);
    follower.kill('SIGINT');
    expect(await ended(follower)).toBe(0);
  });

  it('show the log of the hub', async () => {
    const { cli, json } = await live(scope, {
      servers: { bad: { command: 'no-such-program-anywhere', restart: { max: 0 } } },
    });
    const { lines } = await json<{ lines: string[] }>('logs');
    expect(lines.join('\n')).toContain('no-such-program-anywhere');
    expect((await cli('logs', '-n', '1')).stdout.trim().split('\n')).toHaveLength(1);
  });
});

describe('stop without a server', () => {
  it('ends the hub and what it started, and waits for that', async () => {
    const { hub, server, cli } = await live(scope);
    const pids = server.pids();
    const { code, stdout } = await cli('stop');
    expect(code).toBe(0);
    expect(stdout).toContain(`process ${hub.pid}`);
    for (const pid of [hub.pid, ...pids]) expect(() => process.kill(pid, 0)).toThrow();
    expect((await cli('stop')).code).toBe(3);
  });

  it('lets a call under way come to its end', async () => {
    const { hub, cli } = await live(scope);
    const client = connectModernHttp(hub.url);
    const answer = call(client, 'j_echo', { nonce: 'slow', delayMs: 5000 });
    await until('the call is under way', async () => {
      const { stdout } = await cli('status', '--json');
      return (JSON.parse(stdout) as { generations: { calls: number }[] }).generations[0]?.calls === 1;
    });
    expect((await cli('stop', '--json')).code).toBe(0);
    expect((await answer).message.result).toBeDefined();
    await client.close();
  });
});

describe('list', () => {
  it('shows the tools and the session of a hub that serves no HTTP', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const { file, home, env } = writeConfig(scope, { mcpServers: { j: server.entry } });
    const hub = start(process.execPath, [hatagoBin, 'serve', '--stdio', '-c', file], { env });
    scope.defer(() => void hub.kill('SIGKILL'));
    await until('it is announced', () => readFileSync(join(home, 'run/hub.json'), 'utf8') !== '');
    await until('its server is ready', async () => {
      const { stdout } = await hatago(['list', '--tools', '-c', file], { env });
      return stdout.includes('j_echo') && !stdout.includes('No hub is running');
    });
    expect(server.pids()).toHaveLength(1);
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'piped', version: '1' } };
    hub.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: hello })}\n`);
    const sessions = await until('its client has a session', async () => {
      const { stdout } = await hatago(['session', '--json', '-c', file], { env });
      const listed = JSON.parse(stdout) as { id: string }[];
      return listed.length > 0 ? listed : undefined;
    });
    expect(sessions).toMatchObject([{ client: 'piped 1', transport: 'pipe' }]);
    const refused = await hatago(['session', 'close', sessions[0]?.id ?? '', '-c', file], { env });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('End that client')]);
    hub.stdin?.end();
    expect(await ended(hub)).toBe(0);
  });
});
