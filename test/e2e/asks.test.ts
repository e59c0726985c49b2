import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { connectFront, type Front } from './support/fronts.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { createScope } from './support/scope.ts';
import { type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Answer, type Message, textOf, type WireClient } from './support/wire/client.ts';
import { connectLegacyHttp } from './support/wire/http.ts';

const scope = createScope();
/** Calls that end early go to servers of their own: they may still ask, which keeps others on a shared pipe from asking. */
const servers = new Map<string, JournalServer>();
let hub: RunningHub;

beforeAll(async () => {
  for (const era of ['legacy', 'modern'] as const) {
    for (const transport of ['http', 'stdio'] as const) {
      for (const use of ['', '-poor', '-quiet']) {
        servers.set(`${era}-${transport}${use}`, await journal(scope, { era, transport }));
      }
    }
  }
  const mcpServers: Record<string, object> = Object.fromEntries([...servers].map(([id, { entry }]) => [id, entry]));
  mcpServers['late'] = { command: process.execPath, args: [lateAsker], isolation: 'session' };
  hub = await startHub(scope, { http: { webSocket: true }, mcpServers });
});
afterAll(() => scope.close());

const lateAsker = fileURLToPath(new URL('./support/late-asker.mjs', import.meta.url));
const SERVERS = ['legacy-http', 'legacy-stdio', 'modern-http', 'modern-stdio'];
const cases = (fronts: readonly Front[]) => fronts.flatMap((front) => SERVERS.map((server) => ({ front, server })));

interface Asked {
  readonly inputRequests: Record<string, { method: string; params: Record<string, unknown> }>;
  readonly requestState: string;
}

/** The questions of a modern answer, and the one of them that is expected. */
function askedIn({ message, text }: Answer): Asked & { key: string; params: Record<string, unknown> } {
  expect(message.result, text).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
  const asked = message.result as unknown as Asked;
  const [entry] = Object.entries(asked.inputRequests);
  if (entry === undefined) throw new Error(text);
  return { ...asked, key: entry[0], params: entry[1].params };
}

describe.each(cases(['http-modern', 'ws-modern']))('a modern client ($front) and $server', ({ front, server }) => {
  let client: WireClient;
  beforeAll(async () => {
    client = await connectFront(front, hub);
  });
  afterAll(() => client.close());

  const ask = (nonce: string, more: object = {}, args: object = {}): Promise<Answer> =>
    client.request('tools/call', { name: `${server}_ask`, arguments: { nonce, ...args }, ...more });
  const accept = { action: 'accept', content: { word: 'sake' } };

  it('declines a question, and the server hears it', async () => {
    const { key, requestState } = askedIn(await ask('no'));
    expect(textOf(await ask('no', { requestState, inputResponses: { [key]: { action: 'decline' } } }))).toBe(
      'no:decline',
    );
  });

  it('is never asked to share the context of other servers', async () => {
    const { params, key, requestState } = askedIn(await ask('model', {}, { kind: 'sampling' }));
    expect(params['maxTokens']).toBe(7);
    expect([undefined, 'none']).toContain(params['includeContext']);
    const answer = { role: 'assistant', model: 'm', content: { type: 'text', text: 'said' } };
    const end = await ask('model', { requestState, inputResponses: { [key]: answer } }, { kind: 'sampling' });
    expect(textOf(end)).toBe('model:said');
  });

  it('cannot answer under a state that is forged, altered, or of another call', async () => {
    const { key, requestState } = askedIn(await ask('mine'));
    const inputResponses = { [key]: accept };
    const last = requestState.at(-5) === 'A' ? 'B' : 'A';
    const altered = requestState.slice(0, -5) + last + requestState.slice(-4);
    for (const state of ['nonsense', '', altered]) {
      const { message, text } = await ask('mine', { requestState: state, inputResponses });
      expect(message.error?.code, text).toBe(-32602);
    }
    const other = await ask('another', { requestState, inputResponses });
    expect(other.message.error?.code, other.text).toBe(-32602);
    expect(textOf(await ask('mine', { requestState, inputResponses }))).toBe('mine:sake');
  });

  it('B15 answers once: the same again gets the same, anything else on the state is refused and logged', async () => {
    const nonce = `once by ${front}`;
    const { key, requestState } = askedIn(await ask(nonce));
    const inputResponses = { [key]: accept };
    const refused = () => hub.stderr().match(/"event":"sec.state_invalid"[^\n]*"reason":"used"/g)?.length ?? 0;
    const heard = () => (servers.get(server) as JournalServer).read().filter((entry) => entry.nonce === nonce).length;
    expect(textOf(await ask(nonce, { requestState, inputResponses }))).toBe(`${nonce}:sake`);
    const before = [heard(), refused()];
    expect(before[0]).toBeGreaterThan(0);
    expect(textOf(await ask(nonce, { requestState, inputResponses }))).toBe(`${nonce}:sake`);
    expect([heard(), refused()]).toEqual(before);
    for (const other of [{ [key]: { action: 'decline' } }, {}, undefined]) {
      const { message, text } = await ask(nonce, { requestState, inputResponses: other });
      expect(message.error?.code, text).toBe(-32602);
    }
    expect(heard()).toBe(before[0]);
    await until('all three were logged', () => refused() === (before[1] as number) + 3);
  });

  it('cancels a call, and the server hears it', async () => {
    const nonce = `cancel by ${front}`;
    const entries = () => (servers.get(`${server}-quiet`) as JournalServer).read();
    const told = () => entries().filter(({ cancelled }) => cancelled !== undefined).length;
    const before = told();
    const sent = client.send('tools/call', { name: `${server}-quiet_hang`, arguments: { nonce } });
    sent.answer.catch(() => {});
    await until('it has begun', () => entries().some((entry) => entry.nonce === nonce));
    sent.cancel();
    await until('the server was told', () => told() > before);
  });
});

