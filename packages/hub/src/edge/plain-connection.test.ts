import { connect, type Socket } from 'node:net';
import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { PlainAnswer } from './plain-answer.ts';
import { complete, modernHeaders, modernRequest, serveKit } from './test-kit.ts';

/** A client that reads nothing into what it gets. */
class Raw {
  readonly socket: Socket;
  got = '';
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => (this.got += chunk.toString('latin1'))).on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** The ids that were answered, in their order. */
  ids(): string[] {
    return [...this.got.matchAll(/"id":"(\w+)"/g)].map(([, id]) => id as string);
  }
}

/** A call; `how` it is framed decides which parser reads it. */
function call(id: string, how: 'plain' | 'chunked' = 'plain', more = '', _meta = {}): string {
  const body = JSON.stringify(modernRequest(id, 'tools/call', { name: id, _meta }));
  const headers = Object.entries({ 'content-type': 'application/json', ...modernHeaders('tools/call', id) });
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}${more}`;
  if (how === 'plain') return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  return `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** A promise and the means to keep it. */
function gate(): { opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a connection', () => {
  it('takes requests of every form one after another', async () => {
    await using kit = await serveKit();
    const raw = new Raw(kit.listener.port);
    const forms = [call('a'), call('b'), call('c', 'chunked'), call('d'), call('e', 'plain', 'Connection: close\r\n')];
    for (const [i, text] of forms.entries()) {
      raw.write(text);
      await expect.poll(() => raw.ids().length).toBe(i + 1);
    }
    await raw.closed;
    expect(raw.ids()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('answers what was sent at once in its order, whoever reads it', async () => {
    await using kit = await serveKit({
      script: async ({ params }) => {
        await tick(params.text('name') === 'a' || params.text('name') === 'c' ? 5 : 0);
        return complete({ content: [] });
      },
    });
    const raw = new Raw(kit.listener.port);
    raw.write(
      call('a') +
        call('b') +
        call('c') +
        call('d', 'chunked') +
        call('e') +
        call('f', 'plain', 'Connection: close\r\n'),
    );
    await raw.closed;
    expect(raw.ids()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(kit.exchanges.map(({ params }) => params.text('name'))).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it.each([1, 7, 40, 150])('takes a request that comes in pieces of %i bytes', async (size) => {
    await using kit = await serveKit();
    const raw = new Raw(kit.listener.port);
    raw.socket.setNoDelay(true);
    const text = call('a') + call('b', 'plain', 'Connection: close\r\n');
    for (let at = 0; at < text.length; at += size) {
      raw.write(text.slice(at, at + size));
      await tick(0);
    }
    await raw.closed;
    expect(raw.ids()).toEqual(['a', 'b']);
  });

  it('is not read further while far too much waits behind a call, and only as fast as calls are answered', async () => {
    const held = new Map(['first', 'n200'].map((name) => [name, gate()]));
    await using kit = await serveKit({
      script: async ({ params }) => {
        await new Promise(setImmediate);
        await held.get(params.text('name') as string)?.opened;
        return complete({ content: [] });
      },
    });
    const raw = new Raw(kit.listener.port);
    raw.write(call('first') + Array.from({ length: 20_000 }, (_, i) => call(`n${i}`)).join(''));
    for (const [i, { open }] of [...held.values()].entries()) {
      await expect.poll(() => kit.exchanges.length, { timeout: 10_000 }).toBe(i === 0 ? 1 : 202);
      await tick(50);
      // What the hub does not read stays in the client's own buffer.
      expect(raw.socket.writableLength).toBeGreaterThan(0);
      open();
    }
    await expect.poll(() => raw.ids().length, { timeout: 20_000 }).toBe(20_001);
    expect(raw.ids().at(-1)).toBe('n19999');
    raw.socket.destroy();
  });

  it('gets the same answer, whoever reads the request', async () => {
    await using kit = await serveKit();
    const answers: string[] = [];
    for (const how of ['plain', 'chunked'] as const) {
      const raw = new Raw(kit.listener.port);
      raw.write(call('a', how));
      await expect.poll(() => raw.got.includes('"id":"a"')).toBe(true);
      answers.push(raw.got.replace(/Date: [^\r]+ GMT/, 'Date: now'));
      raw.socket.destroy();
    }
    const [plain, chunked] = answers.map((answer) => answer.split('\r\n').sort());
    expect(plain).toEqual(chunked);
    expect(plain).toContain('Keep-Alive: timeout=65');
  });

  it.each(['plain', 'chunked'] as const)(
    'gets a stream, and what comes behind it, when its request is %s',
    async (how) => {
      const message = {
        method: 'notifications/message',
        params: Payload.ofValue({ level: 'info', data: 'é'.repeat(20_000) }),
      };
      await using kit = await serveKit({
        script: async (exchange) => {
          if (exchange.params.text('name') !== 'a') return complete({ content: [] });
          for (let i = 0; i < 2; i++) exchange.emit(message);
          await tick(5);
          exchange.emit(message);
          return complete({ content: [] });
        },
      });
      const raw = new Raw(kit.listener.port);
      raw.write(call('a', how, '', { 'io.modelcontextprotocol/logLevel': 'info' }) + call('b'));
      await expect.poll(() => raw.ids()).toEqual(['a', 'b']);
      raw.socket.destroy();
      const [head, ...rest] = raw.got.split('\r\n\r\n');
      expect(head).toContain('Transfer-Encoding: chunked');
      const [events, ...behind] = unchunked(rest.join('\r\n\r\n'));
      expect(events?.match(/data: /g)?.length).toBe(4);
      expect(Buffer.from(events ?? '', 'latin1').toString()).toContain('"é'.concat('é'.repeat(19_999), '"'));
      expect(behind.join('')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    },
  );

  it('that is cut has its call cancelled, and so has one that sends nothing more', async () => {
    const cancelled: string[] = [];
    await using kit = await serveKit({
      script: ({ params, signal }) =>
        new Promise((resolve) => {
          signal.onCancel(() => {
            cancelled.push(params.text('name') as string);
            resolve(complete({ content: [] }));
          });
        }),
    });
    const [cut, ended] = [new Raw(kit.listener.port), new Raw(kit.listener.port)];
    cut.write(call('cut'));
    ended.write(call('ended'));
    await expect.poll(() => kit.exchanges.length).toBe(2);
    cut.socket.destroy();
    await expect.poll(() => cancelled).toEqual(['cut']);
    ended.socket.end();
    await expect.poll(() => cancelled).toEqual(['cut', 'ended']);
    await ended.closed;
    expect(ended.got).toBe('');
  });

  it('gets all of a large answer when it sends nothing more meanwhile', async () => {
    const result = Payload.ofBytes(Buffer.from(JSON.stringify({ content: ['x'.repeat(8_000_000)] })));
    await using kit = await serveKit({ script: () => ({ kind: 'complete', result }) });
    const raw = new Raw(kit.listener.port);
    raw.socket.pause();
    raw.write(call('a'));
    await expect.poll(() => kit.edge.keeper.size).toBe(1);
    raw.socket.end();
    await tick(20);
    raw.socket.resume();
    await raw.closed;
    expect(raw.got.length).toBeGreaterThan(8_000_000);
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
  });

  it('A13 is closed when nothing comes, with an answer only before its first request', async () => {
    await using kit = await serveKit({ listen: { headersTimeoutMs: 300, keepAliveTimeoutMs: 500 } });
    const [silent, used] = [new Raw(kit.listener.port), new Raw(kit.listener.port)];
    used.write(call('a'));
    await Promise.all([silent.closed, used.closed]);
    expect(silent.got).toMatch(/^HTTP\/1\.1 408 /);
    expect(used.got.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  });

  it('is closed with its listener: at once when it is idle, else with its answer, or when the time is up', async () => {
    const busyCall = gate();
    const kit = await serveKit({
      script: async ({ params }) => {
        if (params.text('name') === 'busy') await busyCall.opened;
        if (params.text('name') === 'slow') await new Promise(() => {});
        return complete({ content: [] });
      },
    });
    const [idle, busy, slow] = [0, 1, 2].map(() => new Raw(kit.listener.port)) as [Raw, Raw, Raw];
    idle.write(call('idle'));
    await expect.poll(() => idle.ids()).toEqual(['idle']);
    busy.write(call('busy'));
    slow.write(call('slow'));
    await expect.poll(() => kit.exchanges.length).toBe(3);
    const closing = kit.listener.close(300);
    await idle.closed;
    busyCall.open();
    await busy.closed;
    expect(busy.got).toContain('Connection: close\r\n');
    expect(busy.ids()).toEqual(['busy']);
    await closing;
    await slow.closed;
    expect(slow.got).toBe('');
    await kit[Symbol.asyncDispose]();
  });
});

/** The body a chunked text begins with, and what stands behind it. */
function unchunked(text: string): [body: string, behind: string] {
  let body = '';
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, end), 16);
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
    if (size === 0) return [body, text.slice(at)];
  }
}

describe('an answer', () => {
  it('is not sent with a header that would end its line', () => {
    const owner = { socket: {} as Socket, commonHeaders: () => '', answered: () => {} };
    for (const value of ['a\r\nSet-Cookie: b', 'a\nb', 'a\0', 'é']) {
      expect(() => new PlainAnswer(owner).whole(200, ['X-A', value], '')).toThrow('X-A');
    }
  });
});
