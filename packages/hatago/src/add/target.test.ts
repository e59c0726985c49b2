import { describe, expect, it } from 'vitest';
import { isOpenApiText } from './openapi.ts';
import { parseTarget, splitWords } from './target.ts';

const parse = (...words: string[]) => {
  const at = words.indexOf('--');
  const operands = words.filter((_, i) => i !== at);
  return parseTarget(splitWords(operands, ['node', 'hatago', 'add', ...words]));
};

describe('what is to be added', () => {
  it.each([
    [['https://mcp.example.com/mcp'], undefined, { kind: 'url', url: 'https://mcp.example.com/mcp' }],
    [['wss://x.example/ws'], undefined, { kind: 'url', url: 'wss://x.example/ws' }],
    [['wiki', 'https://x.example/mcp'], 'wiki', { kind: 'url', url: 'https://x.example/mcp' }],
    [['@a/b'], undefined, { kind: 'package', spec: { name: '@a/b', version: undefined } }],
    [['fs', 'mcp-fs@1.0.0'], 'fs', { kind: 'package', spec: { name: 'mcp-fs', version: '1.0.0' } }],
    [['--', 'node', 'x.js', '--flag'], undefined, { kind: 'command', command: 'node', args: ['x.js', '--flag'] }],
    [['fs', '--', './server'], 'fs', { kind: 'command', command: './server', args: [] }],
    [['fs', '--', 'sh', '--', 'x'], 'fs', { kind: 'command', command: 'sh', args: ['--', 'x'] }],
  ])('of %j is known', (words, id, target) => {
    expect(parse(...words)).toEqual({ id, target });
  });

  it.each([
    [[], 'give a URL'],
    [['--'], 'give a URL'],
    [['a', 'b', '--', 'c'], 'give a URL'],
    [['a', 'node', 'x.js'], 'after --'],
    [['Big_Id', 'https://x.example'], 'e.g. big-id'],
    [['../up', '--', 'x'], 'cannot be an id'],
    [['ftp://x.example'], 'only http'],
    [['./server.js'], 'after --'],
    [['https://user:pass@x.example/mcp'], 'user name or password'],
    [['not a name'], 'not the name of an npm package'],
  ])('of %j is refused with %s', (words, message) => {
    expect(() => parse(...words)).toThrow(message);
  });

  it.each([
    'https://api.example.com/openapi.json',
    'https://api.example.com/v3/api-docs',
    'https://api.example.com/swagger-2.yaml',
    './petstore.openapi.yaml',
    'openapi.yml',
  ])('may not be an OpenAPI document such as %s', (word) => {
    expect(() => parse(word)).toThrow('not served yet');
  });

  it('may be a package that is called after OpenAPI', () => {
    expect(parse('@acme/openapi').target.kind).toBe('package');
    expect(parse('openapi-mcp').target.kind).toBe('package');
  });
});

describe('a text', () => {
  it.each([
    ['{ "openapi": "3.1.0" }', true],
    ['{ "info": 1, "swagger": "2.0" }', true],
    ['# comment\nopenapi: 3.0.0\n', true],
    ['{"jsonrpc":"2.0"}', false],
    ['<html>openapi</html>', false],
  ])('%j is a description of an HTTP interface: %s', (text, is) => {
    expect(isOpenApiText(text)).toBe(is);
  });
});
