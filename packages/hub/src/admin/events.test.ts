import { type IncomingMessage, request as send } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { SentEvent } from '../core/hub-event.ts';
import { createHub, type Hub } from '../hub.ts';
import { ask, makeFolder } from './test-hub.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(
  config: object = { mcpServers: {} },
): Promise<{ hub: Hub; socket: string; write(text: string): void }> {
  const folder = makeFolder(config);
  closers.push(() => folder.remove());
  const hub = createHub(folder.options());
  closers.push(() => hub.stop('the test is over', { graceMs: 0 }));
  const { socket = '' } = await hub.openControl({ home: folder.home, configFile: folder.file, shutdown: () => {} });
  await hub.settled;
  return { hub, socket, write: folder.write };
}

interface Feed {
  readonly events: SentEvent[];
  readonly ids: string[];
  readonly response: IncomingMessage;
  next(type: SentEvent['type']): Promise<SentEvent>;
}

function listen(socketPath: string, headers: Record<string, string> = {}, query = ''): Promise<Feed> {
  return new Promise((resolve, reject) => {
    const request = send({ socketPath, path: `/api/v1/events${query}`, agent: false, headers }, (response) => {
      closers.push(() => response.destroy());
      const events: SentEvent[] = [];
      const ids: string[] = [];
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line.startsWith('id: ')) ids.push(line.slice(4));
          if (line.startsWith('data: ')) events.push(JSON.parse(line.slice(6)) as SentEvent);
        }
      });
      response.on('error', () => {});
      const next = async (type: SentEvent['type']): Promise<SentEvent> => {
        await expect.poll(() => events.some((event) => event.type === type), { interval: 5 }).toBe(true);
        return events.find((event) => event.type === type) as SentEvent;
      };
      resolve({ events, ids, response, next });
    });
    request.once('error', reject);
    request.end();
  });
}

const CRASHER = { command: process.execPath, args: ['-e', 'process.exit(3)'], restart: { max: 0 } };

describe('the stream of events', () => {
  it('tells of a new generation and of the state of its servers within 100 ms', async () => {
    const { socket, write } = await start();
    const feed = await listen(socket);
    expect(feed.response.headers['content-type']).toBe('text/event-stream');
    write(JSON.stringify({ mcpServers: { bad: CRASHER } }));
    await ask({ at: socket, method: 'POST', path: '/api/v1/reload', body: {} });
    const state = await feed.next('server.state');
    expect(Date.now() - state.at).toBeLessThan(100);
    expect(state).toMatchObject({ server: 'bad', readiness: { state: expect.any(String) as string } });
    expect(await feed.next('generation')).toMatchObject({ generation: 2 });
    await expect
      .poll(() => feed.events.findLast((event) => event.type === 'server.state'))
      .toMatchObject({ readiness: { state: 'failing' } });
  });

  it('tells of a configuration that is refused', async () => {
    const { socket, write } = await start();
    const feed = await listen(socket);
    write('{ "mcpServers": ');
    await ask({ at: socket, method: 'POST', path: '/api/v1/reload', body: {} });
    expect(await feed.next('config.rejected')).toMatchObject({
      errors: expect.arrayContaining([expect.stringContaining('hatago.config.jsonc:1:17: ')]) as string[],
    });
  });

  it('goes on behind the last event that was seen', async () => {
    const { hub, socket } = await start();
    for (const session of ['a', 'b', 'c']) hub.events.emit({ type: 'session', session, action: 'opened' });
    const all = await listen(socket, {}, '?after=0');
    await expect.poll(() => all.events.filter(({ type }) => type === 'session')).toHaveLength(3);
    const seen = all.ids[all.events.findIndex((event) => event.type === 'session' && event.session === 'b')] as string;
    const rest = await listen(socket, { 'last-event-id': seen });
    await expect.poll(() => rest.events).toHaveLength(1);
    expect(rest.events[0]).toMatchObject({ session: 'c' });
    expect(rest.ids[0]).toBe(String(rest.events[0]?.seq));
  });

  it('tells of calls only while somebody listens, and ends with its listener', async () => {
    const { hub, socket } = await start();
    expect(hub.events.heard).toBe(false);
    const feed = await listen(socket);
    await expect.poll(() => hub.events.heard).toBe(true);
    await ask({ at: socket, path: '/api/v1/tools' });
    expect(await feed.next('call')).toMatchObject({ method: 'tools/list', outcome: 'complete' });
    feed.response.destroy();
    await expect.poll(() => hub.events.heard).toBe(false);
  });

  it('ends when the hub does', async () => {
    const { hub, socket } = await start();
    const feed = await listen(socket);
    const closed = new Promise((resolve) => feed.response.once('close', resolve));
    await hub.stop('done', { graceMs: 0 });
    await closed;
  });
});
