import { describe, expect, it } from 'vitest';
import { META } from '../envelope.ts';
import { Payload } from '../payload.ts';
import { joinPieces, type Piece } from '../pieces.ts';
import { ORIGIN_META } from './meta.ts';
import { toLegacyResult, toModernResult } from './result.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const payload = (text: string): Payload => Payload.ofBytes(encoder.encode(text));
const text = (pieces: readonly Piece[]): string => decoder.decode(joinPieces(pieces));
const HUB = '{"name":"hatago","version":"1"}';
const hub = JSON.parse(HUB);

describe('toModernResult', () => {
  const modern = (
    method: string,
    result: string,
    kind: 'complete' | 'input_required' | 'task' = 'complete',
    more = {},
  ) => text(toModernResult(method, payload(result), kind, { serverInfo: HUB, ...more }));

  it('adds the type and the identity of the hub, and leaves every other byte alone', () => {
    expect(modern('tools/call', '{ "content":[ ] ,"structuredContent" : 1.50, "x":null }')).toBe(
      `{ "content":[ ] ,"structuredContent" : 1.50, "x":null,"resultType":"complete","_meta":{"${META.serverInfo}":${HUB}}}`,
    );
  });

  it('keeps what the server said of itself under a key of the hub', () => {
    const result = `{"content":[],"_meta":{"a":1,"${META.serverInfo}":{"name":"up"}}}`;
    expect(JSON.parse(modern('tools/call', result))._meta).toEqual({
      a: 1,
      [META.serverInfo]: hub,
      [ORIGIN_META]: { name: 'up' },
    });
    const nested = `{"content":[],"_meta":{"${META.serverInfo}":{"name":"hub2"},"${ORIGIN_META}":{"name":"up"}}}`;
    expect(JSON.parse(modern('tools/call', nested))._meta).toEqual({
      [META.serverInfo]: hub,
      [ORIGIN_META]: { name: 'up' },
    });
    expect(JSON.parse(modern('tools/call', '{"content":[],"_meta":null}'))._meta).toEqual({ [META.serverInfo]: hub });
  });

  it.each<[string, 'complete' | 'input_required' | 'task', string]>([
    ['{}', 'complete', 'complete'],
    ['{"resultType":"complete"}', 'complete', 'complete'],
    ['{"resultType":"vendor/x"}', 'complete', 'vendor/x'],
    ['{"resultType":5}', 'complete', 'complete'],
    ['{"resultType":"input_required"}', 'complete', 'complete'],
    ['{"resultType":"task"}', 'complete', 'complete'],
    ['{}', 'task', 'task'],
    ['{"resultType":"complete"}', 'input_required', 'input_required'],
  ])('makes of %s of kind %s the type %s', (result, kind, type) => {
    expect(JSON.parse(modern('prompts/get', result, kind)).resultType).toBe(type);
  });

  it('says how long a list may be kept, unless the list says so', () => {
    expect(JSON.parse(modern('tools/list', '{"tools":[]}'))).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    expect(JSON.parse(modern('tools/list', '{"ttlMs":5,"cacheScope":"public"}'))).toMatchObject({
      ttlMs: 5,
      cacheScope: 'public',
    });
    expect(JSON.parse(modern('tools/list', '{"ttlMs":-5,"cacheScope":"all"}'))).toMatchObject({
      ttlMs: 0,
      cacheScope: 'private',
    });
    const given = { ttlMs: 9, cacheScope: 'public' };
    expect(JSON.parse(modern('resources/read', '{"ttlMs":5,"cacheScope":"private"}', 'complete', given))).toMatchObject(
      given,
    );
    expect(modern('tools/call', '{}')).not.toContain('ttlMs');
    expect(modern('resources/read', '{"inputRequests":{}}', 'input_required')).not.toContain('ttlMs');
  });

  it('gives a tool result without content an empty one', () => {
    expect(JSON.parse(modern('tools/call', '{"structuredContent":1}')).content).toEqual([]);
    expect(modern('tools/call', '{"inputRequests":{}}', 'input_required')).not.toContain('content');
    expect(modern('tools/call', '{"taskId":"t"}', 'task')).not.toContain('content');
  });

  it('throws for a result that is no object', () => {
    for (const result of ['null', '[]', '"x"']) expect(() => modern('tools/call', result)).toThrow(TypeError);
  });
});

