import { describe, expect, it } from 'vitest';
import { Http1Parser, header } from './http1.mjs';

/** Parses bytes given in pieces of `size`. */
function parse(text, size, options = { isRequest: false }) {
  const found = [];
  const parser = new Http1Parser({ ...options, onMessage: (head, body) => found.push([head, body.toString()]) });
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) parser.push(bytes.subarray(i, i + size));
  parser.end();
  return found;
}

describe('Http1Parser', () => {
  const fixed = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n';

  it.each([1, 2, 7, 1000])('reads messages that arrive %i bytes at a time', (size) => {
    expect(parse(fixed + chunked + fixed, size).map(([, body]) => body)).toEqual(['hello', 'hello', 'hello']);
  });

  it('reads a body that ends with the connection', () => {
    expect(parse('HTTP/1.1 200 OK\r\n\r\nuntil the end', 4)).toEqual([['HTTP/1.1 200 OK', 'until the end']]);
  });

  it('takes a request without a length as one without a body', () => {
    const request = 'GET /mcp HTTP/1.1\r\nHost: x\r\n\r\n';
    expect(parse(request + request, 5, { isRequest: true })).toHaveLength(2);
  });

  it('hands the parts of a stream on as they come', () => {
    const parts = [];
    const onChunk = (part) => parts.push(part.toString());
    parse(chunked, 1000, { isRequest: false, onHead: () => true, onChunk });
    expect(parts).toEqual(['hel', 'lo']);
  });
});

describe('header', () => {
  it('finds a header in any case, and nothing where there is none', () => {
    expect(header('HTTP/1.1 200 OK\r\nMCP-Session-ID:  abc \r\nX: y', 'mcp-session-id')).toBe('abc');
    expect(header('HTTP/1.1 200 OK\r\nX: mcp-session-id', 'mcp-session-id')).toBe('');
  });
});
