import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinPieces } from './pieces.ts';
import { createSseParser, SSE_KEEPALIVE, sseEvent, ssePriming } from './sse.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Seen {
  events: { id?: string; event?: string; data: string }[];
  retries: number[];
  tooLarge: number;
}

function read(chunks: readonly Uint8Array[], maxEventBytes = 10_000): Seen {
  const seen: Seen = { events: [], retries: [], tooLarge: 0 };
  const parser = createSseParser({
    maxEventBytes,
    onEvent: ({ data, ...rest }) => seen.events.push({ ...rest, data: decoder.decode(data) }),
    onRetry: (ms) => seen.retries.push(ms),
    onTooLarge: () => seen.tooLarge++,
  });
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return seen;
}
const readText = (text: string, maxEventBytes?: number): Seen => read([encoder.encode(text)], maxEventBytes);

/** Cuts the bytes at the given places, repeated places giving empty chunks. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...places.map((place) => place % (bytes.length + 1))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.slice(from, at[index] ?? bytes.length));
}

describe('createSseParser', () => {
  it.each<[string, string, Seen['events']]>([
    ['one line', 'data: a\n\n', [{ data: 'a' }]],
    ['no space after the colon', 'data:a\n\n', [{ data: 'a' }]],
    ['only one space taken away', 'data:  a \n\n', [{ data: ' a ' }]],
    ['several data lines', 'data: a\ndata\ndata: b\n\n', [{ data: 'a\n\nb' }]],
    ['two empty data lines', 'data\ndata\n\n', [{ data: '\n' }]],
    ['all fields', 'event: x\nid: 7\ndata: a\n\n', [{ id: '7', event: 'x', data: 'a' }]],
    ['an id without data', 'id: 7\ndata:\n\n', [{ id: '7', data: '' }]],
    ['an id alone', 'id: 7\n\n', [{ id: '7', data: '' }]],
    ['an event name alone', 'event: x\n\ndata: a\n\n', [{ data: 'a' }]],
    ['an id with NUL', 'id: a\0b\ndata: a\n\n', [{ data: 'a' }]],
    ['comments and unknown fields', ': hi\nfoo: bar\ndata: a\nbaz\n\n', [{ data: 'a' }]],
    ['a byte order mark', '\ufeffdata: a\n\n', [{ data: 'a' }]],
    ['a byte order mark later on', 'data: a\n\n\ufeffdata: b\n\n', [{ data: 'a' }]],
    ['empty lines', '\n\n\ndata: a\n\n\n\n', [{ data: 'a' }]],
    ['CR line ends', 'data: a\rdata: b\r\rdata: c\r\r', [{ data: 'a\nb' }, { data: 'c' }]],
    ['CRLF line ends', 'data: a\r\ndata: b\r\n\r\n', [{ data: 'a\nb' }]],
    ['an event that is not finished', 'data: a\n\ndata: b\n', [{ data: 'a' }]],
    ['a line that is not finished', 'data: a', []],
  ])('reads %s', (_, text, events) => {
    expect(readText(text).events).toEqual(events);
  });

  it.each([1, 7, 100, 5000])('discards an event that is too large to its end, read in chunks of %i bytes', (size) => {
    const events: string[] = [];
    const skipped: [string, string][] = [];
    let tooLarge = 0;
    const parser = createSseParser({
      maxEventBytes: 1000,
      onEvent: ({ data }) => events.push(decoder.decode(data)),
      onTooLarge: () => tooLarge++,
      onSkipped: (head, tail) => skipped.push([decoder.decode(head), decoder.decode(tail)]),
    });
    const large = `{"id":1,"result":"${'x'.repeat(2000)}","id":2}`;
    const bytes = encoder.encode(`data: a\n\nevent: message\r\ndata: ${large}\r\n\r\ndata: b\n\n`);
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    expect(events).toEqual(['a', 'b']);
    expect(skipped).toHaveLength(1);
    expect(skipped[0]?.[0]).toMatch(/^\{"id":1,"result":"x{900}/);
    expect(skipped[0]?.[1]).toMatch(/^x+","id":2\}$/);
    expect(tooLarge).toBe(0);
    for (let sent = 0; sent < 5000; sent += 100) parser.push(encoder.encode('data: '.padEnd(100, 'y')));
    expect(tooLarge).toBe(1);
  });

  it('reports retry times and ignores those that are no number', () => {
    expect(readText('retry: 1500\nretry: x\nretry: -1\nretry:\nretry: 9999999999999999\n\n').retries).toEqual([1500]);
  });

  it('gives the same events however the stream is cut', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'data: a',
        'data:',
        'data',
        'data: \u65e5\u672c\u{1f600}',
        'id: 1',
        'event: message',
        'retry: 10',
        ': c',
        '',
        '',
      ),
      fc.string({ maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 20 });
    fc.assert(
      fc.property(stream, fc.boolean(), fc.array(fc.nat(), { maxLength: 8 }), (lines, mark, places) => {
        const bytes = encoder.encode((mark ? '\ufeff' : '') + lines.map((parts) => parts.join('')).join(''));
        const whole = read([bytes]);
        expect(read(cut(bytes, places))).toEqual(whole);
        expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it('hands over data of one line without copying it', () => {
    const chunk = encoder.encode('data: abc\n\n');
    let data: Uint8Array = new Uint8Array();
    createSseParser({ maxEventBytes: 99, onEvent: (event) => (data = event.data) }).push(chunk);
    expect(data.buffer).toBe(chunk.buffer);
  });

  it('stops at an event that is too large, also when its line never ends', () => {
    const large = `data: a\n\ndata: ${'x'.repeat(95)}\n\ndata: b\n\n`;
    expect(readText(large, 100)).toEqual({ events: [{ data: 'a' }], retries: [], tooLarge: 1 });
    expect(readText(large, 101).events).toHaveLength(3);
    expect(readText('data: 0123456789\n'.repeat(20), 100).tooLarge).toBe(1);
    const chunks = Array.from({ length: 30 }, () => encoder.encode('data'));
    expect(read(chunks, 100).tooLarge).toBe(1);
  });

  it('does not count comments as part of an event', () => {
    expect(readText(`${': keep-alive\n\n'.repeat(100)}${': c\n'.repeat(100)}data: a\n\n`, 50).events).toEqual([
      { data: 'a' },
    ]);
  });

  it('says nothing after its end, even without listeners for retry and size', () => {
    const events: unknown[] = [];
    const parser = createSseParser({ maxEventBytes: 20, onEvent: (event) => events.push(event) });
    parser.push(encoder.encode('retry: 5\ndata: a\n\n'));
    parser.push(encoder.encode(`data: ${'x'.repeat(50)}`));
    parser.push(encoder.encode('\n\ndata: b\n\n'));
    expect(events).toHaveLength(1);
  });

  it('is done with an event of 4 MB that comes in small chunks', () => {
    const chunk = encoder.encode('x'.repeat(100));
    const seen = read(
      [encoder.encode('data: '), ...new Array<Uint8Array>(40_000).fill(chunk), encoder.encode('\n\n')],
      5_000_000,
    );
    expect(seen.events[0]?.data).toHaveLength(4_000_000);
  });
});

describe('writing events', () => {
  it('is read back as the same JSON on one line', () => {
    const text = '{\n\t"a":\r\n"x\\n"}';
    for (const pieces of [
      [text],
      [encoder.encode(text)],
      ['{"a":', encoder.encode('\n1'), '}'],
      [encoder.encode('{}')],
    ]) {
      const written = joinPieces(sseEvent(pieces, 'e-1'));
      const [event] = read([written]).events;
      expect(event).toMatchObject({ id: 'e-1', event: 'message' });
      expect(JSON.parse(event?.data ?? '')).toEqual(JSON.parse(decoder.decode(joinPieces(pieces))));
      expect(event?.data).not.toMatch(/[\r\n]/);
    }
  });

  it('has no id unless given one', () => {
    expect(read([joinPieces(sseEvent(['{}']))]).events).toEqual([{ event: 'message', data: '{}' }]);
  });

  it('primes a client with an id and a time to wait', () => {
    expect(readText(ssePriming('e-0', 250))).toEqual({
      events: [{ id: 'e-0', data: '' }],
      retries: [250],
      tooLarge: 0,
    });
    expect(readText(ssePriming('e-0'))).toMatchObject({ events: [{ id: 'e-0' }], retries: [] });
  });

  it('keeps a stream open without an event', () => {
    expect(readText(SSE_KEEPALIVE)).toEqual({ events: [], retries: [], tooLarge: 0 });
  });
});
