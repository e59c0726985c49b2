import { describe, expect, it } from 'vitest';
import { type Classified, classify, type Rejection } from './classify.ts';
import { CODES } from './codes.ts';
import { META } from './envelope.ts';
import type { Result } from './result.ts';
import { scan } from './scan.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MODERN = '2026-07-28';
const META_OK = { [META.protocolVersion]: MODERN, [META.clientCapabilities]: {} };

function read(
  message: unknown,
  headers: Record<string, string> = {},
  transport: 'http' | 'duplex' = 'http',
): Result<Classified, Rejection> {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const scanned = scan(encoder.encode(text));
  if (!scanned.ok) throw new Error(`not JSON: ${text}`);
  return classify((name) => headers[name], scanned.value, transport);
}

function request(method: string, params: object | undefined = {}, id: unknown = 7): Record<string, unknown> {
  return { jsonrpc: '2.0', id, method, params };
}
const modern = (method: string, params: object = {}, meta: object = {}) =>
  request(method, { ...params, _meta: { ...META_OK, ...meta } });
const headersOf = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': MODERN,
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
});

function rejected(result: Result<Classified, Rejection>): {
  code: string;
  rpc: unknown;
  http: unknown;
  id: unknown;
  message: string;
} {
  if (result.ok) throw new Error('accepted');
  const { code, id, idBytes, detail } = result.error;
  expect(JSON.parse(decoder.decode(idBytes))).toEqual(id);
  return { code, rpc: CODES[code].rpc, http: CODES[code].http, id, message: detail.message ?? '' };
}
function accepted(result: Result<Classified, Rejection>): Classified {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail.message}`);
  return result.value;
}

describe('classify a modern request', () => {
  it('finds its parts', () => {
    const message = modern(
      'tools/call',
      { name: 'echo', arguments: { a: 1 } },
      { progressToken: 3, [META.logLevel]: 'info', [META.clientInfo]: { name: 'c' } },
    );
    const found = accepted(read(message, headersOf('tools/call', 'echo')));
    if (found.kind !== 'request' || found.era !== 'modern') throw new Error('not a modern request');
    expect(found).toMatchObject({
      id: 7,
      method: 'tools/call',
      info: { mrtr: true },
      envelope: { protocolVersion: MODERN, logLevel: 'info', progressToken: 3, asks: 'deferred' },
    });
    expect(decoder.decode(found.idBytes)).toBe('7');
    expect(found.params.text('name')).toBe('echo');
    expect(found.envelope.clientCapabilities.value()).toEqual({});
    expect(found.envelope.clientInfo?.value()).toEqual({ name: 'c' });
    expect(found.message.value()).toEqual(message);
  });

  it('is modern by its body on a duplex transport, where there are no headers to check', () => {
    expect(accepted(read(modern('tools/call', { name: 'echo' }), {}, 'duplex'))).toMatchObject({
      era: 'modern',
      kind: 'request',
    });
  });

  it('passes methods of extensions on without what the hub knows of them', () => {
    expect(accepted(read(modern('skills/list'), headersOf('skills/list')))).toMatchObject({
      era: 'modern',
      info: undefined,
    });
    expect(accepted(read(modern('constructor'), headersOf('constructor')))).toMatchObject({ info: undefined });
  });

  it.each([
    ['without params', request('server/discover', undefined)],
    ['without _meta', request('server/discover')],
    ['with a _meta that is no object', request('server/discover', { _meta: 'x' })],
    ['without a version', request('server/discover', { _meta: { [META.clientCapabilities]: {} } })],
    ['without capabilities', request('server/discover', { _meta: { [META.protocolVersion]: MODERN } })],
    ['with capabilities that are a list', modern('server/discover', {}, { [META.clientCapabilities]: [] })],
    ['with a version that is no string', modern('server/discover', {}, { [META.protocolVersion]: 1 })],
    ['with client info that is a string', modern('server/discover', {}, { [META.clientInfo]: 'x' })],
    ['with an unknown log level', modern('server/discover', {}, { [META.logLevel]: 'loud' })],
    ['with a progress token that is an object', modern('server/discover', {}, { progressToken: {} })],
  ])('%s is refused with -32602 on HTTP 400', (_, message) => {
    expect(rejected(read(message, headersOf('server/discover')))).toMatchObject({ rpc: -32602, http: 400, id: 7 });
  });

  it('names the version it claims when nobody speaks it', () => {
    const message = modern('server/discover', {}, { [META.protocolVersion]: 'v999.0.0' });
    const result = read(message, { ...headersOf('server/discover'), 'mcp-protocol-version': 'v999.0.0' });
    expect(rejected(result)).toMatchObject({ rpc: -32022, http: 400, id: 7 });
    expect(result).toMatchObject({ error: { detail: { data: { supported: [MODERN], requested: 'v999.0.0' } } } });
  });

  it('claims a legacy version in vain', () => {
    const message = modern('tools/list', {}, { [META.protocolVersion]: '2025-11-25' });
    expect(rejected(read(message, {}))).toMatchObject({ rpc: -32022 });
  });

  it.each<[string, Record<string, string>]>([
    ['another version', { ...headersOf('tools/call', 'echo'), 'mcp-protocol-version': '2025-11-25' }],
    ['no version', { 'mcp-method': 'tools/call', 'mcp-name': 'echo' }],
    ['another method', headersOf('tools/list', 'echo')],
    ['no method', { 'mcp-protocol-version': MODERN, 'mcp-name': 'echo' }],
    ['another name', headersOf('tools/call', 'Echo')],
    ['no name', headersOf('tools/call')],
  ])('with headers that say %s is refused with -32020', (_, headers) => {
    expect(rejected(read(modern('tools/call', { name: 'echo' }), headers))).toMatchObject({
      rpc: -32020,
      http: 400,
      id: 7,
    });
  });

  it('is checked for the header it contradicts before the version it claims', () => {
    const message = modern('server/discover', {}, { [META.protocolVersion]: 'v999.0.0' });
    expect(rejected(read(message, headersOf('server/discover'))).rpc).toBe(-32020);
  });

  it('is checked for its envelope before its headers, and for its headers before its method', () => {
    const broken = modern('ping', {}, { [META.clientCapabilities]: 1 });
    expect(rejected(read(broken, headersOf('x'))).rpc).toBe(-32602);
    expect(rejected(read(modern('ping'), headersOf('x'))).rpc).toBe(-32020);
    expect(rejected(read(modern('ping'), headersOf('ping'))).rpc).toBe(-32601);
  });

  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'tasks/result',
    'tasks/list',
    'sampling/createMessage',
    'notifications/progress',
  ])('%s is refused with -32601 on HTTP 404', (method) => {
    expect(rejected(read(modern(method), headersOf(method)))).toMatchObject({ rpc: -32601, http: 404, id: 7 });
    expect(rejected(read(modern(method), {}, 'duplex'))).toMatchObject({ rpc: -32601 });
  });
});

describe('classify a legacy request', () => {
  it.each(['initialize', 'tools/list', 'ping', 'server/discover', 'vendor/x'])('%s needs no headers', (method) => {
    const found = accepted(read({ jsonrpc: '2.0', id: 'a', method }));
    expect(found).toMatchObject({ era: 'legacy', kind: 'request', id: 'a', method });
    if (found.kind === 'request') expect(found.params.value()).toEqual({});
  });

  it('is legacy with a legacy version header', () => {
    expect(accepted(read(request('tools/list'), { 'mcp-protocol-version': '2025-06-18' }))).toMatchObject({
      era: 'legacy',
    });
  });

  it('is an initialize also when its claim is not valid', () => {
    const claims = [{ [META.protocolVersion]: MODERN }, { ...META_OK, [META.protocolVersion]: '2025-11-25' }];
    for (const _meta of claims) {
      expect(accepted(read(request('initialize', { protocolVersion: '2025-11-25', _meta })))).toMatchObject({
        era: 'legacy',
      });
      expect(rejected(read(request('initialize', { _meta }), { 'mcp-protocol-version': MODERN }))).toMatchObject({
        rpc: -32020,
      });
    }
  });

  it('is refused when its header names a modern version', () => {
    const headers = { 'mcp-protocol-version': MODERN };
    expect(rejected(read(request('initialize', { protocolVersion: '2025-11-25' }), headers))).toMatchObject({
      rpc: -32020,
      http: 400,
      id: 7,
    });
    expect(rejected(read(request('tools/list'), headers))).toMatchObject({ rpc: -32602, http: 400, id: 7 });
    expect(rejected(read(request('tools/list'), { 'mcp-protocol-version': '2027-01-01' }))).toMatchObject({
      rpc: -32602,
    });
  });

  it('does not look at headers on a duplex transport', () => {
    expect(accepted(read(request('initialize'), { 'mcp-protocol-version': MODERN }, 'duplex'))).toMatchObject({
      era: 'legacy',
    });
  });
});

describe('classify an id', () => {
  it.each([
    '0',
    '1',
    '-5',
    '9007199254740991',
    '123456789012345',
    '1e2',
    '2.0',
    '""',
    '"a"',
    '"\\u0061"',
    `"${'x'.repeat(128)}"`,
    `"${'\\u65e5'.repeat(128)}"`,
  ])('takes %s and keeps it as it was written', (id) => {
    const found = accepted(read(`{"jsonrpc":"2.0","id": ${id} ,"method":"ping"}`));
    if (found.kind !== 'request') throw new Error(found.kind);
    expect(found.id).toBe(JSON.parse(id));
    expect(decoder.decode(found.idBytes)).toBe(id);
  });

  it.each([
    'null',
    'true',
    '1.5',
    '9007199254740992',
    '1e400',
    '{}',
    '[1]',
    `"${'x'.repeat(129)}"`,
    `"${'x'.repeat(1_000_000)}"`,
    `1${'0'.repeat(99)}`,
  ])('refuses %.20s with id null', (id) => {
    expect(rejected(read(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`))).toMatchObject({
      rpc: -32600,
      http: 400,
      id: null,
    });
  });
});

