import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectFront, FRONTS, type Front } from './support/fronts.ts';
import { type RunningHub, startHub, writeConfig } from './support/hub.ts';
import { drive, type LoadResult } from './support/load.ts';
import { createScope } from './support/scope.ts';
import { type JournalOptions, type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';

const scope = createScope();
afterAll(() => scope.close());

/** One connection carries the calls of everybody, so that a log message cannot be traced to the call it came from. */
type Upstream = JournalOptions & { readonly id: string; readonly logsAreTraceable: boolean };

const UPSTREAMS: readonly Upstream[] = [
  { id: 'stdio-legacy', transport: 'stdio', era: 'legacy', logsAreTraceable: false },
  { id: 'stdio-modern', transport: 'stdio', era: 'modern', logsAreTraceable: false },
  { id: 'http-legacy', transport: 'http', era: 'legacy', logsAreTraceable: true },
  { id: 'http-modern', transport: 'http', era: 'modern', logsAreTraceable: true },
  { id: 'sse-legacy', transport: 'sse', era: 'legacy', logsAreTraceable: false },
  { id: 'ws-legacy', transport: 'ws', era: 'legacy', logsAreTraceable: false },
  { id: 'ws-modern', transport: 'ws', era: 'modern', logsAreTraceable: false },
];

/** `CROSSTALK=full` gives every pair all of 200 clients times ids 0 to 99, which takes about five minutes. */
const EVERY_PAIR = process.env.CROSSTALK === 'full';
const FULL_MS = 180_000;
/** Pairs that always get them; the others get the same crowd with fewer requests each. */
const FULL = new Set(['http-legacy × stdio-legacy', 'http-modern × http-modern', 'ws-legacy × http-legacy']);

const PAIRS = FRONTS.flatMap((front) =>
  UPSTREAMS.map((upstream) => ({ front, upstream, pair: `${front} × ${upstream.id}` })),
);

describe('answers, progress and log messages reach the request they belong to', () => {
  const journals = new Map<string, JournalServer>();
  /** A hub over stdio is started for one upstream each. */
  const configFiles = new Map<string, string>();
  let hub: RunningHub;

  beforeAll(async () => {
    for (const { id, transport, era } of UPSTREAMS) journals.set(id, await journal(scope, { transport, era }));
    const mcpServers = Object.fromEntries([...journals].map(([id, { entry }]) => [id, entry]));
    for (const [id, { entry }] of journals) {
      configFiles.set(id, writeConfig(scope, { logLevel: 'warn', mcpServers: { [id]: entry } }).file);
    }
    hub = await startHub(scope, { logLevel: 'warn', http: { legacySse: true, webSocket: true }, mcpServers });
  });

  it.each(PAIRS)(
    '$pair',
    async ({ front, upstream, pair }) => {
      const total = EVERY_PAIR || FULL.has(pair) ? 20_000 : 600;
      const configFile = configFiles.get(upstream.id) ?? hub.configFile;
      const crowd = front.startsWith('stdio') ? 1 : 200;
      const before = executed(upstream.id, pair);
      expect(before.total).toBe(0);
      const result = await drive({
        connect: (options) => connectFront(front, { ...hub, configFile }, options),
        clients: crowd,
        perClient: total / crowd,
        window: crowd === 1 ? 100 : 8,
        tool: `${upstream.id}_echo`,
        prefix: pair,
        tokenIsId: crowd === 1,
      });
      expect(result.errors.slice(0, 5)).toEqual([]);
      expect(result.foreign.slice(0, 5)).toEqual([]);
      expect(result).toMatchObject({ answers: total, progress: total } satisfies Partial<LoadResult>);
      if (upstream.logsAreTraceable) expect(result.logs).toBe(total);
      expect(executed(upstream.id, pair)).toEqual({ total, different: total });
    },
    FULL_MS,
  );

  function executed(upstream: string, prefix: string): { total: number; different: number } {
    const nonces = (journals.get(upstream) as JournalServer)
      .read()
      .flatMap(({ nonce }) => (nonce?.startsWith(`${prefix}/`) ? [nonce] : []));
    return { total: nonces.length, different: new Set(nonces).size };
  }
});

describe('a question opens at the client that caused it', () => {
  const CLIENTS = 20;

  it.each<{ front: Front; transport: 'http' | 'stdio' }>([
    { front: 'http-legacy', transport: 'http' },
    { front: 'http-legacy', transport: 'stdio' },
    { front: 'ws-legacy', transport: 'stdio' },
  ])(`${CLIENTS} clients on $front, one legacy $transport server`, async ({ front, transport }) => {
    const server = await journal(scope, { transport, era: 'legacy' });
    const hub = await startHub(scope, { http: { webSocket: true }, mcpServers: { s: server.entry } });
    if (transport === 'stdio') await makeKnownAsInteractive(front, hub, server);
    let open = 0;
    let allOpen = (): void => {};
    const everybodyAsked = new Promise<void>((resolve) => {
      allOpen = resolve;
    });
    const misplaced: string[] = [];
    const texts = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, index) => {
        const nonce = `q${index}.`;
        const client = await connectFront(front, hub, {
          async ask({ params }) {
            if (!String(params?.['message']).includes(nonce)) misplaced.push(`${nonce}: ${params?.['message']}`);
            if (++open === CLIENTS) allOpen();
            await everybodyAsked;
            return { action: 'accept', content: { word: `word of ${nonce}` } };
          },
        });
        const { text } = await client.request('tools/call', { name: 's_ask', arguments: { nonce } }, 0);
        await client.close();
        return text;
      }),
    );
    expect(misplaced).toEqual([]);
    for (const [index, text] of texts.entries()) expect(text).toContain(`q${index}.:word of q${index}.`);
    const entries = server.read().filter(({ nonce }) => nonce?.startsWith('q'));
    expect(entries).toHaveLength(CLIENTS);
    expect(new Set(entries.map(({ nonce }) => nonce)).size).toBe(CLIENTS);
    expect(open).toBe(CLIENTS);
    await hub.stop();
  });

  it.each<'http' | 'stdio'>(['http', 'stdio'])(`${CLIENTS} modern clients, one legacy %s server`, async (transport) => {
    const server = await journal(scope, { transport, era: 'legacy' });
    const hub = await startHub(scope, { limits: { maxParkedPerPrincipal: 64 }, mcpServers: { s: server.entry } });
    if (transport === 'stdio') await makeKnownAsInteractive('http-modern', hub, server);
    const client = await connectFront('http-modern', hub);
    const call = (index: number, more: object = {}) =>
      client.request('tools/call', { name: 's_ask', arguments: { nonce: `m${index}.` }, ...more }, 0);
    const asked = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => call(index)));
    const answers = asked.map(({ message, text }, index) => {
      expect(message.result?.['resultType'], text).toBe('input_required');
      const { inputRequests, requestState } = message.result as {
        inputRequests: Record<string, { params: { message: string } }>;
        requestState: string;
      };
      const [[key, ask]] = Object.entries(inputRequests) as [[string, { params: { message: string } }]];
      expect(ask.params.message).toContain(`m${index}.`);
      const content = { word: `word of m${index}.` };
      return { requestState, inputResponses: { [key]: { action: 'accept', content } } };
    });
    const ends = await Promise.all(answers.map((answer, index) => call(index, answer)));
    for (const [index, { text }] of ends.entries()) expect(text).toContain(`m${index}.:word of m${index}.`);
    const nonces = server.read().flatMap(({ nonce }) => (nonce?.startsWith('m') ? [nonce] : []));
    expect(nonces.sort()).toEqual(Array.from({ length: CLIENTS }, (_, index) => `m${index}.`).sort());
    await hub.stop();
  });

  it('is refused, never misdelivered, as long as nobody knows whose it is', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const hub = await startHub(scope, { mcpServers: { s: server.entry } });
    const asked: string[] = [];
    const open = (name: string) =>
      connectFront('http-legacy', hub, {
        ask: ({ params }) => {
          asked.push(`${name} got ${params?.['message']}`);
          return { action: 'accept', content: { word: 'yes' } };
        },
      });
    const [busy, other] = [await open('busy'), await open('other')];
    const waiting = busy.send('tools/call', { name: 's_echo', arguments: { nonce: 'slow', delayMs: 300 } });
    await until('the slow call has begun', () => server.read().some(({ nonce }) => nonce === 'slow'));
    const { text, message } = await other.request('tools/call', { name: 's_ask', arguments: { nonce: 'whose' } });
    expect(message.result?.['isError'] === true || message.error !== undefined, text).toBe(true);
    expect(asked).toEqual([]);
    expect(server.read()).toContainEqual(expect.objectContaining({ refused: 'whose' }));
    expect((await waiting.answer).text).toContain('slow');
    const again = await other.request('tools/call', { name: 's_ask', arguments: { nonce: 'mine' } });
    expect(again.text).toContain('mine:yes');
    expect(asked).toEqual([expect.stringMatching(/^other got .*mine/)]);
    await Promise.all([busy.close(), other.close()]);
  });

  /** One refused question is enough; from then on every session has a process of its own. */
  async function makeKnownAsInteractive(front: Front, hub: RunningHub, server: JournalServer): Promise<void> {
    const [busy, other] = await Promise.all([connectFront(front, hub), connectFront(front, hub)]);
    const waiting = busy.send('tools/call', { name: 's_echo', arguments: { nonce: 'slow', delayMs: 300 } });
    await until('the slow call has begun', () => server.read().some(({ nonce }) => nonce === 'slow'));
    await other.request('tools/call', { name: 's_ask', arguments: { nonce: 'whose' } });
    expect(server.read()).toContainEqual(expect.objectContaining({ refused: 'whose' }));
    await waiting.answer;
    await Promise.all([busy.close(), other.close()]);
  }
});
