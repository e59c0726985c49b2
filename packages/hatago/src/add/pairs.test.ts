import { describe, expect, it } from 'vitest';
import { parseEnv, parseHeaders } from './pairs.ts';

describe('pairs of a command line', () => {
  it.each([
    ['X-Key: abc', { 'X-Key': 'abc' }],
    ['X-Key=abc=def', { 'X-Key': 'abc=def' }],
    ['Authorization: Bearer a:b=c', { Authorization: 'Bearer a:b=c' }],
    ['X-Empty:', { 'X-Empty': '' }],
  ])('the header %s is read', (text, headers) => {
    expect(parseHeaders([text])).toEqual(headers);
  });

  it.each(['novalue', ': x', 'a b: c', 'X: a\r\nY: b'])('the header %j is refused', (text) => {
    expect(() => parseHeaders([text])).toThrow('--header');
  });

  it('does not repeat a value it refuses', () => {
    expect(() => parseHeaders(['X: secret\nvalue'])).not.toThrow('secret');
  });

  it.each([
    ['A=b', { A: 'b' }],
    ['A=', { A: '' }],
    ['A=b=c', { A: 'b=c' }],
    ['A', { A: '${A}' }],
  ])('the variable %s is read', (text, env) => {
    expect(parseEnv([text])).toEqual(env);
  });

  it.each(['1A=b', '=b', 'A B=c', ''])('the variable %j is refused', (text) => {
    expect(() => parseEnv([text])).toThrow('--env');
  });
});
