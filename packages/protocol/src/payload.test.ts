import { describe, expect, it } from 'vitest';
import { isRecord, isRequestId } from './jsonrpc.ts';
import { indexOfMember } from './members.ts';
import { EMPTY_OBJECT, Payload, payloadOf } from './payload.ts';
import { joinPieces } from './pieces.ts';
import { recordedElements, scan } from './scan.ts';
import { digitsAt, jsonStringAt } from './text.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const payload = (text: string): Payload => Payload.ofBytes(encoder.encode(text));

describe('Payload', () => {
  it('holds the bytes it came in and makes the value once', () => {
    const source = encoder.encode('[{"a": 1}]');
    const inner = Payload.ofBytes(source, 1, 9);
    expect(decoder.decode(inner.bytes())).toBe('{"a": 1}');
    expect(inner.bytes().buffer).toBe(source.buffer);
    expect(inner.value()).toBe(inner.value());
    expect(inner.value()).toEqual({ a: 1 });
    expect(Payload.ofBytes(source).bytes()).toBe(source);
  });

  it('makes bytes of a value and of pieces on first use', () => {
    const fromValue = Payload.ofValue({ a: [1] });
    expect(decoder.decode(fromValue.bytes())).toBe('{"a":[1]}');
    expect(fromValue.bytes()).toBe(fromValue.bytes());
    const fromPieces = Payload.ofPieces(['{"a":', encoder.encode('"日"'), '}']);
    expect(fromPieces.pieces()).toHaveLength(3);
    expect(fromPieces.value()).toEqual({ a: '日' });
    expect(fromPieces.pieces()).toEqual([fromPieces.bytes()]);
  });

  it.each([
    '0',
    '12',
    '-1',
    '1.5',
    '1e3',
    '123456789012345',
    '1234567890123456789',
    '"x"',
    '"a\\nb"',
    '"日本"',
    `"${'y'.repeat(90)}"`,
    'null',
    'true',
    '[]',
    '{}',
  ])('reads the value %s as JSON.parse does', (text) => expect(payload(text).value()).toEqual(JSON.parse(text)));

  it('finds members, however it was made', () => {
    for (const made of [
      payload('{"a":{"b":"c"},"n":1}'),
      Payload.ofValue({ a: { b: 'c' }, n: 1 }),
      Payload.ofPieces(['{"a":{"b":"c"}', ',"n":1}']),
    ]) {
      expect(made.members()?.names).toEqual(['a', 'n']);
      expect(made.member('a')?.text('b')).toBe('c');
      expect(made.text('n')).toBeUndefined();
      expect(made.text('x')).toBeUndefined();
      expect(made.member('x')).toBeUndefined();
    }
  });

  it('has no members when it is no object', () => {
    for (const made of [payload('[1]'), payload('"{}"'), Payload.ofValue([]), Payload.ofValue(null)]) {
      expect(made.isObject()).toBe(false);
      expect(made.members()).toBeUndefined();
      expect(made.member('a')).toBeUndefined();
      expect(made.text('a')).toBeUndefined();
    }
    expect(payload('{}').isObject()).toBe(true);
    expect(Payload.ofValue({}).isObject()).toBe(true);
    expect(EMPTY_OBJECT.members()?.names).toEqual([]);
  });

  it('keeps of two members of one name the last, for every reader', () => {
    const twice = payload('{"name":"a","x":1,"name":"b"}');
    expect(twice.text('name')).toBe('b');
    expect(decoder.decode(twice.bytes())).toBe('{"name":"b","x":1}');
    expect(twice.value()).toEqual({ name: 'b', x: 1 });
  });

  it('looks into its own bytes however deep they are', () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
    expect(payload(`{"a":${deep}}`).member('a')?.bytes()).toEqual(encoder.encode(deep));
  });

  it('covers the whole of what was scanned', () => {
    const scanned = scan(encoder.encode(' {"params":{"name":"x"}} '));
    if (!scanned.ok) throw new Error('scan');
    const whole = payloadOf(scanned.value);
    expect(decoder.decode(whole.bytes())).toBe('{"params":{"name":"x"}}');
    expect(whole.member('params')?.text('name')).toBe('x');
    const members = whole.members();
    expect(members && indexOfMember(members, 'nothing')).toBe(-1);
  });
});

