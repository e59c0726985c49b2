import { describe, expect, it } from 'vitest';
import { Payload } from '../payload.ts';
import { joinPieces } from '../pieces.ts';
import { wrapSchema } from './schema.ts';
import { fromLegacyTool, toLegacyTool } from './tool.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const payload = (text: string): Payload => Payload.ofBytes(encoder.encode(text));

describe('toLegacyTool', () => {
  it.each([
    '{"name":"a","inputSchema":{"type":"array"}}',
    '{"name":"a","outputSchema":{ "properties":{}, "type":"object" }}',
  ])('passes %s on as it is', (text) => {
    const tool = payload(text);
    expect(toLegacyTool(tool)).toEqual({ tool, wrapped: false });
    expect(toLegacyTool(tool).tool).toBe(tool);
  });

  it('wraps an output schema of another root and leaves every other byte alone', () => {
    const { tool, wrapped } = toLegacyTool(payload('{"name" : "a","outputSchema":{ "type":"array" },"x": 1.0}'));
    expect(wrapped).toBe(true);
    expect(decoder.decode(tool.bytes())).toBe(
      '{"name" : "a","outputSchema":{"type":"object","properties":{"result":{ "type":"array" }},"required":["result"]},"x": 1.0}',
    );
  });

  it.each(['{"anyOf":[{"type":"object"},{"type":"array"}]}', '{"type":["object","null"]}', '{}', 'true'])(
    'wraps the schema %s',
    (schema) => expect(toLegacyTool(payload(`{"outputSchema":${schema}}`)).wrapped).toBe(true),
  );

  it('is done once: what it wrapped needs no wrapping', () => {
    const once = toLegacyTool(payload('{"outputSchema":{"type":"string"}}')).tool;
    expect(toLegacyTool(once)).toEqual({ tool: once, wrapped: false });
  });
});

describe('wrapSchema', () => {
  const wrap = (schema: unknown): { properties: { result: unknown }; [key: string]: unknown } =>
    JSON.parse(decoder.decode(joinPieces(wrapSchema(Payload.ofValue(schema)))));
  const inside = (schema: unknown): unknown => wrap(schema).properties.result;

  it('keeps the dialect at the root', () => {
    expect(wrap({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'array' })).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      required: ['result'],
    });
  });

  it.each<[string, unknown, unknown]>([
    ['the root itself', { anyOf: [{ $ref: '#' }] }, { anyOf: [{ $ref: '#/properties/result' }] }],
    [
      'a definition',
      { items: { $ref: '#/$defs/a' }, $defs: { a: {} } },
      { items: { $ref: '#/properties/result/$defs/a' }, $defs: { a: {} } },
    ],
    [
      'a dynamic reference',
      { items: { $dynamicRef: '#/$defs/a' } },
      { items: { $dynamicRef: '#/properties/result/$defs/a' } },
    ],
    [
      'a property called like a keyword',
      { properties: { const: { $ref: '#' } } },
      { properties: { const: { $ref: '#/properties/result' } } },
    ],
    [
      'a draft-07 anchor',
      { items: { $id: '#a', not: { $ref: '#' } } },
      { items: { $id: '#a', not: { $ref: '#/properties/result' } } },
    ],
    [
      'a recursion',
      { $schema: 'https://json-schema.org/draft/2019-09/schema', items: { $recursiveRef: '#' } },
      { $schema: 'https://json-schema.org/draft/2019-09/schema', items: { $ref: '#/properties/result' } },
    ],
    [
      'a recursion beside a reference',
      { $schema: 'x/2019-09/x', items: { $recursiveRef: '#', $ref: 'y' } },
      { $schema: 'x/2019-09/x', items: { $ref: 'y', allOf: [{ $ref: '#/properties/result' }] } },
    ],
    [
      'a recursion beside all of it',
      { $schema: 'x/2019-09/x', items: { $recursiveRef: '#', $ref: 'y', allOf: [{}] } },
      { $schema: 'x/2019-09/x', items: { $ref: 'y', allOf: [{}, { $ref: '#/properties/result' }] } },
    ],
  ])('moves a pointer to %s along', (_, schema, expected) => {
    expect(inside(schema)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['another document', { items: { $ref: 'https://x.test/a#/b' } }],
    ['an anchor', { items: { $ref: '#a' } }],
    ['data', { default: { $ref: '#' }, enum: [{ $ref: '#' }], const: { $ref: '#/a' }, examples: [{ $ref: '#' }] }],
    ['a schema with an id', { items: { $id: 'https://x.test/a', not: { $ref: '#' } } }],
    ['a root with an id', { $id: 'https://x.test/a', items: { $ref: '#' } }],
    ['a property called $ref', { properties: { $ref: { type: 'string' } } }],
    ['a recursion of another dialect', { items: { $recursiveRef: '#' } }],
    ['a recursion with an anchor', { $schema: 'x/2019-09/x', $recursiveAnchor: true, items: { $recursiveRef: '#' } }],
  ])('leaves a pointer to %s alone', (_, schema) => {
    expect(inside(schema)).toEqual(schema);
  });

  it('keeps a property of an odd name', () => {
    const schema = JSON.parse('{"properties":{"__proto__":{"$ref":"#"}}}');
    expect(JSON.stringify(inside(schema))).toBe('{"properties":{"__proto__":{"$ref":"#/properties/result"}}}');
    expect(({} as Record<string, unknown>).$ref).toBeUndefined();
  });
});

describe('fromLegacyTool', () => {
  it('takes execution away and says what it held', () => {
    const { tool, taskSupport } = fromLegacyTool(payload('{"name":"a", "execution":{"taskSupport":"required"},"x":1}'));
    expect(decoder.decode(tool.bytes())).toBe('{"name":"a","x":1}');
    expect(taskSupport).toBe('required');
  });

  it.each([
    ['{"execution":{"taskSupport":"optional"}}', 'optional'],
    ['{"execution":{"taskSupport":"sometimes"}}', 'forbidden'],
    ['{"execution":{}}', 'forbidden'],
    ['{"execution":null}', 'forbidden'],
    ['{}', 'forbidden'],
  ])('reads %s as %s', (tool, support) => {
    expect(fromLegacyTool(payload(tool)).taskSupport).toBe(support);
  });

  it('passes a tool without it on as it is', () => {
    const tool = payload('{"name":"a"}');
    expect(fromLegacyTool(tool).tool).toBe(tool);
  });
});