describe('classify what is no message', () => {
  it.each(['null', '1', '"x"', 'true'])('refuses %s', (text) => {
    expect(rejected(read(text))).toMatchObject({ rpc: -32600, http: 400, id: null });
  });

  it.each([
    '{}',
    '{"id":1}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    '{"jsonrpc":2,"id":1,"method":"ping"}',
    '{"id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":5}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
    '{"jsonrpc":"2.0","id":1,"error":"x"}',
  ])('refuses %s and echoes its id', (text) => {
    expect(rejected(read(text))).toMatchObject({ rpc: -32600, http: 400, id: text === '{}' ? null : 1 });
  });
});

describe('classify a notification', () => {
  const note = (params: object = {}) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params });

  it('is of the era its envelope or else its header says', () => {
    expect(accepted(read(note()))).toMatchObject({
      kind: 'notification',
      era: 'legacy',
      method: 'notifications/cancelled',
    });
    expect(accepted(read(note(), { 'mcp-protocol-version': MODERN }))).toMatchObject({ era: 'modern' });
    expect(accepted(read(note({ _meta: { [META.protocolVersion]: MODERN } })))).toMatchObject({ era: 'modern' });
    expect(accepted(read(note(), { 'mcp-protocol-version': MODERN }, 'duplex'))).toMatchObject({ era: 'legacy' });
  });

  it('is refused where header and body disagree, or the version is not spoken', () => {
    const claim = (version: unknown) => note({ _meta: { [META.protocolVersion]: version } });
    expect(rejected(read(claim(1)))).toMatchObject({ rpc: -32602, id: null });
    expect(rejected(read(claim('v9')))).toMatchObject({ rpc: -32022 });
    expect(rejected(read(claim(MODERN), { 'mcp-protocol-version': '2025-11-25' }))).toMatchObject({ rpc: -32020 });
    expect(rejected(read(claim(MODERN), { 'mcp-method': 'x' }))).toMatchObject({ rpc: -32020 });
    expect(accepted(read(note(), { 'mcp-method': 'x' }))).toMatchObject({ era: 'legacy' });
  });
});

