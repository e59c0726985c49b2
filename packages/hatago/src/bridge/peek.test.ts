import { describe, expect, it } from 'vitest';
import { peek } from './peek.ts';

const of = (text: string): ReturnType<typeof peek> => peek(Buffer.from(text));

describe('peek', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', '1', 'ping'],
    ['{"jsonrpc":"2.0","id":0,"result":{}}', '0', undefined],
    [' { "method" : "a/b" , "id" : "x\\"y" } ', '"x\\"y"', 'a/b'],
    [
      '{"params":{"id":7,"method":"inner","list":["]}","{"]},"method":"outer","id":12345678901234567890}\n',
      '12345678901234567890',
      'outer',
    ],
    ['{"result":{"text":"\\\\"},"id":null}', 'null', undefined],
    ['{"jsonrpc":"2.0","method":"notifications/initialized"}', undefined, 'notifications/initialized'],
    ['{"a":"\\\\\\"","id":3}', '3', undefined],
    ['{"text":"日本","id":"宿"}', '"宿"', undefined],
    ['{}', undefined, undefined],
  ])('finds id and method in %s', (text, id, method) => {
    expect(of(text)).toEqual({ id, method });
  });

  it.each(['[{"id":1}]', '1', '', 'nonsense', '"id"'])('finds nothing in %j', (text) => {
    expect(of(text)).toBeUndefined();
  });

  it.each(['{"id":1', '{"id', '{"id":', '{"method":"x', '{"a":{"b":[', '{"id":1}}', '{,}'])(
    'comes to an end with %s',
    (text) => {
      expect(of(text)).toBeDefined();
    },
  );

  it('agrees with JSON.parse about any message', () => {
    const texts = ['', 'a', '"', '\\', '{"id":9}', '[', ']', '\\"}', '日'];
    for (const id of [1, 'x"y\\', 'plain'])
      for (const one of texts)
        for (const two of texts) {
          const message = { [`${one}k`]: { id: 5, method: [two, { [two]: one }] }, method: one, id, result: [two] };
          const peeked = peek(Buffer.from(JSON.stringify(message)));
          expect(JSON.parse(peeked?.id ?? '')).toBe(id);
          expect(JSON.parse(`"${peeked?.method}"`)).toBe(one);
        }
  });
});