it.each(SERVERS)('a modern client is not asked by %s for what it does not declare', async (server) => {
  const poor = await connectFront('http-modern', hub, { capabilities: {} });
  const { message, text, status } = await call(poor, `${server}-poor_ask`, { nonce: 'poor' });
  expect(message.error, text).toMatchObject({
    code: -32021,
    data: { requiredCapabilities: { elicitation: expect.any(Object) } },
  });
  expect(status).toBe(400);
  await poor.close();
});

describe.each(cases(['http-legacy', 'ws-legacy']))('a legacy client ($front) and $server', ({ front, server }) => {
  it('declines a question, and is never asked to share the context of other servers', async () => {
    const asked: Message[] = [];
    const client = await connectFront(front, hub, {
      ask(message) {
        asked.push(message);
        if (message.method === 'elicitation/create') return { action: 'decline' };
        return { role: 'assistant', model: 'm', content: { type: 'text', text: 'said' } };
      },
    });
    expect(textOf(await call(client, `${server}_ask`, { nonce: 'no' }))).toBe('no:decline');
    expect(textOf(await call(client, `${server}_ask`, { nonce: 'model', kind: 'sampling' }))).toBe('model:said');
    expect(asked.map(({ method }) => method)).toEqual(['elicitation/create', 'sampling/createMessage']);
    expect([undefined, 'none']).toContain(asked[1]?.params?.['includeContext']);
    await client.close();
  });

  it('is told politely where it cannot be asked', async () => {
    const asked: unknown[] = [];
    const poor = await connectFront(front, hub, {
      capabilities: {},
      ask: (message) => void asked.push(message) as never,
    });
    const { message, text } = await call(poor, `${server}_ask`, { nonce: 'poor' });
    expect(message.result, text).toMatchObject({ isError: true });
    expect(asked).toEqual([]);
    await poor.close();
  });

  it('cancels a call, and the server hears it', async () => {
    const client = await connectFront(front, hub);
    const nonce = `cancel by ${front}`;
    const entries = () => (servers.get(`${server}-quiet`) as JournalServer).read();
    const told = () => entries().filter(({ cancelled }) => cancelled !== undefined).length;
    const before = told();
    const sent = client.send('tools/call', { name: `${server}-quiet_hang`, arguments: { nonce } });
    sent.answer.catch(() => {});
    await until('it has begun', () => entries().some((entry) => entry.nonce === nonce));
    sent.cancel();
    await until('the server was told', () => told() > before);
    await client.close();
  });
});

describe('a question in the course of no call', () => {
  const connect = async (front: 'http' | 'ws-legacy', word: string) => {
    const asked: unknown[] = [];
    const options = {
      ask({ params }: Message) {
        asked.push([params?.['message'], params?.['_meta']]);
        return { action: 'accept', content: { word } };
      },
    };
    const client =
      front === 'http'
        ? await connectLegacyHttp(hub.url, { ...options, stream: true })
        : await connectFront(front, hub, options);
    return { client, asked };
  };

  it('is put to the client of the session whose server it is, and to no other', async () => {
    const [one, two] = [await connect('http', 'tea'), await connect('ws-legacy', 'sake')];
    const begin = (client: WireClient, nonce: string) => call(client, 'late_begin', { nonce });
    await Promise.all([begin(one.client, 'one'), begin(two.client, 'two')]);
    for (const [{ client }, word] of [[one, 'tea'] as const, [two, 'sake'] as const]) {
      await until('the server has its answer', async () => textOf(await call(client, 'late_said')) === word);
    }
    const _meta = { 'dev.hatago/server': 'late' };
    expect(one.asked).toEqual([['one', _meta]]);
    expect(two.asked).toEqual([['two', _meta]]);
    await Promise.all([one.client.close(), two.client.close()]);
  });
});