describe('classify a response', () => {
  it('belongs to a legacy session', () => {
    const found = accepted(read({ jsonrpc: '2.0', id: 0, result: { a: 1 } }));
    if (found.kind !== 'response') throw new Error(found.kind);
    expect(found).toMatchObject({ era: 'legacy', id: 0, error: undefined });
    expect(found.result?.value()).toEqual({ a: 1 });
  });

  it('may be an error that answers nothing in particular', () => {
    for (const id of [{}, { id: null }]) {
      const found = accepted(read({ jsonrpc: '2.0', ...id, error: { code: 1, message: 'x' } }));
      expect(found).toMatchObject({ kind: 'response', id: undefined, result: undefined });
    }
  });

  it.each([
    { jsonrpc: '2.0', result: {} },
    { jsonrpc: '2.0', id: null, result: {} },
    { jsonrpc: '2.0', id: {}, error: {} },
  ])('is refused without an id it could belong to: %j', (message) => {
    expect(rejected(read(message))).toMatchObject({ rpc: -32600, id: null });
  });

  it('is refused from a modern client', () => {
    expect(rejected(read({ jsonrpc: '2.0', id: 1, result: {} }, { 'mcp-protocol-version': MODERN }))).toMatchObject({
      rpc: -32600,
    });
  });
});

describe('classify a batch', () => {
  it('hands its elements over to be classified one by one', () => {
    const found = accepted(read([request('ping'), { jsonrpc: '2.0', id: 1, result: {} }, 5]));
    if (found.kind !== 'batch') throw new Error(found.kind);
    const kinds = found.elements.map((element) => classify(() => undefined, element, 'http'));
    expect(kinds.map((kind) => (kind.ok ? kind.value.kind : kind.error.code))).toEqual([
      'request',
      'response',
      'HATAGO_INVALID_REQUEST',
    ]);
  });

  it.each<[string, unknown[], Record<string, string>]>([
    ['is empty', [], {}],
    ['has a modern element', [request('ping'), modern('tools/list')], {}],
    ['has a modern header', [request('ping')], { 'mcp-protocol-version': MODERN }],
  ])('is refused when it %s', (_, batch, headers) => {
    expect(rejected(read(batch, headers))).toMatchObject({ rpc: -32600, http: 400, id: null });
  });
});
