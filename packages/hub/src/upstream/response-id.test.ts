import { scan } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { isErrorFor, isResponseTo, responseIdOf } from './response-id.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const idOf = (text: string): number | undefined => responseIdOf(bytes(text), bytes(text));

describe('responseIdOf', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{"content":[', 7],
    ['{"id":0,"jsonrpc":"2.0","error":', 0],
    [' { "jsonrpc" : "2.0" , "id" : 12 , "result" : {', 12],
    ['{"result":{"broken":tru},"jsonrpc":"2.0","id":9}', 9],
    ['{"jsonrpc":"2.0","result":{"broken":tru},"id":9} ', 9],
  ])('reads %s', (text, id) => {
    expect(idOf(text)).toBe(id);
  });

  it.each([
    '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":',
    '{"method":"sampling/createMessage","params":{broken},"jsonrpc":"2.0","id":0}',
    '{"result":{"id":5}}',
    '{"result":{"a":1,"id":5}}',
    '{"jsonrpc":"2.0","id":"7","result":',
    'plain text "id":7',
    '',
  ])('does not read %s', (text) => {
    expect(idOf(text)).toBeUndefined();
  });
});

const scanned = (text: string) => {
  const result = scan(bytes(text));
  if (!result.ok) throw new Error('not JSON');
  return result.value;
};

describe('isResponseTo and isErrorFor', () => {
  it('compare the id as a number', () => {
    expect(isResponseTo(scanned('{"id":10,"result":{}}'), 10)).toBe(true);
    expect(isResponseTo(scanned('{"id":1,"result":{}}'), 10)).toBe(false);
    expect(isResponseTo(scanned('{"id":"10","result":{}}'), 10)).toBe(false);
    expect(isResponseTo(scanned('{"id":10,"method":"ping"}'), 10)).toBe(false);
    expect(isResponseTo(scanned('[]'), 10)).toBe(false);
  });

  it('take an error without an id for ours', () => {
    expect(isErrorFor(scanned('{"id":null,"error":{}}'), 1)).toBe(true);
    expect(isErrorFor(scanned('{"error":{}}'), 1)).toBe(true);
    expect(isErrorFor(scanned('{"id":1,"error":{}}'), 1)).toBe(true);
    expect(isErrorFor(scanned('{"id":2,"error":{}}'), 1)).toBe(false);
    expect(isErrorFor(scanned('{"id":null,"result":{}}'), 1)).toBe(false);
  });
});
