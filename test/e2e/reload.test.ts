import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { root } from './support/paths.ts';
import { groupLives, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { textOf, type WireClient } from './support/wire/client.ts';
import { connectLegacyHttp, connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

const server = (): Promise<JournalServer> => journal(scope, { era: 'legacy', transport: 'stdio' });
const GENERATION = { gracePeriodMs: 0 };

const toolsOf = async (client: WireClient): Promise<string[]> => {
  const { message, text } = await client.request('tools/list');
  if (message.result === undefined) throw new Error(text);
  return (message.result['tools'] as { name: string }[]).map(({ name }) => name);
};

const write = (hub: RunningHub, mcpServers: object, more: object = {}): void =>
  writeFileSync(hub.configFile, JSON.stringify({ version: 2, generation: GENERATION, ...more, mcpServers }, null, 2));

const errorsOf = (hub: RunningHub): Record<string, unknown>[] =>
  hub
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => (level as number) >= 50);

const generationOf = async (hub: RunningHub): Promise<number> => {
  const page = await fetch(hub.url.replace(/\/mcp$/, '/readyz'));
  return ((await page.json()) as { generation: number }).generation;
};

describe('the configuration is edited while the hub runs', () => {
  let a: JournalServer;
  let b: JournalServer;
  let hub: RunningHub;
  let modern: WireClient;

  beforeEach(async () => {
    [a, b] = await Promise.all([server(), server()]);
    hub = await startHub(scope, { generation: GENERATION, mcpServers: { a: a.entry, b: b.entry } });
    modern = connectModernHttp(hub.url);
    return async () => {
      await modern.close();
      await hub.stop();
    };
  });

  it('under 200 calls: none fails, the new tools are there within 2 s, clients are told once, processes stay', async () => {
    const c = await server();
    let told = 0;
    const legacy = await connectLegacyHttp(hub.url, {
      stream: true,
      notice: ({ method }) => void (method === 'notifications/tools/list_changed' && told++),
    });
    await toolsOf(legacy);
    const args = (i: number): object => ({ nonce: `n${i}`, delayMs: 1000 + (i % 10) * 100 });
    const calls = Array.from({ length: 200 }, (_, i) =>
      call(i % 2 === 0 ? modern : legacy, i % 4 < 2 ? 'a_echo' : 'b_echo', args(i)),
    );
    await until('all are under way', () => a.read().length + b.read().length === 200);
    const editedAt = performance.now();
    write(hub, { a: a.entry, b: b.entry, c: c.entry });
    const other = connectModernHttp(hub.url);
    await until('the new tools are listed', async () => (await toolsOf(other)).includes('c_echo'), 2000);
    expect(performance.now() - editedAt).toBeLessThan(2000);
    await until('the client is told', () => told > 0);
    expect(await toolsOf(legacy)).toContain('c_echo');
    const answers = await Promise.all(calls);
    expect(answers.map(textOf)).toEqual(answers.map((_, i) => `n${i}`));
    expect(told).toBe(1);
    expect([a.pids(), b.pids()].map((pids) => pids.length)).toEqual([1, 1]);
    await Promise.all([legacy.close(), other.close()]);
  });

  it('into something nobody can read: one error line, and all goes on until it is mended', async () => {
    const text = readFileSync(hub.configFile, 'utf8');
    writeFileSync(hub.configFile, text.replace('"mcpServers":', '"mcpServers"'));
    const [line] = await until('the error is logged', () => (errorsOf(hub).length > 0 ? errorsOf(hub) : undefined));
    expect(line).toMatchObject({ event: 'config.rejected' });
    expect(String(line?.['msg'])).toContain(`${hub.configFile}:`);
    expect(textOf(await call(modern, 'a_echo', { nonce: 'on' }))).toBe('on');
    write(hub, { a: a.entry });
    await until('it is mended', async () => (await generationOf(hub)) === 2);
    expect(errorsOf(hub)).toHaveLength(1);
    expect(a.pids()).toHaveLength(1);
  });

  it('while a session goes on with what it began with, until it lists again', async () => {
    const legacy = await connectLegacyHttp(hub.url);
    const one = await connectLegacyHttp(`${hub.url}/b`);
    await toolsOf(legacy);
    write(hub, { a: a.entry });
    await until('the new generation is active', async () => (await generationOf(hub)) === 2);
    expect((await toolsOf(modern)).filter((name) => name.startsWith('b_'))).toEqual([]);
    expect(textOf(await call(legacy, 'b_echo', { nonce: 'still' }))).toBe('still');
    expect(textOf(await call(one, 'echo', { nonce: 'even here' }))).toBe('even here');
    const [pid] = b.pids();
    expect(groupLives(pid as number)).toBe(true);
    expect((await toolsOf(legacy)).filter((name) => name.startsWith('b_'))).toEqual([]);
    expect((await call(legacy, 'b_echo', { nonce: 'gone' })).message.error).toMatchObject({ code: -32602 });
    await one.close();
    await until('its process is gone', () => !groupLives(pid as number));
    await legacy.close();
  });

  it.each([
    [
      'a new file renamed over it',
      (file: string, text: string) => {
        writeFileSync(`${file}~`, text);
        renameSync(`${file}~`, file);
      },
    ],
    [
      'a link to another file',
      (file: string, text: string) => {
        const target = join(dirname(file), 'elsewhere.json');
        writeFileSync(target, text);
        unlinkSync(file);
        symlinkSync(target, file);
      },
    ],
  ])('by %s, and again after that', async (_, save) => {
    const config = (servers: object): string =>
      JSON.stringify({ version: 2, generation: GENERATION, mcpServers: servers });
    save(hub.configFile, config({ a: a.entry, b: b.entry, c: a.entry }));
    await until('the edit is applied', async () => (await toolsOf(modern)).includes('c_echo'));
    writeFileSync(hub.configFile, config({ b: b.entry }));
    await until('the next one is', async () => !(await toolsOf(modern)).includes('a_echo'));
    expect(b.pids()).toHaveLength(1);
    expect(errorsOf(hub)).toEqual([]);
  });

  it('in pieces: what is half written is not taken for broken', async () => {
    const text = JSON.stringify({ version: 2, generation: GENERATION, mcpServers: { a: a.entry } }, null, 2);
    writeFileSync(hub.configFile, text.slice(0, text.length / 2));
    await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(hub.configFile, text);
    await until('it is applied', async () => (await generationOf(hub)) === 2);
    expect(errorsOf(hub)).toEqual([]);
  });

  it('but is left alone where watching is switched off', async () => {
    const quiet = await startHub(scope, { mcpServers: { a: a.entry } }, { args: ['--no-watch'] });
    writeFileSync(quiet.configFile, '{ broken');
    write(hub, { a: a.entry });
    await until('the other hub has seen its edit', async () => (await generationOf(hub)) === 2);
    expect(await generationOf(quiet)).toBe(1);
    expect(errorsOf(quiet)).toEqual([]);
    await quiet.stop();
  });
});

describe('what else a configuration is made of', () => {
  it('is watched as well: the file it extends, and the variables it refers to', async () => {
    const [a, b] = await Promise.all([server(), server()]);
    const folder = scope.dir();
    const base = join(folder, 'base.json');
    const variables = join(folder, 'dev.env');
    writeFileSync(base, JSON.stringify({ mcpServers: { a: a.entry } }));
    writeFileSync(variables, 'GREETING=hello\n');
    const more = { ...b.entry, env: { GREETING: '${GREETING}' } };
    const config = { extends: [base], generation: GENERATION, mcpServers: { b: more } };
    const hub = await startHub(scope, config, { args: ['--env-file', variables] });
    const client = connectModernHttp(hub.url);
    expect(await toolsOf(client)).toContain('a_echo');
    writeFileSync(base, JSON.stringify({ mcpServers: { c: a.entry } }));
    await until('the base is applied', async () => (await toolsOf(client)).includes('c_echo'));
    writeFileSync(variables, 'GREETING=good day\n');
    await until('the variable is applied', () => b.pids().length === 2);
    await client.close();
    await hub.stop();
  });
});

describe('a configuration that builds on a file that is not there', () => {
  it('is taken as soon as that is', async () => {
    const [a, b] = await Promise.all([server(), server()]);
    const hub = await startHub(scope, { generation: GENERATION, mcpServers: { a: a.entry } });
    const base = join(dirname(hub.configFile), 'base.json');
    write(hub, {}, { extends: ['base.json'] });
    await until('it is refused', () => errorsOf(hub).length === 1);
    writeFileSync(base, JSON.stringify({ mcpServers: { b: b.entry } }));
    await until('it is applied', async () => (await generationOf(hub)) === 2);
    expect(errorsOf(hub)).toHaveLength(1);
    await hub.stop();
  });
});

describe('reload under load', () => {
  it('loses nothing in the short form of `npm run chaos -- reload`', async () => {
    const args = ['test/chaos/run.mjs', 'reload', '--seconds', '5', '--rate', '200', '--json'];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: root, limitMs: 55_000 });
    expect(code, stdout + stderr).toBe(0);
    const rows = JSON.parse(stdout) as { what: string; kept: boolean }[];
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ kept }) => !kept)).toEqual([]);
  });
});
