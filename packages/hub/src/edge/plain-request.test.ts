import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlain } from './plain-request.ts';

const MAX = 16 * 1024;
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const LINES = ['POST /mcp HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'Content-Length: 2'];
const request = (lines: readonly string[], body = '{}'): string => `${lines.join('\r\n')}\r\n\r\n${body}`;
const withLine = (line: string): string => request([...LINES, line]);

describe('a plain request', () => {
  it('is read whole, with what lies behind it left alone', () => {
    const text = request(['POST /mcp/one?a=b&c HTTP/1.1', 'HOST:localhost', 'X-A:  b c ', 'X-B:', 'content-length: 2']);
    const found = readPlain(bytes(`${text}POST`), MAX);
    expect(found).toMatchObject({ method: 'POST', target: '/mcp/one?a=b&c', size: text.length });
    expect([...(found?.headers ?? [])]).toEqual([
      ['host', 'localhost'],
      ['x-a', 'b c'],
      ['x-b', ''],
      ['content-length', '2'],
    ]);
    expect(Buffer.from(found?.body ?? []).toString()).toBe('{}');
  });

  it('needs no body', () => {
    const found = readPlain(bytes('DELETE /mcp HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\nmore'), MAX);
    expect(found).toMatchObject({ method: 'DELETE', body: bytes(''), size: 57 });
  });

  it.each([
    ['its body is not all there', request(LINES, '{')],
    ['its head is not all there', LINES.join('\r\n')],
    ['it is of another method', request(['GET /mcp HTTP/1.1', 'Host: a'], '')],
    ['it is of another version', request(['POST /mcp HTTP/1.0', ...LINES.slice(1)])],
    ['its target is a whole address', request(['POST http://localhost/mcp HTTP/1.1', ...LINES.slice(1)])],
    ['its target has more than plain characters', request(['POST /mcp"<> HTTP/1.1', ...LINES.slice(1)])],
    ['its target has a fragment', request(['POST /mcp#a HTTP/1.1', ...LINES.slice(1)])],
    ['it begins with an empty line', `\r\n${request(LINES)}`],
    ['there are two spaces in its first line', request(['POST  /mcp HTTP/1.1', ...LINES.slice(1)])],
    ['it has no Host', request([LINES[0] as string, ...LINES.slice(2)])],
    ['it has no header at all', 'POST /mcp HTTP/1.1\r\n\r\n'],
    ['it has two Hosts', withLine('host: localhost')],
    ['it has two lengths', withLine('Content-Length: 2')],
    ['it has twice the same header', request([...LINES, 'X-A: b', 'x-a: b'])],
    ['its length is no number', request([...LINES.slice(0, 3), 'Content-Length: 2, 2'])],
    ['its length has a sign', request([...LINES.slice(0, 3), 'Content-Length: +2'])],
    ['its length is endless', request([...LINES.slice(0, 3), `Content-Length: ${'0'.repeat(20)}2`])],
    ['it has a transfer coding', withLine('Transfer-Encoding: chunked')],
    ['it has a transfer coding that is none', withLine('Transfer-Encoding: identity')],
    ['it expects something', withLine('Expect: 100-continue')],
    ['it asks for another protocol', withLine('Upgrade: websocket')],
    ['it closes the connection', withLine('Connection: close')],
    ['it names headers of the connection', withLine('Connection: keep-alive, x-a')],
    ['it speaks to a proxy', withLine('Proxy-Connection: keep-alive')],
    ['a header is folded', withLine('X-A: b\r\n c')],
    ['a space stands before a colon', withLine('X-A : b')],
    ['a header has no name', withLine(': b')],
    ['a header has no colon', withLine('X-A')],
    ['a line ends with a bare line feed', withLine('X-A: b\nX-B: c')],
    ['a line holds a bare carriage return', withLine('X-A: b\rX-B: c')],
    ['a header holds a tab', withLine('X-A:\tb')],
    ['a header holds a NUL', withLine('X-A: b\0c')],
    ['a header holds more than ASCII', withLine('X-A: \xe9')],
    ['a name holds more than a token', withLine('X(A): b')],
    ['there are too many headers', request([...LINES, ...Array.from({ length: 98 }, (_, i) => `X-${i}: a`)])],
    ['its head is too large', withLine(`X-A: ${'a'.repeat(MAX)}`)],
  ])('is none when %s', (_, text) => {
    expect(readPlain(bytes(text), MAX)).toBeUndefined();
  });
});

const NAMES = ['X-A', 'x-b', 'Accept', 'Cookie', 'Mcp-Session-Id', 'X_a', '~', 'Connection', 'Transfer-Encoding', 'TE'];
const VALUES = ['', 'b', ' b ', '\tb\t', 'a, b', 'keep-alive', 'close', 'chunked', '"q"', '\x7f', '\xe9', 'a\tb', ':'];
const LENGTHS = ['2', '02', ' 2 ', '2\t', '+2', '2,2', '0x2', '', '3', '1', '0', '-2', '1e1'];
const ENDS = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n '];
const TARGETS = ['/mcp', '/', '/a?b?c', '//x', '/%00', "/a'b", '/\\', '/\x7f', '/é', '*', '/a b', 'http://a/', '/#'];
const pick = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const LINE = fc.oneof(
  fc.tuple(pick(NAMES), pick([':', ': ', ':\t', ' :']), pick(VALUES)).map((parts) => parts.join('')),
  fc.tuple(pick(['Content-Length:', 'content-length: ']), pick(LENGTHS)).map((parts) => parts.join('')),
  fc.string({ maxLength: 6 }),
);
const MESSAGE = fc
  .tuple(
    pick(['POST', 'POST', 'DELETE', 'post', 'GET', 'POST ']),
    pick(TARGETS),
    pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1']),
    fc.array(fc.tuple(LINE, pick(ENDS)), { maxLength: 5 }),
    pick(ENDS),
    pick(['{}', '', '{', '{}x', '\r\n']),
  )
  .map(([method, target, version, lines, end, body]) => {
    const headers = [['Host: a', '\r\n'], ...lines].map((parts) => parts.join('')).join('');
    return `${method} ${target} ${version}\r\n${headers}${end}${body}`;
  });

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

describe("what is read without Node's parser", () => {
  let seen: Seen[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('latin1').on('data', (chunk) => (body += chunk));
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      seen.push({ method, url, headers, body });
      response.end();
    });
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** What Node reads in the text, up to the request that closes the connection. */
  async function byNode(text: string): Promise<Seen[]> {
    seen = [];
    await new Promise((resolve) => {
      const { port } = server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
      socket
        .on('error', () => {})
        .on('close', resolve)
        .resume();
    });
    return seen;
  }

  it('is what Node reads there, to the byte', { timeout: 60_000 }, async () => {
    const last = 'DELETE /last HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n';
    let read = 0;
    await fc.assert(
      fc.asyncProperty(MESSAGE, async (text) => {
        const found = readPlain(bytes(text), MAX);
        if (found === undefined) return;
        read++;
        const { method, target, headers, body, size } = found;
        const [first, second] = await byNode(text.slice(0, size) + last);
        expect(first).toEqual({
          method,
          url: target,
          headers: Object.fromEntries(headers),
          body: Buffer.from(body).toString('latin1'),
        });
        expect(second).toMatchObject({ method: 'DELETE', url: '/last' });
      }),
      { seed: 5, numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(200);
  });
});
