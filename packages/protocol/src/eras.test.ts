import { describe, expect, it } from 'vitest';
import {
  atLeast,
  eraOf,
  LEGACY_VERSIONS,
  MODERN_VERSION,
  namesModern,
  negotiateLegacy,
  SUPPORTED_VERSIONS,
} from './eras.ts';
import { METHODS, methodInfo, nameHeaderSource } from './methods.ts';

describe('versions', () => {
  it('are listed newest first', () => {
    expect(SUPPORTED_VERSIONS).toEqual([...SUPPORTED_VERSIONS].sort().reverse());
    expect(SUPPORTED_VERSIONS).toEqual([MODERN_VERSION, ...LEGACY_VERSIONS]);
  });

  it.each([
    ['2026-07-28', 'modern'],
    ['2025-11-25', 'legacy'],
    ['2024-10-07', 'legacy'],
    ['2026-12-01', undefined],
    ['2025-11-26', undefined],
    ['', undefined],
  ])('%s is %s', (version, era) => {
    expect(eraOf(version)).toBe(era);
  });

  it.each([
    ['2026-07-28', true],
    ['2027-01-01', true],
    ['2025-11-25', false],
    ['v999.0.0', false],
    ['9', false],
  ])('%s names a modern one: %s', (version, modern) => {
    expect(namesModern(version)).toBe(modern);
  });

  it.each([
    ['2025-03-26', '2025-03-26'],
    ['2026-07-28', '2025-11-25'],
    ['1999-01-01', '2025-11-25'],
    [undefined, '2025-11-25'],
    [5, '2025-11-25'],
  ])('asked for %s, the handshake settles on %s', (asked, version) => {
    expect(negotiateLegacy(asked)).toBe(version);
  });

  it('are compared by date', () => {
    expect(atLeast('2025-06-18', '2025-06-18')).toBe(true);
    expect(atLeast('2025-11-25', '2025-06-18')).toBe(true);
    expect(atLeast('2025-03-26', '2025-06-18')).toBe(false);
  });
});

describe('methods', () => {
  const of = (era: 'modern' | 'legacy', kind: string) =>
    Object.keys(METHODS)
      .filter((method) => METHODS[method]?.eras.includes(era) && METHODS[method]?.kind === kind)
      .sort();

  it('of a modern client are those of the specification and its tasks', () => {
    expect(of('modern', 'request')).toEqual([
      'completion/complete',
      'prompts/get',
      'prompts/list',
      'resources/list',
      'resources/read',
      'resources/templates/list',
      'server/discover',
      'subscriptions/listen',
      'tasks/cancel',
      'tasks/get',
      'tasks/update',
      'tools/call',
      'tools/list',
    ]);
  });

  it('may ask for input where the specification lets them', () => {
    expect(Object.keys(METHODS).filter((method) => METHODS[method]?.mrtr)).toEqual([
      'tools/call',
      'prompts/get',
      'resources/read',
    ]);
  });

  it('have a header for the member they are routed by', () => {
    for (const method of of('modern', 'request')) {
      const { target } = methodInfo(method) ?? {};
      expect(nameHeaderSource(method)).toBe(target === 'ref' ? undefined : target);
    }
    expect(nameHeaderSource('resources/subscribe')).toBeUndefined();
  });

  it('are found by their own name only', () => {
    expect(methodInfo('ping')?.eras).toEqual(['legacy']);
    for (const name of ['constructor', '__proto__', 'toString', 'vendor/x']) expect(methodInfo(name)).toBeUndefined();
  });
});
