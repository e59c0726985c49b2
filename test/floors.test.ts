import { describe, expect, it } from 'vitest';
import { checkFloors, checkPackages, packageRules } from './house/floors.ts';
import { readFile, readSources, type Source } from './house/sources.ts';

const sources = readSources(Object.keys(packageRules).map((name) => `packages/${name}/src`));

function hubFile(path: string, text: string): Source[] {
  return [{ path: `packages/hub/src/${path}`, text }];
}

describe('the floors of the hub', () => {
  it('are kept by every file', () => {
    expect(sources.some(({ path }) => path.startsWith('packages/hub/src/core/'))).toBe(true);
    expect(checkFloors(sources)).toEqual([]);
  });

  it.each([
    ['an import from a higher floor', 'core/exchange.ts', `import { a } from '../route/a.ts';`],
    ['an import sideways into another folder', 'route/a.ts', `import { b } from '../upstream/b.ts';`],
    ['a type-only import', 'session/a.ts', `import type { B } from '../bus/b.ts';`],
    ['an import type expression', 'core/a.ts', `export type A = import('../control/b.ts').B;`],
    ['a re-export', 'edge/a.ts', `export { b } from '../control/b.ts';`],
    ['a dynamic import', 'edge/a.ts', `export const load = () => import('../admin/api.ts');`],
    ['an import of the assembly', 'control/a.ts', `import { createHub } from '../hub.ts';`],
    ['an import out of the package', 'core/a.ts', `import { b } from '../../../protocol/src/b.ts';`],
    ['a folder on no floor', 'helpers/a.ts', `export const a = 1;`],
  ])('refuse %s', (_, path, text) => {
    expect(checkFloors(hubFile(path, text))).toHaveLength(1);
  });

  it('allow lower floors, the own folder and what tests need', () => {
    const text = `import '../core/b.ts'; import './c.ts'; import '../session/d.ts'; import 'node:http';`;
    expect(checkFloors(hubFile('route/a.ts', text))).toEqual([]);
    expect(checkFloors(hubFile('core/a.test.ts', `import '../hub.ts';`))).toEqual([]);
  });
});

describe('the packages', () => {
  it('import only what stands below them and what they declare', () => {
    const declared = Object.fromEntries(Object.keys(packageRules).map((name) => [name, dependenciesOf(name)]));
    expect(sources.length).toBeGreaterThan(0);
    expect(checkPackages(sources, declared)).toEqual([]);
  });

  it('protocol depends on no package', () => {
    expect(dependenciesOf('protocol')).toEqual([]);
  });

  it.each([
    ['protocol', `import { readFileSync } from 'node:fs';`],
    ['protocol', `import { z } from 'zod';`],
    ['protocol', `export const size = (text: string) => Buffer.byteLength(text);`],
    ['protocol', `export const debug = process.env.DEBUG;`],
    ['protocol', `import { createHub } from '@hatago/hub';`],
    ['hub', `import { main } from 'hatago';`],
    ['hub', `import { createWorker } from '@hatago/worker';`],
    ['hub', `import express from 'express';`],
    ['hub', `import { main } from '../../hatago/src/cli.ts';`],
  ])('refuse in %s: %s', (folder, text) => {
    expect(checkPackages([{ path: `packages/${folder}/src/a.ts`, text }], { hub: ['zod'] })).toHaveLength(1);
  });

  it('accept a member that is merely called like a global of Node', () => {
    const text = `export const a = (b: { process: number }) => b.process + { Buffer: 1 }.Buffer;`;
    expect(checkPackages([{ path: 'packages/protocol/src/a.ts', text }], {})).toEqual([]);
  });

  it('accept declared dependencies by their sub-paths too', () => {
    const text = `import { z } from 'zod/mini'; import { scan } from '@hatago/protocol'; import 'node:net';`;
    expect(checkPackages([{ path: 'packages/hub/src/core/a.ts', text }], { hub: ['zod'] })).toEqual([]);
  });
});

function dependenciesOf(name: string): string[] {
  const manifest = JSON.parse(readFile(`packages/${name}/package.json`)) as Record<string, Record<string, string>>;
  return ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies', 'imports'].flatMap((kind) =>
    Object.keys(manifest[kind] ?? {}),
  );
}
