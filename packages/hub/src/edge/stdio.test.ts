import { PassThrough, Writable } from 'node:stream';
import { MODERN_VERSION, Payload, TASKS_EXTENSION } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import type { UpstreamStatus } from '../core/upstream.ts';
import { serveStdio } from './stdio.ts';
import { complete, createKit, type KitOptions, modernRequest } from './test-kit.ts';

function start(options: KitOptions = {}) {
  const kit = createKit(options);
  const input = new PassThrough();
  const output = new PassThrough();
  const edge = serveStdio(kit.deps, { input, output });
  const lines: string[] = [];
  const writes: string[] = [];
  output.on('data', (chunk: Buffer) => {
    writes.push(chunk.toString());
    lines.push(...chunk.toString().split('\n').filter(Boolean));
  });
  return { kit, input, output, edge, lines, writes };
}

const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}\n';

describe('stdio', () => {
  it('answers initialize at once while servers are still starting, with everything it may come to offer', async () => {
    const { input, lines, kit } = start({ settled: new Promise(() => {}) });
    input.write(INITIALIZE);
    await expect.poll(() => lines.length).toBe(1);
    expect(JSON.parse(lines[0] as string).result).toEqual({
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'hatago', version: '0.1.0' },
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
    });
    expect(kit.exchanges).toEqual([]);
  });

  const status = (capabilities?: Record<string, unknown>): UpstreamStatus => ({
    state: 'stopped',
    error: undefined,
    offers: capabilities && {
      era: 'modern',
      protocolVersion: MODERN_VERSION,
      capabilities,
      serverInfo: undefined,
      instructions: undefined,
    },
  });
  const TASKS = { extensions: { [TASKS_EXTENSION]: {} } };
  const call = (id: number, method: string, params: object = {}): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

  it.each([
    ['had', TASKS, true],
    ['did not have', { tools: {} }, false],
  ])('offers tasks before its servers have settled where one %s them when it last ran', async (_, last, tasks) => {
    const { input, lines } = start({ settled: new Promise(() => {}), upstreams: [{ status: status(last) }] });
    input.write(INITIALIZE + call(1, 'tasks/list'));
    await expect.poll(() => lines.length).toBe(2);
    expect('tasks' in JSON.parse(lines[0] as string).result.capabilities).toBe(tasks);
    expect('result' in JSON.parse(lines[1] as string)).toBe(tasks);
  });

  it.each([
    ['tasks/list', {}, { tasks: [] }],
    ['tools/call', { name: 'a', task: {} }, { task: { status: 'working' } }],
  ])(
    'lets %s use tasks of a server that turned out to have them after the greeting',
    async (method, params, result) => {
      const upstream = { status: status() };
      const { input, lines } = start({ settled: new Promise(() => {}), upstreams: [upstream] });
      input.write(INITIALIZE + call(1, 'tasks/list'));
      await expect.poll(() => lines.length).toBe(2);
      expect(JSON.parse(lines[1] as string).error).toMatchObject({ code: -32601 });
      upstream.status = status(TASKS);
      input.write(call(2, method, params));
      await expect.poll(() => lines.length).toBeGreaterThan(2);
      expect(JSON.parse(lines[2] as string)).toMatchObject({ id: 2, result });
    },
  );

  it('answers it from what the servers offer once they have settled', async () => {
    const { input, lines } = start();
    await Promise.resolve();
    input.write(INITIALIZE);
    await expect.poll(() => lines.length).toBe(1);
    expect(JSON.parse(lines[0] as string).result).toMatchObject({ instructions: 'Be kind.' });
  });

  it('takes messages cut anywhere, and lines that end like those of Windows', async () => {
    const { input, lines } = start();
    const text = `\n  \r\n${JSON.stringify(modernRequest(1, 'tools/list'))}\r\n${JSON.stringify(modernRequest('é', 'tools/list'))}\n`;
    for (const byte of Buffer.from(text)) input.write(Buffer.from([byte]));
    await expect.poll(() => lines.length).toBe(3);
    const ids = lines.map((line) => JSON.parse(line).id);
    expect(ids).toEqual([null, 1, 'é']);
  });

  it('writes what comes in one tick in one write, one message to a line', async () => {
    const pieces = ['{"content":\n[]', Buffer.from(',"a":\r\n1'), '}'];
    const { input, writes, lines } = start({ script: () => ({ kind: 'complete', result: Payload.ofPieces(pieces) }) });
    input.write([1, 2, 3].map((id) => `${JSON.stringify(modernRequest(id, 'tools/call', { name: 'a' }))}\n`).join(''));
    await expect.poll(() => lines.length).toBe(3);
    expect(writes).toHaveLength(1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject(
      [1, 2, 3].map((id) => ({ id, result: { content: [], a: 1 } })),
    );
  });

  it('refuses a message that is too long and goes on with the next', async () => {
    const { input, lines } = start({ limits: { maxMessageBytes: 200 } });
    input.write(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(300)}"}\n`);
    input.write('{"jsonrpc":"2.0","id":2,"method":"ping"}\n');
    await expect.poll(() => lines.length).toBe(2);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: null, error: { code: -32700 } },
      { id: 2, result: {} },
    ]);
  });

  it('ends when a message has no end', async () => {
    const { input, lines, edge } = start({ limits: { maxMessageBytes: 200 } });
    input.write('x'.repeat(1_000));
    await edge.done;
    expect(lines).toHaveLength(1);
  });

  it('ends with its input: what is under way is cancelled, what was answered is written', async () => {
    const { kit, input, edge, lines } = start({
      script: ({ params, signal }) =>
        params.text('name') === 'slow'
          ? new Promise((resolve) => signal.onCancel(() => resolve(complete({ content: [] }))))
          : complete({ content: [] }),
    });
    input.write(`${JSON.stringify(modernRequest(1, 'tools/call', { name: 'slow' }))}\n`);
    input.write(`${JSON.stringify(modernRequest(2, 'subscriptions/listen', { notifications: {} }))}\n`);
    await expect.poll(() => kit.listens.length).toBe(1);
    expect(edge.inFlight).toBe(2);
    // The last line needs no end.
    input.end('{"jsonrpc":"2.0","id":3,"method":"ping"}');
    await edge.done;
    expect(kit.exchanges[0]?.signal.cancelled).toBe(true);
    expect(edge.inFlight).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { method: 'notifications/subscriptions/acknowledged' },
      { id: 3, result: {} },
      { id: 2, result: { resultType: 'complete' } },
    ]);
    edge.close('again');
  });

  it.each(['input', 'output'] as const)('ends when its %s breaks', async (side) => {
    const started = start();
    started[side].destroy(new Error('EPIPE'));
    await started.edge.done;
  });

  it('refuses new requests while it drains and goes on answering old ones', async () => {
    let end: () => void = () => {};
    const { kit, input, edge, lines } = start({
      script: () =>
        new Promise((resolve) => {
          end = () => resolve(complete({ content: [] }));
        }),
    });
    input.write(`${JSON.stringify(modernRequest(1, 'tools/call', { name: 'a' }))}\n`);
    await expect.poll(() => kit.exchanges.length).toBe(1);
    edge.drain();
    input.write(`${JSON.stringify(modernRequest(2, 'tools/call', { name: 'a' }))}\n`);
    input.write('{"jsonrpc":"2.0","id":3,"method":"ping"}\n');
    await expect.poll(() => lines.length).toBe(2);
    end();
    await expect.poll(() => lines.length).toBe(3);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 2, error: { code: -31007 } },
      { id: 3, error: { code: -31007 } },
      { id: 1, result: {} },
    ]);
  });

  it('does not read on while its client does not read', async () => {
    const taken: (() => void)[] = [];
    const output = new Writable({ write: (_chunk, _encoding, done) => taken.push(done) });
    const kit = createKit({ script: () => complete({ content: ['x'.repeat(2_000_000)] }) });
    const input = new PassThrough();
    serveStdio(kit.deps, { input, output });
    input.write(`${JSON.stringify(modernRequest(1, 'tools/call', { name: 'a' }))}\n`);
    await expect.poll(() => input.isPaused()).toBe(true);
    input.write(`${JSON.stringify(modernRequest(2, 'tools/call', { name: 'a' }))}\n`);
    await new Promise((resolve) => setImmediate(resolve));
    expect(kit.exchanges).toHaveLength(1);
    taken[0]?.();
    await expect.poll(() => kit.exchanges.length).toBe(2);
  });
});
