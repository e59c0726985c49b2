import { describe, expect, it } from 'vitest';
import { Payload } from '../payload.ts';
import { buildUrlElicitationError, toLegacyError, toModernError, urlElicitationsOf } from './error.ts';

const error = (code: unknown, data?: unknown): Payload => Payload.ofValue({ code, message: 'm', data });

describe('toLegacyError', () => {
  it('gives a resource that was not found its old code', () => {
    expect(toLegacyError(error(-32602, { uri: 'x://a', k: 1 })).value()).toEqual({
      code: -32002,
      message: 'm',
      data: { uri: 'x://a', k: 1 },
    });
  });

  it.each([
    error(-32602),
    error(-32602, 'x'),
    error(-32602, { uri: 1 }),
    error(-31002, { uri: 'x' }),
    Payload.ofValue(null),
  ])('passes every other error on as it is', (other) => expect(toLegacyError(other)).toBe(other));
});

describe('toModernError', () => {
  it.each<[unknown, string | undefined, unknown]>([
    [{ uri: 'x://a' }, 'x://b', { uri: 'x://a' }],
    [{ k: 1 }, 'x://b', { k: 1, uri: 'x://b' }],
    [undefined, 'x://b', { uri: 'x://b' }],
    [undefined, undefined, undefined],
    ['text', undefined, 'text'],
  ])('gives a resource that was not found its new code: %j', (data, uri, expected) => {
    expect(toModernError(error(-32002, data), uri).value()).toEqual({ code: -32602, message: 'm', data: expected });
  });

  it('does not let a call for elicitation through', () => {
    expect(toModernError(error(-32042, { elicitations: [] })).value()).toMatchObject({ code: -32603 });
  });

  it.each([error(-32601), error(-32602, { uri: 'x' }), error('x'), Payload.ofValue([])])(
    'passes every other error on as it is',
    (other) => {
      expect(toModernError(other)).toBe(other);
    },
  );
});

describe('calls for elicitation', () => {
  it('are read back as they were written', () => {
    const asked = [
      { elicitationId: 'e1', url: 'https://x.test/1', message: 'one' },
      { elicitationId: 'e2', url: 'https://x.test/2', message: 'two' },
    ];
    const built = buildUrlElicitationError(asked, 'first this');
    expect(built.value()).toMatchObject({
      code: -32042,
      message: 'first this',
      data: { elicitations: [{ mode: 'url' }, { mode: 'url' }] },
    });
    expect(urlElicitationsOf(built)).toEqual(asked);
  });

  it('are read as far as they make sense', () => {
    const found = urlElicitationsOf(error(-32042, { elicitations: [null, { url: 1 }, { url: 'https://x.test' }] }));
    expect(found).toEqual([{ elicitationId: 'url-3', url: 'https://x.test', message: '' }]);
  });

  it.each([
    error(-32042),
    error(-32042, { elicitations: {} }),
    error(-32042, { elicitations: [] }),
    error(1, { elicitations: [{ url: 'x' }] }),
    Payload.ofValue('x'),
  ])('are not found in another error', (other) => expect(urlElicitationsOf(other)).toBeUndefined());
});
