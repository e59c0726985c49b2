import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Members, valueEnd, valueStart } from './members.ts';
import { DEFAULT_SCAN_LIMITS, type Scanned, scan } from './scan.ts';

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const bytesOf = (text: string): Uint8Array => encoder.encode(text);
const RUNS = { seed: 20260728, numRuns: 300 };

function parsed(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(strict.decode(bytes)) };
  } catch {
    return undefined;
  }
}

/** Compares what was recorded of an object with the value `JSON.parse` made of it. */
function expectSameMembers(source: Uint8Array, members: Members, value: unknown): void {
  expect(parsed(source.subarray(members.start, members.end))).toEqual({ value });
  const record = value as Record<string, unknown>;
  expect([...members.names].sort()).toEqual(Object.keys(record).sort());
  members.names.forEach((name, index) => {
    const own = Object.getOwnPropertyDescriptor(record, name)?.value;
    expect(parsed(source.subarray(valueStart(members, index), valueEnd(members, index)))).toEqual({ value: own });
    const child = members.children[index];
    if (child !== undefined) expectSameMembers(source, child, own);
  });
}

function expectSame(scanned: Scanned, value: unknown): void {
  if (scanned.top !== undefined) expectSameMembers(scanned.source, scanned.top, value);
  else expect(typeof value !== 'object' || value === null || Array.isArray(value)).toBe(true);
  if (!Array.isArray(value)) return expect(scanned.elements).toBeUndefined();
  expect(scanned.elements).toHaveLength(value.length);
  scanned.elements?.forEach((element, index) => {
    expect(parsed(element.source.subarray(element.start, element.end))).toEqual({ value: value[index] });
    if (element.top !== undefined) expectSameMembers(element.source, element.top, value[index]);
  });
}

