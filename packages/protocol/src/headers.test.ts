import { describe, expect, it } from 'vitest';
import {
  checkParamHeaders,
  checkStandardHeaders,
  declarationsOf,
  decodeHeaderValue,
  encodeHeaderValue,
  type ParamDeclaration,
  paramHeaders,
  trimHeader,
} from './headers.ts';

const getFrom = (headers: Record<string, string>) => (name: string) => headers[name];

describe('header values', () => {
  it.each([
    ['plain', 'plain'],
    ['a b', 'a b'],
    ['', ''],
    ['test://x?y=1', 'test://x?y=1'],
    [' a', '=?base64?IGE=?='],
    ['a\t', '=?base64?YQk=?='],
    ['a\tb', '=?base64?YQli?='],
    ['a\r\nb', '=?base64?YQ0KYg==?='],
    ['日本', '=?base64?5pel5pys?='],
    ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
    ['=?base64?YQ==', '=?base64?YQ=='],
  ])('writes %j as %j and reads it back', (text, header) => {
    expect(encodeHeaderValue(text)).toBe(header);
    expect(decodeHeaderValue(` ${header}\t`)).toEqual({ ok: true, value: text });
  });

  it.each(['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?=', '=?base64?YR=?=', '=?base64?gA==?='])(
    'refuses %s',
    (header) => {
      expect(decodeHeaderValue(header).ok).toBe(false);
    },
  );

  it.each(['=?BASE64?YQ==?=', '=?base64?=', 'SGVsbG8=', 'YQ==?='])('takes %s literally', (header) => {
    expect(decodeHeaderValue(header)).toEqual({ ok: true, value: header });
  });

  it('removes white space around a value only', () => {
    expect(trimHeader(' \t a b \t')).toBe('a b');
    expect(trimHeader(' \t ')).toBe('');
    expect(trimHeader('\u00a0a')).toBe('\u00a0a');
  });
});

const property = (name: string, schema: unknown) => ({ type: 'object', properties: { [name]: schema } });
const annotated = (header: unknown, type: unknown = 'string') => ({ type, 'x-mcp-header': header });

describe('declarationsOf', () => {
  it('finds declarations at any depth of properties', () => {
    const schema = {
      type: 'object',
      properties: {
        region: annotated('Region'),
        n: annotated('N', 'integer'),
        deep: { type: 'object', properties: { on: annotated('On', 'boolean'), properties: { type: 'string' } } },
        'x-mcp-header': { type: 'string' },
      },
      required: ['region'],
      default: { 'x-mcp-header': 'Data' },
    };
    expect(declarationsOf(schema)).toEqual({
      ok: true,
      value: [
        { header: 'Region', path: ['region'], type: 'string' },
        { header: 'N', path: ['n'], type: 'integer' },
        { header: 'On', path: ['deep', 'on'], type: 'boolean' },
      ],
    });
  });

  it.each([undefined, null, true, {}, { properties: null }, { properties: { a: true } }])(
    'finds none in %j',
    (schema) => {
      expect(declarationsOf(schema)).toEqual({ ok: true, value: [] });
    },
  );

  it.each<[string, unknown]>([
    ['the root', annotated('A')],
    ['items', property('a', { type: 'array', items: annotated('A') })],
    ['prefixItems', property('a', { prefixItems: [annotated('A')] })],
    ['oneOf', { oneOf: [property('a', annotated('A'))] }],
    ['anyOf below a property', property('a', { anyOf: [{ type: 'null' }, annotated('A')] })],
    ['not', { not: annotated('A') }],
    ['if', { if: property('a', annotated('A')) }],
    ['$defs', { $defs: { a: annotated('A') } }],
    ['definitions', { definitions: { a: property('b', annotated('A')) } }],
    ['patternProperties', { patternProperties: { '^a': annotated('A') } }],
    ['additionalProperties', { additionalProperties: annotated('A') }],
    ['a number', property('a', annotated('A', 'number'))],
    ['an object', property('a', annotated('A', 'object'))],
    ['a list of types', property('a', annotated('A', ['string', 'null']))],
    ['no type', property('a', { 'x-mcp-header': 'A' })],
    ['an empty name', property('a', annotated(''))],
    ['a name with a space', property('a', annotated('A B'))],
    ['a name with a line end', property('a', annotated('A\r\nB'))],
    ['a name that is no string', property('a', annotated(1))],
    ['two names that differ in case', { properties: { a: annotated('A'), b: annotated('a') } }],
    ['Authorization', property('a', annotated('Authorization'))],
    ['cookie', property('a', annotated('cookie'))],
    ['Host', property('a', annotated('Host'))],
    ['a hop-by-hop header', property('a', annotated('Transfer-Encoding'))],
    ['a header of MCP', property('a', annotated('Mcp-Session-Id'))],
  ])('refuses a declaration on %s', (_, schema) => {
    expect(declarationsOf(schema)).toMatchObject({ ok: false, error: expect.stringMatching(/./) });
  });

  it('refuses a schema that is nested too deeply', () => {
    let schema: unknown = { type: 'string' };
    for (let i = 0; i < 70; i++) schema = property('a', schema);
    expect(declarationsOf(schema).ok).toBe(false);
  });
});

