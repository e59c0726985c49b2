import { existsSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { parseConfig } from '@hatago/hub/control/schema.ts';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { readFile, root } from './house/sources.ts';

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
];

/** Links of a page to files of the repository that are not there. */
function brokenLinks(page: string, text: string, exists: (path: string) => boolean): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => (target ?? '').split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(page), target))
    .filter((path) => !exists(path));
}

describe('the documentation', () => {
  it.each(pages)('%s links only to what exists', (page) => {
    expect(brokenLinks(page, readFile(page), (path) => existsSync(`${root}/${path}`))).toEqual([]);
  });

  it('has its links checked', () => {
    const text = '[a](b.md) [c](../d.md#e) [f](https://example.com) [g](#h) [i](gone.md)';
    const there = new Set(['docs/b.md', 'd.md']);
    expect(brokenLinks('docs/page.md', text, (path) => there.has(path))).toEqual(['docs/gone.md']);
  });

  it.each(['README.md', 'README.ja.md'])('%s shows a configuration that is accepted', (page) => {
    const block = /```jsonc\n([\s\S]*?)```/.exec(readFile(page))?.[1] ?? '';
    const parsed = parseConfig(parse(block, [], { allowTrailingComma: true }));
    expect(parsed.ok).toBe(true);
    expect(Object.keys(parsed.ok ? parsed.value.mcpServers : {})).toEqual(['files', 'tracker']);
  });

  it('says the same in both languages', () => {
    const shape = (page: string): string[] =>
      readFile(page)
        .split('\n')
        .filter((line) => /^(#|\||- )/.test(line))
        .map((line) => line.replace(/[^#|-].*/, ''));
    expect(shape('README.ja.md')).toEqual(shape('README.md'));
  });
});
