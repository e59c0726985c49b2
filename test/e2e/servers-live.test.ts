import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHub, startHub, writeConfig } from './support/hub.ts';
import { type NpmRegistry, npmRegistry } from './support/npm-registry.ts';
import { hatagoBin } from './support/paths.ts';
import { makePlace, type Place } from './support/place.ts';
import { run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { connectStdio } from './support/wire/duplex.ts';

const scope = createScope();
let registry: NpmRegistry;
beforeAll(async () => {
  registry = await npmRegistry(scope);
});
afterAll(() => scope.close());

describe('with a running hub', () => {
  let hub: RunningHub;
  let at: Place;

  beforeAll(async () => {
    registry.publish({ name: 'tiny-live', version: '1.0.0' });
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    hub = await startHub(scope, { mcpServers: { other: server.entry } }, { env: registry.env });
    at = makePlace(scope, { env: registry.env, file: hub.configFile, home: hub.home });
  });

  const call = async (tool: string): Promise<string> => (await at.hatago('call', tool)).stdout.trim();
  const pids = async (): Promise<Record<string, number[]>> => {
    const { stdout } = await at.hatago('mcp', 'list', '--json');
    const { servers } = JSON.parse(stdout) as {
      servers: { id: string; view: { supervision: { pids: number[] } } | null }[];
    };
    return Object.fromEntries(servers.map(({ id, view }) => [id, view?.supervision.pids ?? []]));
  };

  it('the families add, list, stop, start, restart and remove, and leave the others alone', async () => {
    const before = await pids();
    const added = await at.hatago('npx', 'add', 'tiny-live', '-i', 'live', '-y');
    expect(added.code, added.stderr).toBe(0);
    expect(added.stdout).toContain('live is ready');
    expect(await call('live_version')).toMatch(/^1\.0\.0 \d+$/);
    const listed = await at.hatago('npx', 'list');
    expect(listed.stdout).toMatch(/live +ready +stdio +1 +tiny-live@1\.0\.0/);
    expect(listed.stdout).not.toContain('other');
    const [first] = (await pids())['live'] ?? [];
    for (const verb of ['stop', 'start', 'restart']) {
      const { code, stderr } = await at.hatago('npx', verb, 'live');
      expect(code, `${verb}: ${stderr}`).toBe(0);
    }
    expect((await at.hatago('npx', 'status', 'live')).stdout).toContain('ready');
    expect((await pids())['live']).not.toEqual([first]);
    registry.publish({ name: 'tiny-live', version: '2.0.0' });
    const updated = await at.hatago('update', 'live', '-y');
    expect(updated.code, updated.stderr).toBe(0);
    await until('the new release answers', async () => (await call('live_version')).startsWith('2.0.0'));
    const wrong = await at.hatago('remote', 'remove', 'live');
    expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('not a remote server')]);
    const removed = await at.hatago('npx', 'remove', 'live');
    expect(removed.code, removed.stderr).toBe(0);
    expect((await at.hatago('call', 'live_version')).code).toBe(4);
    expect(await pids()).toEqual(before);
  });

  it('remote servers have their own family, and mcp takes them all', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const added = await at.hatago('remote', 'add', String(server.entry['url']), '-i', 'far', '-y', '--json');
    expect(added.code, added.stderr).toBe(0);
    expect(JSON.parse(added.stdout)).toMatchObject({ hub: { outcome: 'applied', readiness: { state: 'ready' } } });
    expect((await at.hatago('remote', 'list')).stdout).not.toContain('other');
    expect((await at.hatago('mcp', 'list')).stdout).toMatch(/far[\s\S]*|other[\s\S]*/);
    const one = JSON.parse((await at.hatago('mcp', 'get', 'far', '--json')).stdout) as {
      running: boolean;
      servers: object[];
    };
    expect(one).toMatchObject({ running: true, servers: [{ id: 'far', type: 'http', state: 'ready' }] });
    expect((await at.hatago('npx', 'add', 'https://x.example/mcp', '-y')).code).toBe(2);
    expect((await at.hatago('mcp', 'get', 'nobody')).code).toBe(4);
    expect((await at.hatago('mcp', 'remove', 'far')).code).toBe(0);
  });

  it('inspect without a target shows the hub itself', async () => {
    const { code, stdout, stderr } = await at.hatago('inspect', '--json');
    expect(code, stderr).toBe(0);
    const seen = JSON.parse(stdout) as { serverInfo: { name: string }; tools: { name: string }[] };
    expect(seen.serverInfo.name).toBe('hatago');
    expect(seen.tools.map(({ name }) => name)).toContain('other_echo');
  });

  it('completion knows its servers and tools', async () => {
    expect((await at.hatago('__complete', 'servers')).stdout).toBe('other\n');
    expect((await at.hatago('__complete', 'tools')).stdout).toContain('other_echo\n');
    const nothing = await at.hatago('__complete', 'nonsense');
    expect([nothing.code, nothing.stdout, nothing.stderr]).toEqual([0, '', '']);
  });

  it('ends with it', async () => {
    await hub.stop();
    const gone = await at.hatago('inspect');
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining('hatago serve')]);
    const ui = await at.hatago('inspect', 'https://x.example/mcp', '--ui');
    expect([ui.code, ui.stderr]).toEqual([2, expect.stringContaining('@modelcontextprotocol/inspector')]);
    expect((await at.hatago('npx', 'stop', 'other')).code).toBe(4);
    expect((await at.hatago('mcp', 'list')).stdout).toContain('not running');
  });
});

describe('a hub that serves a client over stdio alone', () => {
  it('is called, inspected and changed as any other', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const { file, home, env } = writeConfig(scope, { mcpServers: { j: server.entry } });
    const at = makePlace(scope, { env: registry.env, file, home });
    const client = await connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '-c', file], {
      env: { ...registry.env, ...env },
    });
    scope.defer(() => client.close());
    await until('the hub is there', async () => (await at.hatago('mcp', 'list')).stdout.includes('ready'));
    const called = await at.hatago('call', 'j_echo', '-i', '{"nonce":"hi"}');
    expect(called.code, called.stderr).toBe(0);
    expect(called.stdout).toContain('hi');
    const piped = await run(process.execPath, [hatagoBin, 'call', 'j_echo', '-', '-c', file], {
      ...at,
      input: '{"nonce":"in"}',
    });
    expect(piped.stdout, piped.stderr).toContain('in');
    expect((await at.hatago('call', 'j_echo', '{}')).code).toBe(2);
    const unknown = await at.hatago('call', 'j_ehco');
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('did you mean j_echo?')]);
    const inspected = await at.hatago('inspect', '--json');
    expect(inspected.code, inspected.stderr).toBe(0);
    expect(JSON.parse(inspected.stdout)).toMatchObject({ serverInfo: { name: 'hatago' } });
    expect(server.pids()).toHaveLength(1);
    const added = await at.hatago('add', 'tiny-live', '-i', 'late', '-y');
    expect(added.stdout).toContain('late is ready');
    expect((await at.hatago('call', 'late_version')).code).toBe(0);
    await client.close();
  });
});
