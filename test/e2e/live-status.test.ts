import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { edit, live } from './support/live.ts';
import { hatagoBin } from './support/paths.ts';
import { collect, ended, start } from './support/processes.ts';
import { openTerminal } from './support/pty.ts';
import { createScope } from './support/scope.ts';
import { until } from './support/until.ts';
import { connectLegacyHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

describe('status', () => {
  it('shows the hub, its generations and sessions', async () => {
    const { hub, cli, json } = await live(scope);
    const client = await connectLegacyHttp(hub.url);
    const { stdout } = await cli('status');
    expect(stdout).toContain(hub.url);
    expect(stdout).toMatch(/^1 +active +1 +0 /m);
    expect(await json('status')).toMatchObject({
      pid: hub.pid,
      generation: 1,
      sessions: 1,
      ready: true,
      rejected: null,
    });
    await client.close();
  });

  it('says why an edit is refused, and what goes on', async () => {
    const { hub, cli, json } = await live(scope);
    writeFileSync(hub.configFile, '{ "mcpServers": {');
    const refused = await cli('reload');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${hub.configFile}:1:`);
    expect(refused.stderr).toContain('generation 1 goes on');
    expect((await json<{ rejected: string[] }>('status')).rejected?.[0]).toContain(`${hub.configFile}:1:`);
    expect((await cli('status')).stdout).toContain('refused');
  });

  it('draws itself anew on a terminal when something changes', async () => {
    const { hub, cli } = await live(scope);
    const terminal = openTerminal(process.execPath, [hatagoBin, 'status', '--watch', '-c', hub.configFile], {
      env: { HATAGO_HOME: hub.home },
    });
    await terminal.sees('ready');
    await cli('stop', 'j');
    await terminal.sees('It is stopped');
    await cli('stop');
    expect(await terminal.done).toBe(3);
  });

  it('is a line per event where nobody sits at a terminal', async () => {
    const { hub, cli } = await live(scope);
    const watcher = start(process.execPath, [hatagoBin, 'status', '--watch', '-c', hub.configFile], {
      env: { HATAGO_HOME: hub.home },
    });
    const seen = collect(watcher.stdout);
    await until('it shows the hub', () => seen.text().includes(hub.url));
    await cli('stop', 'j');
    await until('it tells of the stop', () => /^\S+ server\.state server=j readiness=disabled/m.test(seen.text()));
    watcher.kill('SIGINT');
    expect(await ended(watcher)).toBe(0);
    const programs = start(process.execPath, [hatagoBin, 'status', '--watch', '--json', '-c', hub.configFile], {
      env: { HATAGO_HOME: hub.home },
    });
    const lines = collect(programs.stdout);
    await until('it shows the hub', () => lines.text().includes('\n'));
    await cli('start', 'j');
    await until('it tells of the start', () => lines.text().includes('"state":"RUNNING"'));
    programs.kill('SIGINT');
    expect(await ended(programs)).toBe(0);
    const documents = lines
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(documents[0]).toMatchObject({ pid: hub.pid });
    expect(documents.at(-1)).toMatchObject({ type: expect.any(String) });
  });
});

describe('reload, generations and drain', () => {
  it('show what changes, apply it, compare it, and take it back', async () => {
    const { hub, cli, json } = await live(scope, {
      servers: { old: { command: 'x', start: 'lazy' } },
      more: { generation: { watch: false } },
    });
    edit(hub, ({ mcpServers }) => {
      delete mcpServers['old'];
      mcpServers['new'] = { command: 'y', start: 'lazy' };
      mcpServers['j'] = { ...mcpServers['j'], tags: ['changed'] };
    });
    const plan = await cli('reload', '--dry-run');
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('+ new\n');
    expect(plan.stdout).toContain('− old\n');
    expect(plan.stdout).toContain('~ j  (tags; it goes on)\n');
    expect((await json<{ generation: number }>('status')).generation).toBe(1);
    expect((await cli('reload')).stdout).toContain('Generation 2 is active.');
    expect(await json('reload')).toMatchObject({ outcome: 'unchanged', generation: 2 });
    expect((await cli('generations', 'diff', '1', '2')).stdout).toContain('+ new\n');
    expect(await json('generations', 'diff', '2', '1')).toMatchObject({ added: ['old'], removed: ['new'] });
    expect((await cli('generations', 'rollback')).stdout).toContain('Generation 3 is active.');
    const generations = await json<{ id: number; state: string; origin: string }[]>('generations');
    expect(generations[0]).toMatchObject({ id: 3, state: 'active', origin: 'rollback' });
    expect((await cli('generations')).stdout).toMatch(/^3 +active +rollback/m);
  });

  it('end a generation when its sessions have gone, or at once where that is forced', async () => {
    const { hub, cli, json } = await live(scope, { more: { generation: { watch: false } } });
    const client = await connectLegacyHttp(hub.url);
    edit(hub, ({ mcpServers }) => {
      mcpServers['j'] = { ...mcpServers['j'], tags: ['changed'] };
    });
    expect((await cli('reload')).code).toBe(0);
    const active = await cli('drain', '2');
    expect(active.code).toBe(2);
    expect(active.stderr).toContain('active');
    expect(await json('session', 'list')).toMatchObject([{ generation: 1 }]);
    expect((await cli('drain', '1', '--force')).stdout).toBe('Generation 1 has ended.\n');
    expect((await call(client, 'j_echo', { nonce: 'after' })).message.result).toBeDefined();
    expect(await json('session', 'list')).toMatchObject([{ generation: 2 }]);
    await client.close();
  });
});

describe('session', () => {
  it('lists, shows and closes, and gives nobody the means to continue one', async () => {
    const { hub, cli, json } = await live(scope);
    const client = await connectLegacyHttp(hub.url);
    const [session] = await json<{ id: string; client: string; route: string }[]>('session');
    const id = session?.id ?? '';
    expect(session).toMatchObject({ route: '/mcp', protocolVersion: '2025-11-25' });
    expect(await json('session', 'show', id)).toMatchObject({ id });
    for (const args of [['session'], ['session', 'list'], ['session', '--list']]) {
      expect((await cli(...args)).stdout).toMatch(new RegExp(`^${id} `, 'm'));
    }
    expect((await cli('session', 'show', id)).stdout).toContain('2025-11-25');
    const stolen = await fetch(hub.url, { method: 'DELETE', headers: { 'mcp-session-id': id } });
    expect(stolen.status).toBe(404);
    expect((await cli('session', 'close', id)).stdout).toContain('has ended');
    expect((await call(client, 'j_echo', { nonce: 'x' })).status).toBe(404);
    expect(await json('session')).toEqual([]);
    expect((await cli('session')).stdout).toContain('no sessions');
  });
});