describe('elements', () => {
  it('gives every element over the same bytes', () => {
    const list = payload('[ {"a":1} , 2,"x",[3] ]');
    expect(list.elements()?.map((element) => decoder.decode(element.bytes()))).toEqual(['{"a":1}', '2', '"x"', '[3]']);
    expect(list.elements()?.[0]?.source()).toBe(list.source());
    expect(Payload.ofValue([]).elements()).toEqual([]);
  });

  it('tells elements apart that hold two members of one name', () => {
    expect(
      payload('[{"a":1,"a":2},3]')
        .elements()
        ?.map((element) => element.value()),
    ).toEqual([{ a: 2 }, 3]);
  });

  it('gives none of what is no list', () => {
    for (const text of ['{}', '1', '{"a":1,"a":2}']) expect(payload(text).elements()).toBeUndefined();
  });
});

describe('joinPieces', () => {
  it('joins strings and bytes, and passes one array of bytes on', () => {
    const bytes = encoder.encode('b');
    expect(decoder.decode(joinPieces(['a', bytes, '日', '']))).toBe('ab日');
    expect(joinPieces([bytes])).toBe(bytes);
    expect(joinPieces([])).toHaveLength(0);
  });
});

describe('reading scalars', () => {
  it('gives strings as JSON.parse does, at first and again', () => {
    for (const text of [
      '',
      'a',
      'ab',
      'tools/call',
      'x'.repeat(48),
      'x'.repeat(49),
      'é',
      'a"b\\',
      '\u{1f600}',
      '\ufeffa',
    ]) {
      const bytes = encoder.encode(JSON.stringify(text));
      for (let round = 0; round < 3; round++) expect(jsonStringAt(bytes, 0, bytes.length)).toBe(text);
    }
  });

  it('tells strings apart that differ in one byte only', () => {
    const texts = Array.from({ length: 40 }, (_, at) => `${'a'.repeat(at)}b${'a'.repeat(39 - at)}`);
    for (let round = 0; round < 2; round++) {
      for (const text of texts) {
        const bytes = encoder.encode(`"${text}"`);
        expect(jsonStringAt(bytes, 0, bytes.length)).toBe(text);
      }
    }
  });

  it('gives short numbers made of digits', () => {
    const read = (text: string) => digitsAt(encoder.encode(text), 0, text.length);
    expect([read('0'), read('42'), read('999999999999999')]).toEqual([0, 42, 999999999999999]);
    expect([read('-1'), read('1.0'), read('1e3'), read('1000000000000000')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('JSON-RPC shapes', () => {
  it.each([0, -1, '', 'x', 2 ** 53 - 1])('%j may be an id', (id) => expect(isRequestId(id)).toBe(true));
  it.each([null, undefined, 1.5, 2 ** 53, 'x'.repeat(129), {}, [], true, NaN])('%j may not be an id', (id) =>
    expect(isRequestId(id)).toBe(false),
  );

  it('tells objects from lists and null', () => {
    expect([{}, [], null, 'x'].map(isRecord)).toEqual([true, false, false, false]);
  });
});

describe('the items of a list in a result', () => {
  const message = (items: string): Payload => {
    const bytes = new TextEncoder().encode(` {"jsonrpc":"2.0","id":1,"result":{"tools":${items},"_meta":{}}} `);
    const scanned = scan(bytes);
    if (!scanned.ok) throw new Error('not scanned');
    return payloadOf(scanned.value).member('result')?.member('tools') as Payload;
  };

  it('are known with their members once the message was scanned', () => {
    const tools = message('[{"name":"a","_meta":{"x":[1]}}, {"name":"b"} ,3]');
    expect(recordedElements(tools.source(), tools.source().indexOf(0x5b))).toHaveLength(3);
    expect(recordedElements(tools.source(), 0)).toBeUndefined();
    const items = tools.elements() as Payload[];
    expect(items.map((item) => item.value())).toEqual([{ name: 'a', _meta: { x: [1] } }, { name: 'b' }, 3]);
    expect(items.map((item) => item.source())).toEqual(items.map(() => tools.source()));
    expect(items[0]?.member('_meta')?.member('x')?.value()).toEqual([1]);
    expect(items.map((item) => item.members()?.names)).toEqual([['name', '_meta'], ['name'], undefined]);
  });

  it('may hold two members of one name, of which the last counts', () => {
    const items = message('[{"name":"a","name":"b"},{"name":"c","x":{"y":1,"y":2}}]').elements() as Payload[];
    expect(items.map((item) => item.text('name'))).toEqual(['b', 'c']);
    expect(items[0]?.members()?.names).toEqual(['name']);
  });

  it('may be none', () => {
    expect(message('[]').elements()).toEqual([]);
  });
});
