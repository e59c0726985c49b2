import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHub, startHub, writeConfig } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { type Ended, type RunOptions, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { everything, journal } from './support/servers.ts';

const scope = createScope();
afterAll(() => scope.close());

const hatago = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(process.execPath, [hatagoBin, ...args], { ...options, env: { HATAGO_LOG_LEVEL: 'warn', ...options.env } });

/** Whether a text holds what colours a terminal. */
const isColoured = (text: string): boolean => text.includes('\u001b[');

describe('help', () => {
  it.each(['serve', 'init', 'list', 'call', 'inspect'])('of %s shows its options and examples', async (command) => {
    const { code, stdout } = await hatago([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`hatago ${command}`);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('--json');
  });

  it('of the program names every command, and its version is a version', async () => {
    const { code, stdout } = await hatago(['--help']);
    expect(code).toBe(0);
    for (const command of ['serve', 'init', 'list', 'call', 'inspect']) expect(stdout).toContain(command);
    expect((await hatago(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.each([
    [['nothing']],
    [['call']],
    [['serve', '--no-such-option']],
    [['serve', '--http', '--stdio']],
    [['serve', '--http', '--port', 'abc']],
    [['call', 'x', '--timeout', 'soon']],
    [['call', 'x', '-i', '{not json']],
    [['call', 'x', '-i', '[1]']],
    [['call', 'x', '-i', '{}', '-f', 'y']],
    [['policy', 'deny', '']],
    [['migrate', '.']],
    [['config', 'set', 'http.port', '1', '-c', '.']],
  ])('a wrong command line (%j) ends with 2 and says what to do', async (args) => {
    const { code, stdout, stderr } = await hatago(args, { cwd: scope.dir() });
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    expect(stderr).not.toContain('    at ');
  });

  it.each([['rm'], ['update'], ['mcp', 'get']])('%s %s names no file where there is none', async (...words) => {
    const { code, stderr } = await hatago([...words.filter(Boolean), 'x'], {
      cwd: scope.dir(),
      env: { HOME: scope.dir() },
    });
    expect([code, stderr]).toEqual([4, expect.stringContaining('no configuration was found')]);
  });

  it('has a demo without a hub that works', async () => {
    const { stdout } = await hatago(['list', '--json'], { cwd: scope.dir(), env: { HOME: scope.dir() } });
    const { servers } = JSON.parse(stdout) as { servers: { id: string; readiness: { state: string } }[] };
    expect(servers.map(({ id, readiness }) => [id, readiness.state])).toContainEqual(['filesystem', 'ready']);
  });
});

describe('init', () => {
  it('writes a configuration that serve takes, once', async () => {
    const cwd = scope.dir();
    const first = await hatago(['init'], { cwd });
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('claude mcp add');
    const file = join(cwd, '.hatago/config.jsonc');
    expect(readFileSync(file, 'utf8')).toContain('"mcpServers"');
    expect(existsSync(join(cwd, '.hatago/schema.json'))).toBe(true);
    const second = await hatago(['init'], { cwd });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('--force');
    const forced = await hatago(['init', '--force', '--json'], { cwd });
    expect(forced.code).toBe(0);
    expect(JSON.parse(forced.stdout)).toMatchObject({ file, servers: ['everything'] });
  });

  it('takes the servers of another program', async () => {
    const cwd = scope.dir();
    const from = scope.file('mcp.json', '{ "servers": { "one two": { "command": "x", "args": ["y"] } } }');
    const { code, stderr } = await hatago(['init', '--from', from, '-o', 'hatago.config.jsonc'], { cwd });
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(cwd, 'hatago.config.jsonc'), 'utf8')).toContain('"one-two"');
  });
});

describe.each(['a running hub', 'no running hub'])('list and call with %s', (with_) => {
  const running = with_ === 'a running hub';
  let file: string;
  let env: Record<string, string>;
  let hub: RunningHub | undefined;

  beforeAll(async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const config = { mcpServers: { everything: await everything(scope, 'stdio'), j: server.entry } };
    if (running) {
      hub = await startHub(scope, config);
      file = hub.configFile;
      env = { HATAGO_HOME: hub.home };
    } else {
      const written = writeConfig(scope, config);
      file = written.file;
      env = { HATAGO_HOME: written.home };
    }
  });

  const cli = (...args: string[]): Promise<Ended> => hatago([...args, '--config', file], { env });

  it('calls a tool', async () => {
    const { code, stdout, stderr } = await cli('call', 'everything_echo', '-i', '{"message":"hi"}');
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('Echo: hi\n');
  });

  it('ends with 4 for a tool nobody has', async () => {
    const { code, stderr } = await cli('call', 'everything_nothing');
    expect(code).toBe(4);
    expect(stderr).toContain('everything_nothing');
  });

  it('lists servers and tools', async () => {
    const { code, stdout } = await cli('list', '--tools');
    expect(code).toBe(0);
    expect(stdout).toMatch(/everything +ready +stdio/);
    expect(stdout).toContain('everything_echo');
    expect(isColoured(stdout)).toBe(false);
    const listed = JSON.parse((await cli('list', '--tools', '--json')).stdout) as {
      running: boolean;
      servers: { id: string; status: string }[];
      tools: { name: string }[];
    };
    expect(listed.running).toBe(running);
    expect(listed.servers).toContainEqual(expect.objectContaining({ id: 'everything', status: 'ready' }));
    expect(listed.tools.map(({ name }) => name)).toContain('j_echo');
  });

  // The rest does not depend on whose hub it is.
  if (!running) return;

  it('calls a tool with arguments from a file and from standard input', async () => {
    const input = scope.file('args.json', '{"message":"from a file"}');
    expect((await cli('call', 'everything_echo', '-f', input)).stdout).toBe('Echo: from a file\n');
    const marked = scope.file('bom.json', '\uFEFF{"message":"with a mark"}');
    expect((await cli('call', 'everything_echo', '-f', marked)).stdout).toBe('Echo: with a mark\n');
    const piped = await hatago(['call', 'everything_echo', '-f', '-', '-c', file], {
      env,
      input: '{"message":"piped"}',
    });
    expect(piped.stdout).toBe('Echo: piped\n');
  });

  it('prints JSON for programs', async () => {
    const { code, stdout } = await cli('call', 'everything_echo', '-i', '{"message":"hi"}', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ content: [{ type: 'text', text: 'Echo: hi' }] });
  });

  it('shows progress on stderr', async () => {
    const input = '{"duration":0.2,"steps":2}';
    const { stdout, stderr } = await cli('call', 'everything_trigger-long-running-operation', '-i', input);
    expect(stderr).toContain('1/2');
    expect(stdout).toContain('completed');
  });

  it('ends with 1 for a tool that reports an error, and prints it', async () => {
    const { code, stdout } = await cli('call', 'everything_get-sum', '-i', '{"a":"not a number"}');
    expect(code).toBe(1);
    expect(stdout).not.toBe('');
  });

  it('says that it was its own limit when it gives up', async () => {
    const input = '{"duration":5,"steps":1}';
    const args = ['call', 'everything_trigger-long-running-operation', '-i', input, '--timeout', '500'];
    const { code, stderr } = await cli(...args);
    expect(code).toBe(1);
    expect(stderr).toContain('not answered within 500 ms; --timeout gives more');
  });

  it('ends with 1 when the server dies', async () => {
    const { code, stderr } = await cli('call', 'j_die', '-i', '{"nonce":"x"}');
    expect(code).toBe(1);
    expect(stderr).toContain('-31002');
  });

  it('declines what is asked where nobody sits at a terminal', async () => {
    const { code, stdout, stderr } = await cli('call', 'j_ask', '-i', '{"nonce":"who are you"}');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('who are you:decline');
    expect(stderr).toContain('no terminal');
  });

  it('colours nothing when NO_COLOR is set, and something when colour is forced', async () => {
    const args = ['list', '--config', file];
    expect(isColoured((await hatago(args, { env: { ...env, NO_COLOR: '1' } })).stdout)).toBe(false);
    expect(isColoured((await hatago(args, { env: { ...env, FORCE_COLOR: '1' } })).stdout)).toBe(true);
  });

  it('finds the hub by a file that only its user can read', async () => {
    const path = join(hub?.home ?? '', 'run/hub.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ url: hub?.url, pid: hub?.pid });
    expect(await hub?.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});

describe('inspect', () => {
  it('shows what a server of the configuration offers', async () => {
    const { file, env } = writeConfig(scope, { mcpServers: { everything: await everything(scope, 'stdio') } });
    const shown = await hatago(['inspect', 'everything', '-c', file], { env });
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toContain('2025-11-25 (legacy)');
    expect(shown.stdout).toContain('echo(message)');
    const { stdout } = await hatago(['inspect', 'everything', '-c', file, '--json'], { env });
    const seen = JSON.parse(stdout) as { era: string; tools: { name: string }[]; findings: unknown[] };
    expect(seen.era).toBe('legacy');
    expect(seen.tools.map(({ name }) => name)).toContain('echo');
    expect(seen.findings).toEqual(expect.any(Array));
  });

  it('takes a URL, and a command', async () => {
    const modern = await journal(scope, { transport: 'http', era: 'modern' });
    const byUrl = await hatago(['inspect', String(modern.entry['url']), '--json'], { cwd: scope.dir() });
    expect(JSON.parse(byUrl.stdout)).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28' });
    const child = await journal(scope, { transport: 'stdio', era: 'modern' });
    const words = [String(child.entry['command']), ...(child.entry['args'] as string[])];
    const byCommand = await hatago(['inspect', '--json', '--', ...words], { cwd: scope.dir() });
    expect(JSON.parse(byCommand.stdout)).toMatchObject({ era: 'modern' });
  });

  it('takes one word after -- as a command too, and nothing beside it', async () => {
    const modern = await journal(scope, { transport: 'stdio', era: 'modern' });
    const words = [String(modern.entry['command']), ...(modern.entry['args'] as string[])].map((word) => `'${word}'`);
    const cwd = scope.dir();
    writeFileSync(join(cwd, 'one-word'), `#!/bin/sh\nexec ${words.join(' ')}\n`, { mode: 0o755 });
    const env = { PATH: `${cwd}:${process.env['PATH']}` };
    const shown = await hatago(['inspect', '--json', '--', 'one-word'], { cwd, env });
    expect(shown.code, shown.stderr).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({ era: 'modern' });
    const both = await hatago(['inspect', 'a', '--', 'one-word'], { cwd, env });
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('after --')]);
    expect((await hatago(['inspect', '--'], { cwd, env })).code).toBe(2);
  });

  it('ends with 4 for a server nobody configured, with 1 for one that cannot be reached', async () => {
    const { file, env } = writeConfig(scope, {});
    const unknown = await hatago(['inspect', 'nobody', '-c', file], { env });
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toContain('nobody');
    const gone = await hatago(['inspect', 'http://127.0.0.1:9/mcp', '--timeout', '3000'], { env, cwd: scope.dir() });
    expect(gone.code).toBe(1);
    expect(gone.stderr).not.toBe('');
  });
});

describe('serve', () => {
  it('prints one line of JSON, answers the pages for probes, and serves only servers with a tag', async () => {
    const [a, b] = [await journal(scope, { transport: 'stdio', era: 'legacy' }), await everything(scope, 'stdio')];
    const mcpServers = { a: { ...a.entry, tags: ['x'] }, b: { ...b, tags: ['y'] } };
    const hub = await startHub(scope, { mcpServers }, { args: ['--tags', 'x'] });
    for (const page of ['livez', 'readyz']) {
      expect((await fetch(hub.url.replace(/mcp$/, page))).status).toBe(200);
    }
    const listed = await hatago(['list', '--json', '-c', hub.configFile], { env: { HATAGO_HOME: hub.home } });
    const { servers } = JSON.parse(listed.stdout) as { servers: { id: string }[] };
    expect(servers.map(({ id }) => id)).toEqual(['a']);
    expect(await hub.stop('SIGINT')).toBe(0);
  });
});
