import { describe, expect, it } from 'vitest';
import { isLogLevel, LOG_LEVELS, META, RESERVED_META, readEnvelope, readProgressToken } from './envelope.ts';
import { Payload } from './payload.ts';

const REQUIRED = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: { sampling: {} } };
const read = (meta: object) => readEnvelope(Payload.ofValue(meta));

describe('readEnvelope', () => {
  it('reads what a request says of its sender', () => {
    const result = read({
      ...REQUIRED,
      [META.clientInfo]: { name: 'c', version: '1' },
      [META.logLevel]: 'debug',
      progressToken: 'p',
      traceparent: 'x',
    });
    if (!result.ok) throw new Error(result.error);
    expect(result.value).toMatchObject({
      protocolVersion: '2026-07-28',
      logLevel: 'debug',
      progressToken: 'p',
      asks: 'deferred',
    });
    expect(result.value.clientInfo?.value()).toEqual({ name: 'c', version: '1' });
    expect(result.value.clientCapabilities.value()).toEqual({ sampling: {} });
  });

  it('needs no more than a version and capabilities', () => {
    expect(read(REQUIRED)).toMatchObject({
      ok: true,
      value: { clientInfo: undefined, logLevel: undefined, progressToken: undefined },
    });
  });

  it.each<[string, object]>([
    [META.protocolVersion, { [META.clientCapabilities]: {} }],
    [META.protocolVersion, { ...REQUIRED, [META.protocolVersion]: null }],
    [META.clientCapabilities, { [META.protocolVersion]: '2026-07-28' }],
    [META.clientCapabilities, { ...REQUIRED, [META.clientCapabilities]: 'x' }],
    [META.clientInfo, { ...REQUIRED, [META.clientInfo]: [] }],
    [META.logLevel, { ...REQUIRED, [META.logLevel]: 'trace' }],
    ['progressToken', { ...REQUIRED, progressToken: 1.5 }],
  ])('names %s where that is wrong', (key, meta) => {
    expect(read(meta)).toMatchObject({ ok: false, error: expect.stringContaining(key) });
  });
});

describe('readProgressToken', () => {
  it.each([0, 5, '', 'x', undefined])('takes %j', (progressToken) => {
    expect(readProgressToken(Payload.ofValue({ progressToken }))).toEqual({ ok: true, value: progressToken });
  });

  it('takes a request without _meta, and no other kinds of token', () => {
    expect(readProgressToken(undefined)).toEqual({ ok: true, value: undefined });
    for (const progressToken of [null, {}, true, 0.5])
      expect(readProgressToken(Payload.ofValue({ progressToken })).ok).toBe(false);
  });
});

describe('reserved keys', () => {
  it('are those of the envelope and of the answer to it', () => {
    expect([...RESERVED_META].sort()).toEqual(Object.values(META).sort());
    expect(RESERVED_META.has('traceparent')).toBe(false);
  });

  it('name the levels of logging by severity', () => {
    expect(LOG_LEVELS.every(isLogLevel)).toBe(true);
    expect(['trace', '', undefined, 1].some(isLogLevel)).toBe(false);
  });
});