/** Deepest nesting, counted outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of text.replace(/"(?:[^"\\]|\\.)*"/gs, '""')) {
    if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth--;
  }
  return deepest;
}

function expectAgrees(bytes: Uint8Array): void {
  const result = scan(bytes);
  const oracle = parsed(bytes);
  if (result.ok) {
    expect(oracle).toBeDefined();
    expectSame(result.value, oracle?.value);
  } else if (result.error.reason === 'syntax') {
    expect(oracle).toBeUndefined();
    expect(result.error.offset).toBeGreaterThanOrEqual(0);
    expect(result.error.offset).toBeLessThanOrEqual(bytes.length);
  } else if (result.error.reason === 'depth') {
    expect(depthOf(strict.decode(bytes))).toBeGreaterThan(64);
  }
}

const message = fc.record(
  {
    jsonrpc: fc.constantFrom('2.0', '1.0'),
    id: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
    method: fc.constantFrom('tools/call', 'tools/list', 'x'),
    params: fc.dictionary(fc.oneof(fc.constantFrom('_meta', 'name', 'arguments'), fc.string()), fc.jsonValue()),
    result: fc.jsonValue(),
    error: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const spacing = fc.constantFrom(undefined, 1, '\t', ' \r\n');
const text = fc
  .tuple(fc.oneof(message, fc.jsonValue(), fc.array(message, { maxLength: 3 })), spacing)
  .map(([value, space]) => JSON.stringify(value, undefined, space as string));

describe('scan against JSON.parse', () => {
  it('accepts valid texts and finds the same members', () => {
    fc.assert(
      fc.property(text, (json) => {
        expect(scan(bytesOf(json)).ok).toBe(true);
        expectAgrees(bytesOf(json));
      }),
      RUNS,
    );
  });

  it('agrees on damaged texts', () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.nat({ max: 2 }),
      fc.oneof(fc.constantFrom(...bytesOf('"\\{}[]:,u0e-+.\n\0 t')), fc.nat(255)),
    );
    fc.assert(
      fc.property(text, fc.array(damage, { minLength: 1, maxLength: 4 }), (json, damages) => {
        const bytes = [...bytesOf(json)];
        for (const [at, kind, byte] of damages) {
          bytes.splice(at % (bytes.length + 1), kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [byte]));
        }
        expectAgrees(Uint8Array.from(bytes));
      }),
      { ...RUNS, numRuns: 1200 },
    );
  });

  it('agrees on random bytes and on random tokens', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"\\u00e9"',
      '1',
      '-0',
      '1e5',
      'true',
      'null',
      ' ',
      '"',
      '01',
      '.5',
      '1.',
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), expectAgrees), RUNS);
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => expectAgrees(bytesOf(tokens.join('')))),
      { ...RUNS, numRuns: 1200 },
    );
  });

  it.each([
    '',
    ' ',
    '\ufeff{}',
    '{}{}',
    '{"a"}',
    '{"a":}',
    '{,}',
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '[1 2]',
    "{'a':1}",
    'nul',
    'nulL',
    'tru',
    'True',
    'fals',
    'falsy',
    '-',
    '+1',
    '01',
    '-01',
    '1.',
    '.1',
    '1e',
    '1e+',
    '1E-',
    '0x1',
    'NaN',
    '"',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\u',
    '"a\nb"',
    '"\u0000"',
    '[',
    '{',
    '{"a',
    '{"a":1',
    '\u00a0{}',
    '//x\n{}',
  ])('refuses %j', (json) => {
    expect(parsed(bytesOf(json))).toBeUndefined();
    expect(scan(bytesOf(json))).toMatchObject({ ok: false, error: { reason: 'syntax' } });
  });

  it.each([
    '0',
    '-0',
    '1.5e-7',
    '1E+2',
    'true',
    'false',
    'null',
    '""',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00FF"',
    '[]',
    '{}',
    ' [ ] ',
    '\t{ }\r\n',
    '"\u{1f600}\u2028"',
  ])('accepts %j', (json) => expect(scan(bytesOf(json)).ok).toBe(true));
});

describe('scan inside of larger buffers', () => {
  it('reads only its range, wherever that begins', () => {
    const json = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'x',
      params: { text: 'long '.repeat(100), _meta: {} },
    });
    for (let before = 0; before < 9; before++) {
      const all = bytesOf(`${'"'.repeat(before)}${json}"\\}]}`);
      const whole = Buffer.alloc(all.length + before);
      whole.set(all, before);
      const inner = whole.subarray(before);
      const result = scan(inner, before, before + json.length);
      expect(result.ok).toBe(true);
      if (result.ok) expectSame(result.value, JSON.parse(json));
      expect(scan(inner, before, before + json.length - 1).ok).toBe(false);
      expect(scan(inner, before, before + json.length + 1).ok).toBe(false);
    }
  });

  it('does not read a string, a literal or an escape past its end', () => {
    const all = bytesOf('"abc" true "\\u00e9"');
    expect(scan(all, 0, 4).ok).toBe(false);
    expect(scan(all, 6, 9).ok).toBe(false);
    expect(scan(all, 11, 17).ok).toBe(false);
    const long = bytesOf(`"${'x'.repeat(500)}"`);
    expect(scan(long, 0, 400)).toMatchObject({ ok: false, error: { reason: 'syntax', offset: 400 } });
  });
});

describe('scan limits', () => {
  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('takes 64 levels of %s and no more', (_, open, close) => {
    const nested = (depth: number) => bytesOf(`${open.repeat(depth)}1${close.repeat(depth)}`);
    expect(scan(nested(64)).ok).toBe(true);
    expect(scan(nested(65))).toMatchObject({ ok: false, error: { reason: 'depth' } });
    expect(scan(nested(100_000))).toMatchObject({ ok: false, error: { reason: 'depth' } });
  });

  it('counts depth by nesting, not by number', () => {
    const json = `{"params":{"_meta":{}},"result":[${'[[]],{"a":{}},'.repeat(500)}1]}`;
    expect(scan(bytesOf(json), 0, json.length, { maxDepth: 3, maxTokens: 10_000 }).ok).toBe(false);
    expect(scan(bytesOf(json), 0, json.length, { maxDepth: 4, maxTokens: 10_000 }).ok).toBe(true);
  });

  it('counts every value and name as a token', () => {
    const json = '{"a":[1,true,"x"],"b":{}}';
    expect(scan(bytesOf(json), 0, json.length, { maxDepth: 9, maxTokens: 8 }).ok).toBe(true);
    expect(scan(bytesOf(json), 0, json.length, { maxDepth: 9, maxTokens: 7 })).toMatchObject({
      error: { reason: 'tokens' },
    });
    const many = bytesOf(`[${'1,'.repeat(DEFAULT_SCAN_LIMITS.maxTokens)}1]`);
    expect(scan(many)).toMatchObject({ ok: false, error: { reason: 'tokens' } });
    for (const value of ['null', '""', '[]', '{}']) {
      const one = bytesOf(`[${value},${value}]`);
      expect(scan(one, 0, one.length, { maxDepth: 9, maxTokens: 3 }).ok).toBe(true);
      expect(scan(one, 0, one.length, { maxDepth: 9, maxTokens: 2 }).ok).toBe(false);
    }
  });

  it.each([
    '{"id":1,"id":2}',
    '{"method":"a","meth\\u006fd":"b"}',
    '{"params":{"name":"a","name":"b"}}',
    '{"params":{"_meta":{"a":1,"a":1}}}',
    '{"result":{"_meta":1,"_meta":2}}',
    '{"\u00e9":1,"\\u00e9":2}',
    '[{"id":1,"id":1}]',
  ])('refuses two members of one name in %s', (json) => {
    expect(scan(bytesOf(json))).toMatchObject({ ok: false, error: { reason: 'duplicate' } });
  });

  it('leaves members that are only forwarded alone', () => {
    expect(scan(bytesOf('{"params":{"arguments":{"a":1,"a":2}},"x":{"a":1,"a":2}}')).ok).toBe(true);
  });

  it('finds the one duplicate among very many members', () => {
    const members = Array.from({ length: 90_000 }, (_, i) => `"name${i}":0`);
    const json = (last: string) => bytesOf(`{"params":{${members.join(',')},${last}}}`);
    expect(scan(json('"other":0')).ok).toBe(true);
    expect(scan(json('"name4":0'))).toMatchObject({ ok: false, error: { reason: 'duplicate' } });
  });

  // Work that grows with the square of the size would take minutes for each of these.
  it.each([
    ['escapes between long stretches', `"${`${'x'.repeat(300)}\\n`.repeat(14_000)}"`],
    ['nothing but escapes', `"${'\\"'.repeat(2_000_000)}"`],
    ['many long strings before a far backslash', `[${`"${'y'.repeat(290)}",`.repeat(14_000)}"\\n"]`],
    ['many short strings', `[${'"ab",'.repeat(199_000)}1]`],
    ['one long string without an end', `"${'z'.repeat(4_000_000)}`],
    ['white space', `[${' '.repeat(4_000_000)}]`],
    ['digits', `[${'1'.repeat(4_000_000)}]`],
  ])('is done with 4 MB of %s', (_, json) => {
    expect(scan(bytesOf(json)).ok).toBe(!json.endsWith('z'));
  });
});

describe('scan of names', () => {
  it('resolves escapes and tells long and foreign names apart', () => {
    const names = [
      '',
      'a',
      'io.modelcontextprotocol/protocolVersion',
      'n'.repeat(200),
      '\u65e5\u672c',
      'a"b',
      'a\\b',
      '\ud800',
      '__proto__',
    ];
    const json = `{${names.map((name, i) => `${JSON.stringify(name)}:${i}`).join(',')},"\\u0070arams":{"\\u006eame":1}}`;
    const result = scan(bytesOf(json));
    if (!result.ok) throw new Error(result.error.reason);
    expect(result.value.top?.names).toEqual([...names, 'params']);
    expect(result.value.top?.children.at(-1)?.names).toEqual(['name']);
  });

  it('keeps a name apart from others that fall into the same place of its memory', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 50 }), { minLength: 20, maxLength: 60 }),
        (names) => {
          const json = `{${names.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`;
          for (let round = 0; round < 2; round++) {
            const result = scan(bytesOf(json));
            expect(result.ok && result.value.top?.names).toEqual(names);
          }
        },
      ),
      { ...RUNS, numRuns: 60 },
    );
  });
});
