import { describe, expect, it } from 'vitest';
import { npxPackageOf, parsePackageSpec, runsNpx } from './npx.ts';

describe('runsNpx', () => {
  it.each<[string, string[], boolean]>([
    ['npx', [], true],
    ['/usr/bin/npx', ['-c', 'pkg'], true],
    ['npm', ['exec', 'pkg'], true],
    ['npm', ['x', 'pkg'], true],
    ['npm', ['run', 'x'], false],
    ['node', ['npx'], false],
  ])('%s %j: %s', (command, args, expected) => {
    expect(runsNpx(command, args)).toBe(expected);
  });
});

describe('npxPackageOf', () => {
  it.each([
    ['npx', ['-y', 'pkg@1', '--flag', 'x'], { spec: 'pkg@1', at: 1 }],
    ['/usr/bin/npx', ['--yes', '--registry', 'https://r.test', '@a/b'], { spec: '@a/b', at: 3 }],
    ['C:\\node\\npx.CMD', ['pkg'], { spec: 'pkg', at: 0 }],
    ['npx', ['-p', 'pkg', 'bin'], { spec: 'pkg', at: 1 }],
    ['npx', ['--package=pkg@2', '--', 'bin'], { spec: 'pkg@2', at: 0 }],
    ['npx', ['-y', '--', 'pkg'], { spec: 'pkg', at: 2 }],
    ['npm', ['exec', '-y', 'pkg'], { spec: 'pkg', at: 2 }],
    ['npm', ['run', 'x'], undefined],
    ['node', ['server.js'], undefined],
    ['npx', ['--version'], undefined],
    ['npx', ['-p'], undefined],
  ])('finds what %s %j runs', (command, args, expected) => {
    expect(npxPackageOf(command, args)).toEqual(expected);
  });
});

describe('parsePackageSpec', () => {
  it.each([
    ['pkg', { name: 'pkg', version: undefined }],
    ['pkg@', { name: 'pkg', version: undefined }],
    ['@scope/pkg', { name: '@scope/pkg', version: undefined }],
    ['@scope/pkg@1.2.3', { name: '@scope/pkg', version: '1.2.3' }],
    ['pkg@^1.0.0 || >=2', { name: 'pkg', version: '^1.0.0 || >=2' }],
    ['pkg@latest', { name: 'pkg', version: 'latest' }],
    ['./server', undefined],
    ['/opt/server', undefined],
    ['C:\\server', undefined],
    ['github:me/server#main', undefined],
    ['me/server', undefined],
    ['git+https://host.test/a.git', undefined],
    ['https://host.test/a.tgz', undefined],
    ['alias@npm:other@1', undefined],
  ])('takes %s', (spec, value) => {
    expect(parsePackageSpec(spec)).toEqual({ ok: true, value });
  });

  it.each([
    '',
    'Not A Package',
    'UPPER',
    '.hidden',
    '_private',
    '@scope',
    '@scope/',
    '@/pkg',
    'pkg@1; rm -rf ~',
    'pkg@$(id)',
    'a\nb',
    'https://host.test/a b.tgz',
    'a'.repeat(215),
  ])('refuses %j', (spec) => {
    const parsed = parsePackageSpec(spec);
    expect(parsed.ok ? '' : parsed.error).toContain('is not a package name');
  });
});
