import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { writeConfig } from './support/hub.ts';
import { hatago, live } from './support/live.ts';
import type { Ended } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { until } from './support/until.ts';
import { connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

describe('policy', () => {
  const names = async (url: string): Promise<string[]> => {
    const client = connectModernHttp(url);
    const { message } = await client.request('tools/list');
    await client.close();
    return ((message.result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name);
  };

  it('denies a tool on every way to it, and says by which decision', async () => {
    const { hub, cli, json } = await live(scope, { more: { generation: { watch: false } } });
    const denied = await cli('policy', 'deny', 'j_ec*');
    expect(denied.code, denied.stderr).toBe(0);
    expect(readFileSync(hub.configFile, 'utf8')).toContain('j_ec*');
    expect(await names(hub.url)).not.toContain('j_echo');
    expect(await names(`${hub.url}/j`)).not.toContain('echo');
    for (const [url, name] of [
      [hub.url, 'j_echo'],
      [hub.url, 'echo'],
      [`${hub.url}/j`, 'echo'],
    ] as const) {
      const client = connectModernHttp(url);
      const { message } = await call(client, name, { nonce: 'denied' });
      await client.close();
      expect(message.error, `${url} ${name}`).toMatchObject({ code: -31005, data: { decisionId: expect.any(String) } });
      const decision = String(message.error?.data?.['decisionId']);
      await until('the log has the decision', () => hub.stderr().includes(decision));
    }
    const stats = await json<{ denied: number; byRule: Record<string, number> }>('policy', 'stats');
    expect(stats).toMatchObject({ denied: 3 });
    expect((await cli('policy', 'stats')).stdout).toContain('3 denied');
    const called = await cli('call', 'j_echo', '-i', '{"nonce":"x"}');
    expect(called.code).toBe(5);
  });

  it('tells clients once that the tools they are shown are others, and not where they are the same', async () => {
    const { hub, cli } = await live(scope, { more: { generation: { watch: false } } });
    const seen: (string | undefined)[] = [];
    const client = connectModernHttp(hub.url, { notice: ({ method }) => void seen.push(method) });
    const listening = client.send('subscriptions/listen', { notifications: { toolsListChanged: true } });
    listening.answer.catch(() => {});
    await until('it is heard', () => seen.includes('notifications/subscriptions/acknowledged'));
    const told = (): number => seen.filter((method) => method === 'notifications/tools/list_changed').length;
    await cli('policy', 'deny', 'nothing_of_that_name');
    await cli('policy', 'deny', 'j_echo');
    await until('it is told', () => told() > 0);
    await cli('policy', 'allow', 'j_echo');
    await until('it is told again', () => told() > 1);
    expect(told()).toBe(2);
    listening.cancel();
    await client.close();
  });

  it('tells what it would decide, with exit code 5 where it denies', async () => {
    const { cli, json } = await live(scope, { more: { generation: { watch: false } } });
    await cli('policy', 'deny', 'j_*', '--principal', 'bob');
    await cli('policy', 'allow', 'j_echo');
    const bob = await cli('policy', 'test', 'j_look', '--principal', 'bob');
    expect([bob.code, bob.stdout.split('\n')[0]]).toEqual([5, 'deny  j_look for bob']);
    expect(await json('policy', 'test', 'j_echo', '--principal', 'bob')).toMatchObject({ effect: 'allow' });
    expect(await json('policy', 'show')).toMatchObject({ rules: [{ effect: 'allow' }, { effect: 'deny' }] });
    expect((await cli('policy')).stdout).toMatch(/deny +j_\* +bob/);
    // By its short name it is the same tool.
    expect((await cli('policy', 'test', 'look', '--principal', 'bob')).code).toBe(5);
  });

  it('only logs in a dry run, and nothing while it is disabled', async () => {
    const { hub, cli } = await live(scope, {
      more: { generation: { watch: false }, policy: { defaultEffect: 'deny' } },
    });
    expect(await names(hub.url)).toEqual([]);
    await cli('policy', 'dry-run', 'on');
    expect(await names(hub.url)).toContain('j_echo');
    const client = connectModernHttp(hub.url);
    expect((await call(client, 'j_echo', { nonce: 'a' })).message.result).toBeDefined();
    await cli('policy', 'dry-run', 'off');
    expect((await call(client, 'j_echo', { nonce: 'b' })).message.error?.code).toBe(-31005);
    await cli('policy', 'disable');
    expect((await call(client, 'j_echo', { nonce: 'c' })).message.result).toBeDefined();
    await client.close();
    expect((await cli('policy')).stdout).toContain('disabled');
    await cli('policy', 'enable');
    expect(await names(hub.url)).toEqual([]);
  });

  it('is read and written without a hub too', async () => {
    const { file, env } = writeConfig(scope, { mcpServers: {} });
    const cli = (...args: string[]): Promise<Ended> => hatago([...args, '-c', file], { env });
    expect((await cli('policy')).stdout).toContain('no rules');
    const written = await cli('policy', 'deny', 'x_*');
    expect(written.code, written.stderr).toBe(0);
    expect(written.stdout).toContain(file);
    expect((await cli('policy', 'test', 'x_y')).code).toBe(5);
  });
});
