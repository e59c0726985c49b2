import { describe, expect, it } from 'vitest';
import { exportsOf } from './house/exports.ts';
import { readFile } from './house/sources.ts';

describe('the public names', () => {
  it.each(['protocol', 'hub'])('of @hatago/%s change only together with their snapshot', async (folder) => {
    const names = exportsOf(`packages/${folder}/src/index.ts`, readFile);
    expect(names.length).toBeGreaterThan(0);
    await expect(`${names.join('\n')}\n`).toMatchFileSnapshot(`./exports/${folder}.txt`);
  });

  it.each(['protocol', 'hub'])('of @hatago/%s are reached through its main entry alone', (folder) => {
    const manifest = JSON.parse(readFile(`packages/${folder}/package.json`)) as { exports: object };
    expect(Object.keys(manifest.exports)).toEqual(['.', './package.json']);
  });

  it('are none in the command line', () => {
    const manifest = JSON.parse(readFile('packages/hatago/package.json')) as { exports: object };
    expect(Object.keys(manifest.exports)).toEqual(['./package.json']);
  });
});

describe('the reader of exports', () => {
  it('sees every way to export a name', () => {
    const files: Record<string, string> = {
      'src/index.ts': `export { a, type B } from './x.ts';
        export type { C } from './x.ts';
        export * from './y.ts';
        export * as space from './x.ts';
        export { d as renamed } from './x.ts';`,
      'src/y.ts': `export const e = 1, f = 2;
        export function g(): void {}
        export class H {}
        export interface I {}
        export type J = string;
        const hidden = 3;`,
    };
    const names = exportsOf('src/index.ts', (path) => files[path] ?? '');
    expect(names).toEqual(['H', 'a', 'e', 'f', 'g', 'renamed', 'space', 'type B', 'type C', 'type I', 'type J']);
  });
});