const DECLARED: readonly ParamDeclaration[] = [
  { header: 'Region', path: ['region'], type: 'string' },
  { header: 'N', path: ['deep', 'n'], type: 'integer' },
  { header: 'On', path: ['on'], type: 'boolean' },
];

describe('Mcp-Param headers', () => {
  it('are derived from the arguments', () => {
    expect(paramHeaders(DECLARED, { region: '東京', deep: { n: -42 }, on: false })).toEqual([
      ['Mcp-Param-Region', '=?base64?5p2x5Lqs?='],
      ['Mcp-Param-N', '-42'],
      ['Mcp-Param-On', 'false'],
    ]);
    expect(paramHeaders(DECLARED, { region: '', on: true })).toEqual([
      ['Mcp-Param-Region', ''],
      ['Mcp-Param-On', 'true'],
    ]);
  });

  it.each([
    undefined,
    null,
    'x',
    {},
    { region: null, deep: 1, on: [] },
    { deep: { n: 2 ** 60 } },
    { deep: { n: Infinity } },
  ])('are none for %j', (args) => {
    expect(paramHeaders(DECLARED, args)).toEqual([]);
    expect(checkParamHeaders(DECLARED, args, getFrom({}))).toBeUndefined();
  });

  it('never read what an argument inherits', () => {
    expect(paramHeaders([{ header: 'X', path: ['constructor', 'name'], type: 'string' }], {})).toEqual([]);
  });

  it.each([
    [{ region: 'a' }, { 'mcp-param-region': 'a' }],
    [{ region: 'a' }, { 'mcp-param-region': ' =?base64?YQ==?= ' }],
    [{ region: '' }, { 'mcp-param-region': '' }],
    [{ deep: { n: 42 } }, { 'mcp-param-n': '42.0' }],
    [{ on: true }, { 'mcp-param-on': 'true' }],
  ])('that match are passed: %j', (args, headers) => {
    expect(checkParamHeaders(DECLARED, args, getFrom(headers))).toBeUndefined();
  });

  it.each<[object, Record<string, string>, string]>([
    [{ region: 'a' }, {}, 'missing'],
    [{ region: 'a' }, { 'mcp-param-region': 'A' }, 'differs'],
    [{ region: 'a' }, { 'mcp-param-region': '=?BASE64?YQ==?=' }, 'differs'],
    [{ region: 'a' }, { 'mcp-param-region': '=?base64?YQ?=' }, 'cannot be read'],
    [{ region: 'a' }, { 'mcp-param-region': '=?base64?YQ0K?=' }, 'differs'],
    [{ region: '42' }, { 'mcp-param-region': '42.0' }, 'differs'],
    [{ deep: { n: 42 } }, { 'mcp-param-n': '0x2a' }, 'differs'],
    [{ deep: { n: 42 } }, { 'mcp-param-n': '43' }, 'differs'],
    [{ on: true }, { 'mcp-param-on': 'TRUE' }, 'differs'],
    [{}, { 'mcp-param-region': 'a' }, 'repeats no argument'],
    [{ region: null }, { 'mcp-param-region': 'null' }, 'repeats no argument'],
  ])('that do not match are told: %j with %j', (args, headers, fault) => {
    expect(checkParamHeaders(DECLARED, args, getFrom(headers))).toContain(fault);
  });
});

describe('checkStandardHeaders', () => {
  const body = { protocolVersion: '2026-07-28', method: 'tools/call', target: 'echo' };
  const good = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  const without = (name: keyof typeof good) => ({ ...good, [name]: undefined }) as unknown as Record<string, string>;

  it.each<[string, Record<string, string>]>([
    ['as they are', good],
    ['with white space', { ...good, 'mcp-name': '  echo  ', 'mcp-method': ' tools/call' }],
    ['encoded', { ...good, 'mcp-name': '=?base64?ZWNobw==?=' }],
  ])('passes headers that match %s', (_, headers) => {
    expect(checkStandardHeaders(getFrom(headers), body)).toBeUndefined();
  });

  it.each<[string, Record<string, string>]>([
    ['MCP-Protocol-Version header is missing', { 'mcp-name': 'wrong' }],
    ['MCP-Protocol-Version header differs', { ...good, 'mcp-protocol-version': '2025-11-25' }],
    ['Mcp-Method header is missing', without('mcp-method')],
    ['Mcp-Method header differs', { ...good, 'mcp-method': 'TOOLS/CALL' }],
    ['Mcp-Name header is missing', without('mcp-name')],
    ['Mcp-Name header differs', { ...good, 'mcp-name': 'Echo' }],
    ['Mcp-Name header cannot be read', { ...good, 'mcp-name': '=?base64?!?=' }],
  ])('says that the %s', (fault, headers) => {
    expect(checkStandardHeaders(getFrom(headers), body)).toContain(fault);
  });

  it('asks for no name where the body has none', () => {
    expect(checkStandardHeaders(getFrom(without('mcp-name')), { ...body, target: undefined })).toBeUndefined();
    const list = { ...body, method: 'tools/list', target: undefined };
    expect(checkStandardHeaders(getFrom({ ...good, 'mcp-method': 'tools/list' }), list)).toBeUndefined();
    expect(checkStandardHeaders(getFrom(good), { ...body, target: undefined })).toContain('Mcp-Name');
  });
});
