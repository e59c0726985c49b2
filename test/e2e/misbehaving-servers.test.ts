import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, expectFailure } from './support/calls.ts';
import { connectFront } from './support/fronts.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { groupLives } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { type JournalOptions, type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Answer, textOf, type WireClient } from './support/wire/client.ts';

const scope = createScope();
afterAll(() => scope.close());

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
    const mcpServers: Record<string, unknown> = {
      healthy: (await journal(scope, { transport: 'stdio', era: 'legacy' })).entry,
    };
    for (const { id, ...options } of KINDS) {
      const args = [...(options.args ?? []), ...(options.transport === 'stdio' ? ['--banner'] : [])];
      const server = await journal(scope, { ...options, args });
      servers.set(id, server);
      mcpServers[id] = server.entry;
      mcpServers[`${id}-brief`] = { ...server.entry, timeouts: { requestMs: 1000 } };
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
    expectFailure(await callBeside(`${id}-brief`, 'hang'), -31003, 'upstream_timeout', `${id}-brief`);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(950);
    expect(tookMs).toBeLessThan(5000);
    const journal = servers.get(id) as JournalServer;
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

describe('a server that writes without end', () => {
  it.each(['legacy', 'modern'] as const)('is killed, its calls end in -31010, and it comes back (%s)', async (era) => {
    const server = await journal(scope, { transport: 'stdio', era });
    const hub = await startHub(scope, { limits: { maxMessageBytes: 1 << 20 }, mcpServers: { s: server.entry } });
    const client = await connectFront('http-modern', hub);
    const waiting = call(client, 's_echo', { nonce: 'waiting', delayMs: 60_000 });
    expectFailure(await call(client, 's_endless'), -31010, 'upstream_protocol', 's');
    expectFailure(await waiting, -31010, 'upstream_protocol', 's');
    const [pid] = server.pids();
    await until('the process is killed', () => !groupLives(pid as number));
    await until('it is back', async () => textOf(await call(client, 's_echo', { nonce: 'back' })) === 'back');
    await hub.stop();
  });
});
