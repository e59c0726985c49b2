import { describe, expect, it } from 'vitest';
import { type Allowed, checkConfined, checkSizes, checkStyle, filledLines, medianLines } from './house/limits.ts';
import { confined, limits } from './house/rules.ts';
import { importsOf, isTest, readFile, readSources, type Source } from './house/sources.ts';

const shipped = readSources(['packages/protocol/src', 'packages/hub/src', 'packages/hatago/src']);
const everything = [...shipped, ...readSources(['test', 'scripts', 'bench', 'examples'])];
const allowList = JSON.parse(readFile('test/allow-list.json')) as Allowed[];

function file(text: string, path = 'packages/hub/src/core/a.ts'): Source[] {
  return [{ path, text }];
}

describe('sizes', () => {
  it('stay within the limits, or have a reason not to', () => {
    expect(shipped.length).toBeGreaterThan(0);
    expect(checkSizes(everything, limits, allowList)).toEqual([]);
  });

  it('stay small at the median', () => {
    expect(medianLines(shipped.filter(({ path }) => !isTest(path)))).toBeLessThanOrEqual(limits.medianFileLines);
  });

  it('hold for the core: the assembly of the hub', () => {
    expect(filledLines(readFile('packages/hub/src/hub.ts'))).toBeLessThanOrEqual(limits.coreLines);
  });

  const small = { fileLines: 5, functionLines: 3 };
  const long = 'export function f() {\n  a();\n  b();\n}\n';

  it('refuse a long file and a long function', () => {
    expect(checkSizes(file('\n'.repeat(6)), small, [])).toEqual(['packages/hub/src/core/a.ts: 6 lines']);
    expect(checkSizes(file(long), small, [])).toEqual(['packages/hub/src/core/a.ts: f has 4 lines']);
    expect(checkSizes(file(long.replace('function f()', 'const f = () =>')), small, [])).toHaveLength(1);
  });

  it('accept an exception with a reason, refuse one without, and one that nothing needs', () => {
    const entry = { file: 'packages/hub/src/core/a.ts', function: 'f', reason: 'a table reads best in one piece' };
    expect(checkSizes(file(long), small, [entry])).toEqual([]);
    expect(checkSizes(file(long), small, [{ ...entry, reason: '' }])).toHaveLength(1);
    expect(checkSizes(file('a();\n'), small, [entry])).toHaveLength(1);
  });

  it('count the middle file and filled lines only', () => {
    expect(medianLines([...file('1\n'), ...file('1\n2\n'), ...file('1\n2\n3\n')])).toBe(2);
    expect(filledLines('a\n\n  \nb\n')).toBe(2);
  });
});

describe('style', () => {
  it('is kept: kebab-case, no default export, no any', () => {
    expect(checkStyle(shipped)).toEqual([]);
  });

  it.each([
    ['a default export', 'export default 1;', 'packages/hub/src/core/a.ts'],
    ['a default function', 'export default function a() {}', 'packages/hub/src/core/a.ts'],
    ['a default by name', 'const a = 1; export { a as default };', 'packages/hub/src/core/a.ts'],
    ['any in a type', 'export const a = (b: Record<string, any>) => b;', 'packages/hub/src/core/a.ts'],
    ['an assertion to any', 'export const a = b as any;', 'packages/hub/src/core/a.ts'],
    ['camel case', 'export {};', 'packages/hub/src/core/someThing.ts'],
    ['snake case', 'export {};', 'packages/hub/src/core/some_thing.ts'],
  ])('refuses %s', (_, text, path) => {
    expect(checkStyle(file(text, path))).toHaveLength(1);
  });

  it('accepts the word any in text and in names', () => {
    expect(
      checkStyle(file(`/** any */ export const any = 'any';`, 'packages/hub/src/core/some-thing.test.ts')),
    ).toEqual([]);
  });
});

describe('confined constructs', () => {
  it('stay where they belong', () => {
    expect(checkConfined(shipped, confined)).toEqual([]);
  });

  it.each([
    ['packages/hub/src/upstream/http.ts', 'await fetch(url);'],
    ['packages/hub/src/edge/http.ts', 'http.request(options);'],
    ['packages/hub/src/control/build.ts', "const child = spawn('node');"],
    ['packages/hub/src/route/router.ts', 'switch (x.method) {}'],
    ['packages/hub/src/route/router.ts', "if (x.era === 'legacy') {}"],
  ])('are refused in %s: %s', (path, text) => {
    expect(checkConfined(file(text, path), confined)).toHaveLength(1);
  });

  it('are accepted where they belong, in text, and as methods of something else', () => {
    expect(checkConfined(file('https.request(url);', 'packages/hub/src/upstream/http.ts'), confined)).toEqual([]);
    expect(checkConfined(file(`// fetch(url)\nconst a = 'fetch(url)';\napp.fetch(request);`), confined)).toEqual([]);
    expect(
      checkConfined(file('export interface A {\n  fetch(request: Request): Promise<Response>;\n}'), confined),
    ).toEqual([]);
  });
});

describe('dependencies', () => {
  const manifests = ['package.json', ...['protocol', 'hub', 'hatago'].map((name) => `packages/${name}/package.json`)];
  const wanted = manifests.flatMap((path) => {
    const manifest = JSON.parse(readFile(path)) as Record<string, Record<string, string> | undefined>;
    return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  });
  const external = wanted.filter(([name]) => !name.startsWith('@hatago/'));

  it('are each explained in docs/dependencies.md', () => {
    const page = readFile('docs/dependencies.md');
    expect(external.length).toBeGreaterThan(0);
    expect(external.map(([name]) => name).filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it.each(['protocol', 'hub', 'hatago'])('of packages/%s are each used by it', (folder) => {
    const manifest = JSON.parse(readFile(`packages/${folder}/package.json`)) as Record<string, Record<string, string>>;
    const named = Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] });
    const used = shipped.filter(({ path }) => path.startsWith(`packages/${folder}/src/`)).flatMap(importsOf);
    expect(named.filter((name) => !used.some((from) => from === name || from.startsWith(`${name}/`)))).toEqual([]);
  });

  it('are pinned to one exact version', () => {
    expect(external.filter(([, range]) => !/^(?:npm:\w+@)?\d+\.\d+\.\d+$/.test(range))).toEqual([]);
  });

  it('come from the public registry and run no script of their own in what is shipped', () => {
    const lock = JSON.parse(readFile('package-lock.json')) as { packages: Record<string, LockEntry> };
    const entries = Object.entries(lock.packages).filter(([path]) => path.includes('node_modules/'));
    const foreign = entries.filter(
      ([, { resolved, link }]) => !link && resolved?.startsWith('https://registry.npmjs.org/') === false,
    );
    expect(foreign).toEqual([]);
    expect(entries.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)).toEqual([]);
  });
});

interface LockEntry {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}