describe('toLegacyResult', () => {
  const legacy = (method: string, result: string, version = '2025-11-25', wrap?: boolean) =>
    text(toLegacyResult(method, payload(result), { version, wrap }));

  it('passes the bytes of a result on that needs no change', () => {
    const result = payload('{ "content" : [ {"type":"text"} ] }');
    const [only] = toLegacyResult('tools/call', result, { version: '2025-11-25' });
    expect(only).toBe(result.bytes());
  });

  it('takes away what only the modern wire has', () => {
    expect(legacy('tools/list', '{"resultType":"complete","tools":[ 1 ],"ttlMs":1,"cacheScope":"public"}')).toBe(
      '{"tools":[ 1 ]}',
    );
    expect(legacy('vendor/x', '{"resultType":"complete","ttlMs":1}')).toBe('{"ttlMs":1}');
    const result = `{"messages":[],"_meta":{"${META.serverInfo}":{"name":"up"},"b":2}}`;
    expect(JSON.parse(legacy('prompts/get', result))._meta).toEqual({ b: 2, [ORIGIN_META]: { name: 'up' } });
  });

  it.each([
    ['[1, 2]', false, '{"result":[1, 2]}'],
    ['null', false, '{"result":null}'],
    ['"x"', undefined, '{"result":"x"}'],
    ['{"a":1}', false, '{"a":1}'],
    ['{"a":1}', true, '{"result":{"a":1}}'],
    ['[]', true, '{"result":[]}'],
  ])('shows the structured content %s (wrap %s) as %s', (structured, wrap, expected) => {
    expect(legacy('tools/call', `{"content":[],"structuredContent":${structured}}`, '2025-11-25', wrap)).toBe(
      `{"content":[],"structuredContent":${expected}}`,
    );
  });

  it('gives a tool result without content an empty one, but not a task', () => {
    expect(legacy('tools/call', '{"isError":true}')).toBe('{"isError":true,"content":[]}');
    expect(legacy('tools/call', '{"task":{}}')).toBe('{"task":{}}');
  });

  const link = '{"type":"resource_link","uri":"x://a","name":"a","description":"d","annotations":{"priority":1}}';
  const audio = '{"type":"audio","data":"QQ==","mimeType":"audio/wav","_meta":{"m":1}}';
  const vendor = '{ "type":"vendor/x" }';

  it('replaces content of kinds an old client does not know, and nothing else', () => {
    const result = `{"content":[${vendor}, ${link}, ${audio}]}`;
    expect(legacy('tools/call', result, '2025-06-18')).toBe(result);
    const linkText = '{"type":"text","text":"a: x://a\\nd","annotations":{"priority":1}}';
    expect(legacy('tools/call', result, '2025-03-26')).toBe(`{"content":[${vendor},${linkText},${audio}]}`);
    const blob =
      '{"type":"resource","resource":{"uri":"urn:dev.hatago:audio","mimeType":"audio/wav","blob":"QQ=="},"_meta":{"m":1}}';
    expect(legacy('tools/call', result, '2024-11-05')).toBe(`{"content":[${vendor},${linkText},${blob}]}`);
  });

  it('replaces it in the messages of a prompt too', () => {
    const result = `{"messages":[{"role":"user","content":${audio}},{"role":"user","content":{"type":"text","text":"t"}},{"role":"user"}]}`;
    const shown = JSON.parse(legacy('prompts/get', result, '2024-11-05'));
    expect(shown.messages[0].content.resource.blob).toBe('QQ==');
    expect(shown.messages.slice(1)).toEqual(JSON.parse(result).messages.slice(1));
    expect(legacy('prompts/get', result, '2025-03-26')).toBe(result);
  });

  it('makes do with links and audio that lack their members', () => {
    const result =
      '{"content":[{"type":"resource_link"},{"type":"resource_link","uri":"x://a","title":"T","name":"n"},{"type":"audio"}]}';
    expect(JSON.parse(legacy('tools/call', result, '2024-11-05')).content).toMatchObject([
      { type: 'text', text: '' },
      { type: 'text', text: 'T: x://a' },
      { type: 'resource', resource: { blob: '' } },
    ]);
  });

  it('leaves content alone that is no list', () => {
    for (const result of ['{"content":{}}', '{"content":"x"}'])
      expect(legacy('tools/call', result, '2024-11-05')).toBe(result);
    expect(legacy('resources/read', '{"contents":[]}', '2024-11-05')).toBe('{"contents":[]}');
  });

  it('throws for a result that is no object', () => {
    for (const result of ['null', '[]']) expect(() => legacy('prompts/get', result)).toThrow(TypeError);
  });
});
