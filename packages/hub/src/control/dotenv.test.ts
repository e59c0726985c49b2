import { describe, expect, it } from 'vitest';
import { parseDotEnv } from './dotenv.ts';

describe('a .env text', () => {
  it.each([
    ['A=b', 'b'],
    [' export A = b ', 'b'],
    ['A=b # note', 'b'],
    ['A=b#c', 'b#c'],
    ['A=', ''],
    ["A='b # $c \\n'", 'b # $c \\n'],
    ['A="b\\n\\"c\\" \\\\ #"', 'b\n"c" \\ #'],
    ['A="one\ntwo"', 'one\ntwo'],
    ['A="b" # note', 'b'],
    ['A=a=b', 'a=b'],
    ['A=${B}', '${B}'],
    ['\uFEFFA=b\r\nB=c', 'b'],
  ])('%j gives A the value %j', (text, value) => {
    const { variables, badLines } = parseDotEnv(text);
    expect(variables['A']).toBe(value);
    expect(badLines).toEqual([]);
  });

  it('goes on behind a value over several lines, the last of two counts', () => {
    expect(parseDotEnv('A="1\n2"\nB=3\nB=4\n').variables).toEqual({ A: '1\n2', B: '4' });
  });

  it.each(['what', '1A=b', 'A="open', "A='it''s'", 'A-B=c'])('names a line it cannot read: %s', (line) => {
    expect(parseDotEnv(`# first\n${line}`).badLines).toEqual([2]);
  });
});
