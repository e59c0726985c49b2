import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectFront, type Front } from './support/fronts.ts';
import { type RunningHub, startHub, writeConfig } from './support/hub.ts';
import { hatagoBin } from './support/paths.ts';
import { createScope } from './support/scope.ts';
import { freePort, type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Message, textOf, type WireClient } from './support/wire/client.ts';
import { connectStdio } from './support/wire/duplex.ts';
import { connectLegacyHttp, connectModernHttp } from './support/wire/http.ts';

const scope = createScope();
afterAll(() => scope.close());

const toolsOf = async (client: WireClient): Promise<string[]> => {
  const { message, text } = await client.request('tools/list');
  if (message.result === undefined) throw new Error(text);
  return (message.result['tools'] as { name: string }[]).map(({ name }) => name);
};

describe('a list that changes is told to everybody who listens', () => {
  const servers = new Map<string, JournalServer>();
  let hub: RunningHub;

  beforeAll(async () => {
    for (const era of ['legacy', 'modern'] as const) {
      for (const transport of ['stdio', 'http'] as const) {
        servers.set(`${era}-${transport}`, await journal(scope, { era, transport }));
      }
    }
    const mcpServers = Object.fromEntries([...servers].map(([id, { entry }]) => [id, entry]));
    hub = await startHub(scope, { http: { webSocket: true }, mcpServers });
  });

  const fronts: readonly Front[] = ['http-legacy', 'http-modern', 'ws-legacy', 'ws-modern', 'stdio-legacy'];
  const cases = fronts.flatMap((front) =>
    ['legacy-stdio', 'legacy-http', 'modern-stdio', 'modern-http'].map((server) => ({ front, server })),
  );

  it.each(cases)('$front, $server', async ({ front, server }) => {
    const seen: Message[] = [];
    const changes = (): Message[] => seen.filter(({ method }) => method === 'notifications/tools/list_changed');
    const notice = (message: Message): void => void seen.push(message);
    const client =
      front === 'http-legacy'
        ? await connectLegacyHttp(hub.url, { notice, stream: true })
        : await connectFront(front, hub, { notice });
    const name = `grown-${front}`;
    expect(await toolsOf(client)).not.toContain(`${server}_${name}`);
    const listening = front.endsWith('modern') ? await listen(client, seen) : undefined;
    await client.request('tools/call', { name: `${server}_grow`, arguments: { nonce: 'n', name } });
    await until('told', () => changes().length > 0);
    expect(await toolsOf(client)).toContain(`${server}_${name}`);
    if (listening !== undefined) {
      for (const { params } of changes()) {
        expect(params?.['_meta']).toMatchObject({ 'io.modelcontextprotocol/subscriptionId': listening.id });
      }
      listening.cancel();
    }
    expect(seen.map(({ method }) => method)).not.toContain('notifications/prompts/list_changed');
    await client.close();
  });

  async function listen(client: WireClient, seen: Message[]): Promise<{ id: string; cancel(): void }> {
    const id = 'listen';
    const sent = client.send('subscriptions/listen', { notifications: { toolsListChanged: true } }, id);
    sent.answer.catch(() => {});
    const acknowledged = await until('acknowledged', () =>
      seen.find(({ method }) => method === 'notifications/subscriptions/acknowledged'),
    );
    expect(acknowledged.params?.['notifications']).toMatchObject({ toolsListChanged: true });
    return { id, cancel: () => sent.cancel() };
  }
});

describe('servers that come later', () => {
  it('are missed by nobody meanwhile, and told when they are there', async () => {
    const port = await freePort();
    const here = await journal(scope, { era: 'legacy', transport: 'stdio' });
    const late = { type: 'http', url: `http://127.0.0.1:${port}/mcp` };
    const hub = await startHub(scope, { mcpServers: { here: here.entry, late } });
    const seen: (string | undefined)[] = [];
    const client = await connectLegacyHttp(hub.url, { stream: true, notice: ({ method }) => void seen.push(method) });
    const before = await toolsOf(client);
    expect(before).toContain('here_echo');
    expect(before.filter((name) => name.startsWith('late_'))).toEqual([]);
    await journal(scope, { era: 'modern', transport: 'http', args: ['--port', String(port)] });
    await until('told', () => seen.includes('notifications/tools/list_changed'), 40_000);
    expect(await toolsOf(client)).toContain('late_echo');
    const answer = await client.request('tools/call', { name: 'late_echo', arguments: { nonce: 'at last' } });
    expect(textOf(answer)).toBe('at last');
    await client.close();
  });

  it('do not keep a stdio client waiting', async () => {
    const fast = await journal(scope, { era: 'legacy', transport: 'stdio' });
    const slow = await journal(scope, { era: 'legacy', transport: 'stdio', args: ['--start-after', '2500'] });
    const mcpServers = { fast: fast.entry, slow: { ...slow.entry, protocol: 'legacy' } };
    const { file, env } = writeConfig(scope, { limits: { settleMs: 1000 }, mcpServers });
    const seen: (string | undefined)[] = [];
    const args = [hatagoBin, 'serve', '--stdio', '--config', file];
    const client = await connectStdio(process.execPath, args, { env, notice: ({ method }) => void seen.push(method) });
    expect(client.hello?.result?.['protocolVersion']).toBe('2025-11-25');
    const first = await toolsOf(client);
    expect(first).toContain('fast_echo');
    expect(first).not.toContain('slow_echo');
    await until('told', () => seen.includes('notifications/tools/list_changed'));
    expect(await toolsOf(client)).toContain('slow_echo');
    expect(await client.end()).toBe(0);
  });
});

describe('routes', () => {
  let hub: RunningHub;

  beforeAll(async () => {
    const make = async (tag: string) => {
      const { entry } = await journal(scope, { era: 'legacy', transport: 'stdio' });
      return { ...entry, tags: [tag] };
    };
    hub = await startHub(scope, { mcpServers: { a: await make('one'), b: await make('one'), c: await make('two') } });
  });

  it.each(['legacy', 'modern'])('offer all servers, one under its own names, or a group (%s)', async (era) => {
    const at = (path: string) =>
      era === 'legacy' ? connectLegacyHttp(hub.url + path) : Promise.resolve(connectModernHttp(hub.url + path));
    const [all, one, group] = await Promise.all([at(''), at('/c'), at('/@one')]);
    const starts = (names: string[]) => [...new Set(names.map((name) => name.split('_')[0]))].sort();
    expect(starts(await toolsOf(all))).toEqual(['a', 'b', 'c']);
    expect(starts(await toolsOf(group))).toEqual(['a', 'b']);
    expect(await toolsOf(one)).toContain('echo');
    const echo = (client: WireClient, name: string) =>
      client.request('tools/call', { name, arguments: { nonce: `by ${name}` } });
    expect(textOf(await echo(one, 'echo'))).toBe('by echo');
    expect(textOf(await echo(all, 'c_echo'))).toBe('by c_echo');
    expect((await echo(group, 'c_echo')).message.error).toMatchObject({ code: -32602 });
    await Promise.all([all.close(), one.close(), group.close()]);
  });

  it('are not there where nothing is', async () => {
    const client = connectModernHttp(`${hub.url}/nobody`);
    const { status } = await client.request('tools/list');
    expect(status).toBe(404);
    await client.close();
  });
});
