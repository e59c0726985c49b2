import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from './control/schema.ts';
import { toUpstreamSpecs } from './control/server-spec.ts';
import { createHub, type Hub } from './hub.ts';
import { giveHeadStart } from './upstream/head-start.ts';
import { isGroupAlive } from './upstream/process-group.ts';
import { startProgram } from './upstream/program.ts';

/** A server whose one tool is named after its process. */
const SERVER = `require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  const results = {
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
    'tools/list': { tools: [{ name: 'pid' + process.pid, inputSchema: { type: 'object' } }] },
  };
  const result = { resultType: 'complete', ttlMs: 1000, cacheScope: 'public', ...results[method] };
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
});`;

describe.skipIf(process.platform === 'win32')('a hub whose servers were given a head start', () => {
  const hubs: Hub[] = [];
  const children: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(hubs.splice(0).map((hub) => hub.stop('the test is over', { graceMs: 0 })));
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** A hub of two servers, after a start of those that stand in another configuration. */
  function start(ids: readonly string[]): { hub: Hub; pids: number[] } {
    const config = (names: readonly string[]) => {
      const entries = names.map((id) => [id, { command: process.execPath, args: ['-e', SERVER, id] }]);
      const parsed = parseConfig({ mcpServers: Object.fromEntries(entries) });
      if (!parsed.ok) throw new Error('not valid');
      return parsed.value;
    };
    const headStart = giveHeadStart(toUpstreamSpecs(config(ids), process.cwd()), {
      max: 2,
      start(spec) {
        const child = startProgram(spec);
        children.push(child);
        return child;
      },
    });
    const hub = createHub({ config: config(['a', 'b']), headStart });
    hubs.push(hub);
    return { hub, pids: children.map(({ pid }) => pid as number) };
  }

  const processes = (hub: Hub): number[] =>
    hub.controller.servers().flatMap(({ supervision }) => supervision?.pids ?? []);

  it('serves from the processes that run', async () => {
    const { hub, pids } = start(['a', 'b']);
    await hub.settled;
    expect(processes(hub)).toEqual(pids);
    await hub.stop('the test is over', { graceMs: 0 });
    expect(pids.filter(isGroupAlive)).toEqual([]);
  });

  it('ends those it has no server for, and starts what it lacks', async () => {
    const { hub, pids } = start(['b', 'gone']);
    await hub.settled;
    expect(processes(hub)).toHaveLength(2);
    expect(processes(hub)[1]).toBe(pids[0]);
    await hub.stop('the test is over', { graceMs: 0 });
    expect(pids.filter(isGroupAlive)).toEqual([]);
  });

  it('ends them all where it cannot listen', async () => {
    const { hub, pids } = start(['a', 'b']);
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    await expect(hub.listen({ host: '127.0.0.1', port })).rejects.toThrow(/EADDRINUSE/);
    blocker.close();
    expect(pids.filter(isGroupAlive)).toEqual(pids);
    await hub.stop('could not listen');
    expect(pids.filter(isGroupAlive)).toEqual([]);
  });
});
