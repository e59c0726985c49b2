import { describe, expect, it, vi } from 'vitest';
import { NO_LOG } from '../core/log.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { createEvents } from '../observe/events.ts';
import { createInventories } from '../route/inventories.ts';
import { hubEnvelope } from '../route/read-list.ts';
import {
  complete,
  createScriptedUpstream,
  exchangeOf,
  jsonOf,
  type ScriptedUpstream,
} from '../route/scripted-upstream.ts';
import type { ServerConfig } from './config.ts';
import { parseConfig } from './schema.ts';
import { createServerPool, type PooledServer } from './server-pool.ts';

interface Made extends ScriptedUpstream {
  readonly closed: string[];
  /** Ends the call that waits longest. */
  finish(): void;
}

function setUp(rollover: 'overlap' | 'replace') {
  const events = createEvents({ now: () => 0 });
  const inventories = createInventories({ envelope: hubEnvelope({ name: 'h', version: '0' }), log: NO_LOG });
  const pool = createServerPool(inventories, events);
  const made: Made[] = [];
  const parsed = parseConfig({ mcpServers: { a: { command: 'x', rollover } } });
  if (!parsed.ok) throw new Error('not a configuration');
  const config = parsed.value.mcpServers['a'] as ServerConfig;
  const acquire = (digest: string): PooledServer =>
    pool.acquire({
      id: 'a',
      digest: () => digest,
      config,
      make() {
        const waiting: (() => void)[] = [];
        const upstream = createScriptedUpstream({
          id: 'a',
          tools: [{ name: digest }],
          handle: (call) =>
            call.method === 'tools/call'
              ? new Promise((end) => waiting.push(() => end(complete({ by: digest }))))
              : undefined,
        });
        const closed: string[] = [];
        const one = Object.assign(upstream, {
          closed,
          finish: () => waiting.shift()?.(),
          close: async (reason: string) => void closed.push(reason),
        });
        made.push(one);
        return one;
      },
    });
  return { pool, events, made, acquire };
}

const callOf = (): UpstreamCall => ({ ...exchangeOf('tools/call', { name: 'x' }), target: undefined });

describe('a server of the pool', () => {
  it('is shared by those who want the same, and ended by the last of them', async () => {
    const { pool, made, acquire } = setUp('overlap');
    const [first, second] = [acquire('v1'), acquire('v1')];
    expect(second.upstream).toBe(first.upstream);
    expect(second.inventory).toBe(first.inventory);
    await pool.release(first, 'one is gone');
    expect(made[0]?.closed).toEqual([]);
    await pool.release(second, 'all are gone');
    expect(made[0]?.closed).toEqual(['all are gone']);
    acquire('v1');
    expect(made).toHaveLength(2);
  });

  it('runs beside another form of itself', () => {
    const { made, acquire } = setUp('overlap');
    acquire('v1');
    acquire('v2');
    expect(made).toHaveLength(2);
  });

  it('tells of its state and its lists while it is held', async () => {
    const { pool, events, made, acquire } = setUp('overlap');
    const seen: string[] = [];
    events.listen(({ type }) => void seen.push(type));
    const server = acquire('v1');
    await vi.waitFor(() => expect(seen).toContain('server.lists'));
    made[0]?.setState('failed', 'it fell');
    expect(seen).toContain('server.state');
    await pool.release(server, 'gone');
    const before = seen.length;
    made[0]?.setState('ready');
    expect(seen).toHaveLength(before);
  });
});

describe('a server that must not run twice', () => {
  it('is made only when the one before it has finished its calls and ended; calls meanwhile wait for it', async () => {
    const { pool, made, acquire } = setUp('replace');
    const old = acquire('v1');
    const under = old.upstream.request(callOf());
    const next = acquire('v2');
    expect(made).toHaveLength(1);
    expect(next.upstream.status.state).toBe('starting');
    pool.replace([next], 10_000);
    const late = next.upstream.request(callOf());
    const bound = old.upstream.request(callOf());
    await Promise.resolve();
    expect(made).toHaveLength(1);
    made[0]?.finish();
    expect(jsonOf(await under)).toEqual({ by: 'v1' });
    await vi.waitFor(() => expect(made).toHaveLength(2));
    expect(made[0]?.closed).toEqual(['it is replaced']);
    await vi.waitFor(() => expect(made[1]?.calls).toHaveLength(2));
    made[1]?.finish();
    made[1]?.finish();
    expect([jsonOf(await late), jsonOf(await bound)]).toEqual([{ by: 'v2' }, { by: 'v2' }]);
    expect(next.upstream.status.state).toBe('ready');
  });

  it('does not wait for ever for the one before it', async () => {
    vi.useFakeTimers();
    try {
      const { pool, made, acquire } = setUp('replace');
      void acquire('v1').upstream.request(callOf());
      pool.replace([acquire('v2')], 5000);
      await vi.advanceTimersByTimeAsync(4900);
      expect(made).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(200);
      expect(made).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is passed over where a third one comes before it has begun', async () => {
    const { pool, made, acquire } = setUp('replace');
    const under = acquire('v1').upstream.request(callOf());
    const second = acquire('v2');
    pool.replace([second], 10_000);
    const third = acquire('v3');
    const waiting = second.upstream.request(callOf());
    pool.replace([third], 10_000);
    made[0]?.finish();
    await under;
    await vi.waitFor(() => expect(made).toHaveLength(2));
    made[1]?.finish();
    await vi.waitFor(() => expect(made[1]?.calls).toHaveLength(1));
    made[1]?.finish();
    expect(jsonOf(await waiting)).toEqual({ by: 'v3' });
  });

  it('is made anew when it is wanted back after it was replaced', async () => {
    const { pool, made, acquire } = setUp('replace');
    acquire('v1');
    pool.replace([acquire('v2')], 1000);
    await vi.waitFor(() => expect(made).toHaveLength(2));
    const back = acquire('v1');
    pool.replace([back], 1000);
    await vi.waitFor(() => expect(made).toHaveLength(3));
    expect(made[1]?.closed).toEqual(['it is replaced']);
    expect(back.upstream.status.state).toBe('ready');
  });

  it('hands its subscriptions and watchers to what is made in the end', async () => {
    const { pool, made, acquire } = setUp('replace');
    acquire('v1');
    const next = acquire('v2');
    const heard: string[] = [];
    next.upstream.watch(({ type }) => void heard.push(type));
    const stop = next.upstream.subscribe('resource', 'a://1');
    next.upstream.subscribe('resource', 'a://2')();
    pool.replace([next], 1000);
    await next.upstream.settled;
    expect(made[1]?.subscribed).toEqual(['resource a://1']);
    expect(heard).toContain('state');
    made[1]?.emit({ type: 'updated', uri: 'a://1' });
    expect(heard).toContain('updated');
    stop();
    expect(made[1]?.subscribed).toEqual([]);
  });

  it('answers that it is not there when it was ended before it began', async () => {
    const { pool, acquire } = setUp('replace');
    acquire('v1');
    const next = acquire('v2');
    const asked = next.upstream.request(callOf());
    await pool.release(next, 'not wanted');
    expect(jsonOf(await asked)).toMatchObject({ code: -31001 });
  });
});
