import { describe, expect, it } from 'vitest';
import { isExactVersion, parsePackageSpec } from './package-spec.ts';

describe('a package specification', () => {
  it.each([
    ['mcp-server-x', { name: 'mcp-server-x', version: undefined }],
    ['mcp-server-x@1.2.3', { name: 'mcp-server-x', version: '1.2.3' }],
    ['@scope/name', { name: '@scope/name', version: undefined }],
    ['@scope/name@latest', { name: '@scope/name', version: 'latest' }],
    ['@scope/name@^1.0.0', { name: '@scope/name', version: '^1.0.0' }],
    ['npm:@scope/name@2.0.0-rc.1', { name: '@scope/name', version: '2.0.0-rc.1' }],
  ])('%s is read', (text, value) => {
    expect(parsePackageSpec(text)).toEqual({ ok: true, value });
  });

  it.each([
    '',
    '@',
    '@scope',
    '@scope/',
    '-y',
    '--registry=http://evil.example',
    './here',
    '/absolute',
    '..',
    '../up',
    'a/b',
    'git+ssh://git@example.com/x.git',
    'https://example.com/x.tgz',
    'file:x',
    'x@file:../y',
    'x@npm:other@1',
    'x@https://example.com/x.tgz',
    'x@-y',
    'x@',
    'x; id',
    'x$(id)',
    'x\ny',
    'node_modules',
    'a'.repeat(215),
  ])('%j is refused', (text) => {
    expect(parsePackageSpec(text).ok).toBe(false);
  });

  it('helps with capitals', () => {
    const parsed = parsePackageSpec('@Scope/Name');
    expect(parsed).toEqual({ ok: false, error: expect.stringContaining('@scope/name') });
  });

  it.each([
    ['1.2.3', true],
    ['1.2.3-rc.1+build', true],
    ['2026.8.31', true],
    ['1.2', false],
    ['^1.2.3', false],
    ['latest', false],
    ['1.x.x', false],
    [undefined, false],
  ])('%s is exact: %s', (version, exact) => {
    expect(isExactVersion(version)).toBe(exact);
  });
});
