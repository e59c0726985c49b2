import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { callModern, complete, modernHeaders, modernRequest, openSession, post, send, serveKit } from './test-kit.ts';

/** Sends raw bytes and collects what comes back until the hub closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(got));
  });
}

const opened = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => {});
  });

const HEAD = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('a body', () => {
  it.each([
    ['a content encoding', { 'content-encoding': 'br' }, 415],
    ['a content encoding in disguise', { 'content-encoding': ' GZIP ' }, 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', { 'content-type': 'text/plain' }, 415],
    ['a type that only begins like JSON', { 'content-type': 'application/json-seq' }, 415],
    ['a client that takes no JSON', { accept: 'text/html;q=0.9, image/png' }, 406],
  ])('A14 is refused for %s', async (_, headers, status) => {
    await using kit = await serveKit();
    const answer = await post(`${kit.url}/mcp`, {}, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    await answer.json();
  });

  it.each([
    ['identity encoding', { 'content-encoding': 'identity' }],
    ['a charset', { 'content-type': 'Application/JSON; charset=utf-8' }],
    ['a wildcard', { accept: '*/*' }],
  ])('is taken with %s', async (_, headers) => {
    await using kit = await serveKit();
    const message = modernRequest(1, 'tools/call', { name: 'a' });
    const answer = await post(`${kit.url}/mcp`, message, {
      ...modernHeaders('tools/call', 'a'),
      ...(headers as Record<string, string>),
    });
    expect(answer.status).toBe(200);
  });

  it('A14 over the limit is refused by its announced length, before it is sent', async () => {
    await using kit = await serveKit({ limits: { maxBodyBytes: 100 } });
    const socket = await opened(kit.listener.port);
    socket.write(`${HEAD}Content-Length: 101\r\n\r\n`);
    const [chunk] = (await new Promise((resolve) => socket.once('data', (data) => resolve([data])))) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('A14 over the limit is refused at the byte, when its length is not announced', async () => {
    await using kit = await serveKit({ limits: { maxBodyBytes: 100 } });
    const socket = await opened(kit.listener.port);
    const answered = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 10; i++) socket.write(`a\r\n${' '.repeat(10)}\r\n`);
    const early = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 50, 'nothing yet'))]);
    expect(early).toBe('nothing yet');
    socket.write('1\r\n \r\n');
    expect((await answered).toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('arrives whole in one chunk or many', async () => {
    await using kit = await serveKit({ script: (exchange) => complete({ content: [exchange.params.text('name')] }) });
    const name = 'é'.repeat(100_000);
    const answer = await post(`${kit.url}/mcp/`, modernRequest(1, 'tools/call', { name }), {
      ...modernHeaders('tools/call'),
      'mcp-name': `=?base64?${Buffer.from(name.slice(0, 10)).toString('base64')}?=`,
    });
    expect(answer.status).toBe(400);
    const legacy = await openSession(`${kit.url}/mcp`);
    const echoed = await (await legacy.request(1, 'tools/call', { name })).json();
    expect((echoed.result as { content: string[] }).content[0]).toBe(name);
  });

  it.each([
    ['', -32700],
    ['{"jsonrpc":"2.0",', -32700],
    ['\uFEFF{}', -32700],
    [`${'['.repeat(100_000)}`, -32700],
    [`${'['.repeat(65)}${']'.repeat(65)}`, -32700],
    ['null', -32600],
    ['1', -32600],
    ['"x"', -32600],
    ['[]', -32600],
    ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', -32600],
    [`{"jsonrpc":"2.0","id":"${'x'.repeat(129)}","method":"ping"}`, -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
  ])('B5 B7 B8 %.40s is answered %i with HTTP 400', async (body, code) => {
    await using kit = await serveKit();
    const answer = await post(`${kit.url}/mcp`, body);
    expect(answer.status).toBe(400);
    expect((await answer.json()).error).toMatchObject({ code });
    expect(kit.exchanges).toEqual([]);
  });

  it('B5 of many tiny values does not hold the hub up', async () => {
    await using kit = await serveKit();
    const body = `[${'{},'.repeat(1_300_000)}{}]`;
    const started = performance.now();
    const answer = await post(`${kit.url}/mcp`, body);
    expect(answer.status).toBe(400);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('B6 with __proto__ reaches the server untouched and changes nothing here', async () => {
    await using kit = await serveKit({ script: ({ params }) => complete({ content: [], got: params.value() }) });
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"__proto__":{"admin":true}}}}`;
    const legacy = await openSession(`${kit.url}/mcp`);
    const text = await (await legacy.post(body)).text();
    expect(text).toContain('"__proto__":{"admin":true}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('the listener', () => {
  it.each([
    ['both lengths', `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a folded header', `${HEAD}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}`],
    ['a space before the colon', `${HEAD}X-A : b\r\nContent-Length: 2\r\n\r\n{}`],
    ['a bare line feed', 'POST /mcp HTTP/1.1\nHost: localhost\n\n'],
    ['a NUL', `${HEAD}X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}`],
    ['two Hosts', `${HEAD}hOST: evil.test\r\nContent-Length: 2\r\n\r\n{}`],
    ['twice the same Host', `${HEAD}Host: localhost\r\nContent-Length: 2\r\n\r\n{}`],
    ['no Host', 'POST /mcp HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}'],
  ])('A11 refuses %s and closes', async (_, text) => {
    await using kit = await serveKit();
    const got = await raw(kit.listener.port, text);
    expect(got === '' || /^HTTP\/1\.1 400 /.test(got)).toBe(true);
    expect(kit.exchanges).toEqual([]);
  });

  it('refuses a header block over its limit', async () => {
    await using kit = await serveKit({ listen: { maxHeaderBytes: 2048 } });
    const got = await raw(kit.listener.port, `${HEAD}X-A: ${'a'.repeat(4096)}\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('A13 closes on headers and bodies that do not come to an end', async () => {
    await using kit = await serveKit({ listen: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
    const got = await Promise.all([
      raw(kit.listener.port, 'POST /mcp HTTP/1.1\r\nHost: local'),
      raw(kit.listener.port, `${HEAD}Content-Length: 10\r\n\r\n{`),
    ]);
    for (const one of got) expect(one).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('A13 accepts no more connections than it may have', async () => {
    await using kit = await serveKit({ listen: { maxConnections: 2 } });
    const held = [await opened(kit.listener.port), await opened(kit.listener.port)];
    expect(await raw(kit.listener.port, `${HEAD}Content-Length: 0\r\n\r\n`)).toBe('');
    for (const socket of held) socket.destroy();
  });

  it('answers several requests sent at once on one connection, in their order', async () => {
    await using kit = await serveKit({
      script: async ({ params }) => {
        if (params.text('name') === 'slow') await new Promise((resolve) => setTimeout(resolve, 30));
        return complete({ content: [params.text('name')] });
      },
    });
    const one = (name: string, close: boolean): string => {
      const body = JSON.stringify(modernRequest(name, 'tools/call', { name }));
      const headers = Object.entries(modernHeaders('tools/call', name)).map(([key, value]) => `${key}: ${value}\r\n`);
      return `${HEAD}${headers.join('')}${close ? 'Connection: close\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`;
    };
    const got = await raw(kit.listener.port, one('slow', false) + one('fast', true));
    expect(got.match(/"id":"(\w+)"/g)).toEqual(['"id":"slow"', '"id":"fast"']);
  });

  it('A13 carries out nothing behind an answer that closes the connection, and outlives that', async () => {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await using kit = await serveKit({
      script: async () => {
        await finished;
        return complete({ content: [] });
      },
    });
    const call = (name: string): string => {
      const body = JSON.stringify(modernRequest(name, 'tools/call', { name }));
      const headers = Object.entries(modernHeaders('tools/call', name)).map(([key, value]) => `${key}: ${value}\r\n`);
      return `${HEAD}${headers.join('')}Content-Length: ${body.length}\r\n\r\n${body}`;
    };
    // The window is a part of one turn of the event loop: the last call comes when the closing answer is out, and is answered
    // when the connection is cut but not yet known to be closed.
    const onFinish = (message: unknown): void => {
      const { request, socket } = message as { request: { url: string }; socket: Socket };
      if (request.url !== '/closing') return;
      process.nextTick(() => {
        socket.emit('data', Buffer.from(call('last'), 'latin1'));
        socket.destroy();
        finish();
      });
    };
    subscribe('http.server.response.finish', onFinish);
    try {
      const closing = 'GET /closing HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n';
      await raw(kit.listener.port, closing + call('owed'));
      expect((await send(`${kit.url}/x`, 'GET')).status).toBe(404);
      expect(kit.exchanges.map(({ params }) => params.text('name'))).toEqual(['owed']);
    } finally {
      unsubscribe('http.server.response.finish', onFinish);
    }
  });

  it.each([1, 20_000, 3_000_000])('sends an answer of %i characters as it is, small parts and large', async (size) => {
    const text = 'é'.repeat(size);
    const parts = ['{"content":[],"text":"', new TextEncoder().encode(text), '","end":"ü"}'];
    await using kit = await serveKit({ script: () => ({ kind: 'complete', result: Payload.ofPieces(parts) }) });
    const answer = await callModern(`${kit.url}/mcp`, 1, 'a');
    const body = await answer.text();
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(body)));
    const { result } = JSON.parse(body) as { result: Record<string, string> };
    expect(result.text === text && result.end === 'ü').toBe(true);
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
  });

  it('closes a connection whose large answer nobody reads', async () => {
    const result = Payload.ofBytes(Buffer.from(JSON.stringify({ content: ['x'.repeat(16_000_000)] })));
    await using kit = await serveKit({ script: () => ({ kind: 'complete', result }) });
    const body = JSON.stringify(modernRequest(1, 'tools/call', { name: 'a' }));
    const headers = Object.entries(modernHeaders('tools/call', 'a')).map(([key, value]) => `${key}: ${value}\r\n`);
    const socket = await opened(kit.listener.port);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(`${HEAD}${headers.join('')}Content-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => kit.edge.keeper.size).toBe(1);
    kit.edge.keeper.sweep();
    expect(kit.edge.keeper.size).toBe(1);
    kit.clock.nowMs += 30_000;
    kit.edge.keeper.sweep();
    await expect.poll(() => kit.edge.keeper.size).toBe(0);
    socket.resume();
    await closed;
    expect(kit.logs.map(({ event }) => event)).toEqual(['edge.slow_reader']);
  });

  it('answers other methods and other paths without a session', async () => {
    await using kit = await serveKit();
    const statuses = async (method: string, path: string): Promise<number> =>
      (await send(kit.url + path, method)).status;
    expect(await statuses('GET', '/mcp')).toBe(405);
    expect(await statuses('DELETE', '/mcp')).toBe(405);
    expect(await statuses('PUT', '/mcp')).toBe(405);
    expect(await statuses('HEAD', '/mcp')).toBe(405);
    expect(await statuses('OPTIONS', '/mcp')).toBe(405);
    for (const path of ['/', '//mcp', '/%6dcp', '/mcp/two', '/mcp/..', '/MCP', '/mcp;x']) {
      expect(await statuses('POST', path), path).toBe(404);
    }
  });

  it('reports a port that is taken', async () => {
    await using kit = await serveKit();
    await expect(serveKit({ listen: { port: kit.listener.port } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('lets what is being answered finish when it closes, within its grace', async () => {
    const kit = await serveKit({
      script: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return complete({ content: ['late'] });
      },
    });
    const answer = callModern(`${kit.url}/mcp`, 1, 'a');
    await expect.poll(() => kit.exchanges.length).toBe(1);
    const closing = kit.listener.close(2_000);
    expect(await (await answer).text()).toContain('late');
    await closing;
    await kit[Symbol.asyncDispose]();
  });
});
