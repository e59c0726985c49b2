import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { createScope } from './support/scope.ts';
import { type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Message, textOf } from './support/wire/client.ts';
import { createEventReader } from './support/wire/event-reader.ts';
import { connectLegacyHttp } from './support/wire/http.ts';

const scope = createScope();
const servers = new Map<string, JournalServer>();
let hub: RunningHub;

beforeAll(async () => {
  for (const era of ['legacy', 'modern'] as const) {
    servers.set(`${era}-http`, await journal(scope, { era, transport: 'http' }));
    servers.set(`${era}-stdio`, await journal(scope, { era, transport: 'stdio' }));
  }
  const mcpServers = Object.fromEntries([...servers].map(([id, { entry }]) => [id, entry]));
  hub = await startHub(scope, { mcpServers });
});
afterAll(() => scope.close());

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const post = (headers: Record<string, string>, body: string): Promise<Response> =>
  fetch(hub.url, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body });

/** An open stream: its events so far, and how to cut it off. */
interface Open {
  readonly events: { id: string | undefined; message: Message }[];
  cut(): void;
}

function open(method: 'GET' | 'POST', headers: Record<string, string>, body?: string): Promise<Open> {
  return new Promise((resolve, reject) => {
    const events: Open['events'] = [];
    const request = http.request(hub.url, { method, headers: { ...JSON_HEADERS, ...headers } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`HTTP ${response.statusCode}`));
      const read = createEventReader(({ id, data }) => void events.push({ id, message: JSON.parse(data) as Message }));
      response
        .setEncoding('utf8')
        .on('data', read)
        .on('error', () => {});
      resolve({ events, cut: () => request.destroy() });
    });
    request.on('error', reject).end(body);
  });
}

describe('a legacy session', () => {
  it('is needed, known, and ended by its client', async () => {
    expect((await post({}, LIST)).status).toBe(400);
    expect((await post({ 'mcp-session-id': 'nobody' }, LIST)).status).toBe(404);
    const client = await connectLegacyHttp(hub.url);
    const session = { 'mcp-session-id': client.sessionId, 'mcp-protocol-version': '2025-11-25' };
    expect((await post(session, LIST)).status).toBe(200);
    await client.close();
    expect((await post(session, LIST)).status).toBe(404);
  });

  it.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])('speaks %s', async (version) => {
    const client = await connectLegacyHttp(hub.url, { version });
    expect(client.hello?.result?.['protocolVersion']).toBe(version);
    expect(textOf(await call(client, 'modern-http_echo', { nonce: version }))).toBe(version);
    await client.close();
  });

  it('takes batches of 2025-03-26, and of no later version', async () => {
    const batch = `[${LIST},{"jsonrpc":"2.0","id":2,"method":"ping"}]`;
    const old = await connectLegacyHttp(hub.url, { version: '2025-03-26' });
    const answered = await post({ 'mcp-session-id': old.sessionId }, batch);
    expect(answered.status).toBe(200);
    const text = await answered.text();
    expect(text).toContain('"id":1');
    expect(text).toContain('"id":2');
    const young = await connectLegacyHttp(hub.url);
    const headers = { 'mcp-session-id': young.sessionId, 'mcp-protocol-version': '2025-11-25' };
    expect((await post(headers, batch)).status).toBe(400);
    await Promise.all([old.close(), young.close()]);
  });

  it.each(['legacy-http', 'legacy-stdio', 'modern-http', 'modern-stdio'])(
    'takes up a stream that broke off where it was; %s carries out the call once and is not told',
    async (server) => {
      const client = await connectLegacyHttp(hub.url);
      const headers = { 'mcp-session-id': client.sessionId, 'mcp-protocol-version': '2025-11-25' };
      const nonce = `resumed ${server}`;
      const params = {
        name: `${server}_echo`,
        arguments: { nonce, delayMs: 400, progress: 1 },
        _meta: { progressToken: 1 },
      };
      const first = await open(
        'POST',
        headers,
        JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params }),
      );
      const last = await until('progress', () => first.events.find(({ message }) => message.method !== undefined));
      expect(last.id).toEqual(expect.any(String));
      first.cut();
      const second = await open('GET', { ...headers, 'last-event-id': String(last.id) });
      const { message } = await until('the answer', () => second.events.find((event) => event.message.id === 7));
      expect(message.result).toMatchObject({ content: [{ text: nonce }] });
      expect(second.events.filter((event) => event.message.method === 'notifications/progress')).toEqual([]);
      second.cut();
      const entries = (servers.get(server) as JournalServer).read();
      expect(entries.filter((entry) => entry.nonce === nonce)).toHaveLength(1);
      expect(entries.filter(({ cancelled }) => cancelled !== undefined)).toEqual([]);
      await client.close();
    },
  );
});
