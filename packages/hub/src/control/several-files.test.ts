import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerConfig } from './config.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';
import { toUpstreamSpec } from './server-spec.ts';
import { launchOf } from './trust/launch.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-files-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | object): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const options = (more: LoadOptions = {}): LoadOptions => ({ cwd: folder, ...more });

function load(file: string, more: LoadOptions = {}, env: Record<string, string> = {}): LoadedConfig {
  const loaded = loadConfig(file, env, options(more));
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return loaded.value;
}

function faults(file: string, more: LoadOptions = {}, env: Record<string, string> = {}): string[] {
  const loaded = loadConfig(file, env, options(more));
  return loaded.ok ? [] : loaded.error.map((fault) => fault.replaceAll(`${folder}/`, ''));
}

describe('extends', () => {
  it('merges objects, replaces lists, and lets null delete at any depth', () => {
    write('base.jsonc', {
      http: { port: 1, host: 'localhost' },
      mcpServers: {
        a: { command: 'base', args: ['1', '2'], env: { X: '1', Y: '2' }, tags: ['t'], timeouts: { requestMs: 1 } },
        b: { command: 'b' },
      },
    });
    const file = write('hatago.config.jsonc', {
      extends: './base.jsonc',
      http: { port: 2 },
      mcpServers: { a: { args: ['3'], env: { X: null, Z: '3' }, tags: null, timeouts: null }, b: null },
    });
    const { config } = load(file);
    expect(config.http).toMatchObject({ port: 2, host: 'localhost' });
    expect(Object.keys(config.mcpServers)).toEqual(['a']);
    expect(config.mcpServers['a']).toMatchObject({
      command: 'base',
      args: ['3'],
      env: { X: null, Y: '2', Z: '3' },
      tags: [],
      timeouts: { requestMs: 60_000 },
    });
  });

  it('keeps the tags of what is built on', () => {
    write('base.json', { mcpServers: { a: { command: 'x', tags: ['dev'] } } });
    const file = write('c.json', { extends: ['base.json'], mcpServers: { a: { args: ['y'] } } });
    expect(load(file).config.mcpServers['a']).toMatchObject({ tags: ['dev'], args: ['y'] });
  });

  it('takes later files over earlier ones, and the file itself over all', () => {
    write('one.json', { http: { port: 1 }, logLevel: 'debug', session: { ttlSeconds: 1 } });
    write('two.yaml', 'http: { port: 2 }\nlogLevel: warn\n');
    const { config, files } = load(write('c.json', { extends: ['one.json', 'two.yaml'], http: { port: 3 } }));
    expect([config.http.port, config.logLevel, config.session.ttlSeconds]).toEqual([3, 'warn', 1]);
    expect(files).toEqual(expect.arrayContaining([join(folder, 'one.json'), join(folder, 'two.yaml')]));
  });

  it('reaches ten levels and not eleven', () => {
    for (let i = 0; i < 11; i++) write(`${i}.json`, i === 10 ? { logLevel: 'warn' } : { extends: `${i + 1}.json` });
    expect(load(join(folder, '0.json')).config.logLevel).toBe('warn');
    write('10.json', { extends: '11.json' });
    write('11.json', {});
    expect(faults(join(folder, '0.json'))).toEqual(['10.json:1:2: extends more than 10 levels deep']);
  });

  it.each([
    ['itself', { 'c.json': { extends: 'c.json' } }, 'c.json:1:2: extends itself: c.json → c.json'],
    [
      'a cycle',
      { 'c.json': { extends: 'd.json' }, 'd.json': { extends: ['e.json'] }, 'e.json': { extends: './c.json' } },
      'e.json:1:2: extends itself: c.json → d.json → e.json → c.json',
    ],
    ['nothing there', { 'c.json': { extends: 'gone.json' } }, 'c.json:1:2: gone.json: there is no such file'],
    [
      'a URL',
      { 'c.json': { extends: ['https://x/y'] } },
      'c.json:1:13: only local files can be extended, not "https://x/y"',
    ],
    ['a number', { 'c.json': { extends: 5 } }, 'c.json:1:2: expected a path'],
    ['a directory', { 'c.json': { extends: '.' } }, 'c.json:1:2: '],
    ['a broken file', { 'c.json': { extends: 'd.json' }, 'd.json': '{"a": }' }, 'd.json:1:7: value expected'],
  ])('refuses %s with its place', (_, contents, fault) => {
    for (const [name, content] of Object.entries(contents)) write(name, content);
    const told = faults(join(folder, 'c.json'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(fault);
    expect(told[0]).not.toContain('\n');
  });

  it('refuses more files than anybody has', () => {
    for (let i = 0; i < 7; i++) {
      write(`l${i}.json`, { extends: i === 6 ? [] : Array.from({ length: 3 }, () => `l${i + 1}.json`) });
    }
    expect(faults(join(folder, 'l0.json'))[0]).toContain('extends more than 64 files');
  });

  it('tells a fault where it is written, in the file that wins', () => {
    write(
      'base.json',
      '{\n  "mcpServers": {\n    "a": { "command": "x", "start": "never" },\n    "b": { "cwd": "." } } }',
    );
    const file = write('c.json', { extends: 'base.json', mcpServers: { b: { tags: [] }, c: { command: 1 } } });
    expect(faults(file)).toEqual(['base.json:3:28: expected "eager" or "lazy"', 'c.json:1:59: expected string']);
    const whole = write('d.json', { extends: 'base.json', mcpServers: { a: null, b: { tags: [] } } });
    expect(faults(whole)[0]).toMatch(/^d\.json:1:\d+: needs a "command"/);
  });

  it('starts relative paths at the file they stand in, or at the project', () => {
    write('shared/base.json', { mcpServers: { a: { command: 'x', cwd: 'here', args: ['${path:./s.js}'] } } });
    const file = write('.hatago/config.jsonc', {
      extends: '../shared/base.json',
      mcpServers: { b: { command: 'y', cwd: './sub', args: ['${path:./s.js}', '${path:~/x}'] } },
    });
    const { a, b } = load(file).config.mcpServers;
    expect(a).toMatchObject({ cwd: join(folder, 'shared/here'), args: [join(folder, 'shared/s.js')] });
    expect(b).toMatchObject({ cwd: join(folder, 'sub'), args: [join(folder, 's.js'), join(homedir(), 'x')] });
  });
});

describe('the folder that npx runs in', () => {
  const NPX = { command: 'npx', args: ['-y', 'pkg@1.0.0'] };
  const cwdOf = ({ config }: LoadedConfig, id: string): string | undefined =>
    toUpstreamSpec(id, config.mcpServers[id] as ServerConfig, config, '/where/the/hub/is').cwd;

  it('is that of the file which names the command, wherever the hub is started', () => {
    write('shared/base.json', { mcpServers: { base: NPX, both: NPX, other: { command: 'node' } } });
    const file = write('.hatago/config.jsonc', {
      extends: '../shared/base.json',
      mcpServers: {
        mine: { command: 'npm', args: ['exec', 'pkg'] },
        both: { tags: ['t'] },
        other: { command: '/usr/bin/npx', args: ['pkg'] },
      },
    });
    const loaded = load(file);
    expect(cwdOf(loaded, 'mine')).toBe(folder);
    expect(cwdOf(loaded, 'base')).toBe(join(folder, 'shared'));
    expect(cwdOf(loaded, 'both')).toBe(join(folder, 'shared'));
    expect(cwdOf(loaded, 'other')).toBe(folder);
  });

  it('is another one where it is given, and nothing is said of what other programs run in', () => {
    const servers = {
      given: { ...NPX, cwd: '${PWD}' },
      node: { command: 'node', args: ['x.js'] },
      npm: { command: 'npm' },
    };
    const loaded = load(write('c.json', { mcpServers: servers }), {}, { PWD: '/here' });
    expect(Object.keys(servers).map((id) => cwdOf(loaded, id))).toEqual(['/here', undefined, undefined]);
  });

  it('is no part of what an approval is bound to', () => {
    const { a } = load(write('c.json', { mcpServers: { a: NPX } })).config.mcpServers;
    const { startIn, ...before } = a as ServerConfig;
    expect(startIn).toBe(folder);
    expect(launchOf(a as ServerConfig)).toEqual(launchOf(before));
  });
});

describe('profiles', () => {
  const base = (): string => {
    write(
      '.hatago/profiles/ci.jsonc',
      '{ "logLevel": "warn", "mcpServers": { "a": null, "b": { "start": "lazy" } } } // ci',
    );
    write('.hatago/profiles/prod.yaml', 'logLevel: error\n');
    return write('hatago.config.json', { logLevel: 'debug', mcpServers: { a: { command: 'a' }, b: { command: 'b' } } });
  };

  it.each([
    ['an option', { profile: 'ci' }, {}, 'warn'],
    ['HATAGO_PROFILE', {}, { HATAGO_PROFILE: 'ci' }, 'warn'],
    ['the option before the variable', { profile: 'prod' }, { HATAGO_PROFILE: 'ci' }, 'error'],
    ['nothing', {}, {}, 'debug'],
  ])('are chosen by %s', (_, more, env, level) => {
    expect(load(base(), more, env as Record<string, string>).config.logLevel).toBe(level);
  });

  it('are laid over the configuration, and watched', () => {
    const { config, files } = load(base(), { profile: 'ci' });
    expect(Object.keys(config.mcpServers)).toEqual(['b']);
    expect(config.mcpServers['b']).toMatchObject({ command: 'b', start: 'lazy' });
    expect(files).toContain(join(folder, '.hatago/profiles/ci.jsonc'));
  });

  it('that are not there are told with those that are', () => {
    expect(faults(base(), { profile: 'test' })).toEqual([
      'hatago.config.json: there is no profile "test"; there are ci, prod',
    ]);
    expect(faults(base(), { profile: '../../x' })[0]).toContain('is no name of a profile');
  });

  it('have their faults told in their own file', () => {
    const file = base();
    write('.hatago/profiles/ci.jsonc', '{ "mcpServers": { "b": { "strat": "lazy" } } }');
    expect(faults(file, { profile: 'ci' })).toEqual([
      '.hatago/profiles/ci.jsonc:1:26: unknown key "strat"; did you mean "start"?',
    ]);
  });
});

describe('the origin of a server', () => {
  it('is a project unless the file was named or is the user’s own', () => {
    const file = write('hatago.config.json', { mcpServers: { a: { command: 'a' } } });
    expect(load(file).origins).toEqual({ a: { file, project: true } });
    expect(load(file, { explicit: true }).origins).toEqual({ a: { file, project: false } });
  });

  it('is the project where any of it is', () => {
    write('base.json', { mcpServers: { a: { command: 'a' } } });
    const file = write('c.json', { extends: 'base.json', mcpServers: { a: { args: ['x'] }, b: { command: 'b' } } });
    expect(load(file).origins).toEqual({ a: { file, project: true }, b: { file, project: true } });
  });
});

describe('YAML', () => {
  it('says the same as JSON', () => {
    const file = write(
      'hatago.config.yaml',
      'version: 2\nmcpServers:\n  a: &a\n    command: x # by hand\n    args: [-y, "1"]\n    env: { X: ~ }\n  b: *a\n',
    );
    const { a, b } = load(file).config.mcpServers;
    expect(a).toMatchObject({ command: 'x', args: ['-y', '1'], env: { X: null } });
    expect(b).toEqual(a);
  });

  it.each([
    [
      'an unknown key',
      'mcpServers:\n  a:\n    command: x\n    cmd: y\n',
      '4:5: unknown key "cmd"; did you mean "cwd"?',
    ],
    ['a wrong type', 'mcpServers:\n  a: { command: [x] }\n', '2:8: expected string'],
    ['a key twice', 'a: 1\na: 2\n', '2:1: "a" stands here a second time'],
    ['a broken text', 'a: [1\n', '2:1: flow sequence'],
    ['a tag', 'a: !!js/function x\n', '1:4: unresolved tag'],
    ['two documents', '---\na: 1\n---\nb: 2\n', '3:1: source contains multiple documents'],
    ['a dangerous name', '__proto__:\n  x: 1\n', '1:1: the name "__proto__" is not allowed'],
    ['a name that is no text', '1: x\n', '1:1: the name must be a text'],
    ['a list', '- a\n', '1:1: expected object'],
    ['nothing', '# only this\n', '1:1: expected object'],
  ])('refuses %s with its place', (_, text, fault) => {
    const told = faults(write('c.yaml', text));
    expect(told[0]).toContain(`c.yaml:${fault}`);
    expect(told[0]).not.toContain('\n');
  });
});

describe('a configuration made to do harm', () => {
  const bomb = (): string => {
    const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `b${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    return `${lines.join('\n')}\nmcpServers: *a8\n`;
  };

  it.each([
    ['YAML anchors that grow without end', 'c.yaml', bomb(), 'c.yaml:'],
    [
      'many anchors',
      'c.yaml',
      `a: &a 1\nb: [${Array(200).fill('*a').join(', ')}]\n`,
      'uses anchors more than 100 times',
    ],
    ['deep JSON', 'c.json', '['.repeat(100_000), 'c.json:'],
    ['deep and whole JSON', 'c.json', `{"a":${'['.repeat(80)}${']'.repeat(80)}}`, 'nested deeper than 64 levels'],
    ['deep YAML in brackets', 'c.yaml', `a: ${'['.repeat(20_000)}`, 'c.yaml:1:260: is nested deeper than 64 levels'],
    ['deep YAML by marks', 'c.yaml', '? '.repeat(20_000), 'c.yaml:1:65: is nested deeper than 64 levels'],
    [
      'deep YAML by lines',
      'c.yaml',
      Array.from({ length: 600 }, (__, i) => `${' '.repeat(i)}a:`).join('\n'),
      ': is nested',
    ],
    [
      'YAML of moderate depth',
      'c.yaml',
      Array.from({ length: 70 }, (__, i) => `${' '.repeat(i)}a:`).join('\n'),
      ': is nested',
    ],
    [
      'YAML that takes long to parse',
      'c.yaml',
      'a:\n'.concat(' - x\n'.repeat(200_000)),
      'is larger than 524288 characters',
    ],
    ['a huge file', 'c.json', `{"a":"${'x'.repeat(9_000_000)}"}`, 'is larger than 8388608 bytes'],
    [
      'a server twice',
      'c.json',
      '{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}',
      '"a" stands here a second time',
    ],
  ])('is refused in one line: %s', (_, name, text, fault) => {
    const told = faults(write(name, text));
    expect(told[0]).toContain(fault);
    for (const line of told) expect(line).not.toContain('\n');
  });

  it('has the first two hundred of thousands of faults told, and counted', () => {
    const keys = Array.from({ length: 30_000 }, (_, i) => `"k${i}": 1`).join(',\n');
    const unset = Array.from({ length: 500 }, (_, i) => `"s${i}": { "command": "\${V${i}}", "cmd": 1 }`).join(',\n');
    const told = faults(write('c.json', `{\n${keys},\n"mcpServers": {\n${unset}\n}\n}`));
    expect(told).toHaveLength(201);
    expect(told[0]).toBe('c.json:30003:9: ${V0} is not set; set it, or write ${V0:-default}');
    expect(told.at(-1)).toBe('c.json: and 30300 more');
    expect(faults(write('d.json', `{${'"a": 1,\n'.repeat(50_000)}}`))).toHaveLength(20);
  });

  it.runIf(process.platform !== 'win32')('is refused where it is no file', () => {
    const link = join(folder, 'c.json');
    symlinkSync('/dev/zero', link);
    expect(faults(link)).toEqual([expect.stringContaining('c.json: is not a regular file')]);
    expect(faults(folder)[0]).toContain('is a directory');
  });
});

describe('depending on each other', () => {
  it.each([
    [{ a: { command: 'x', dependsOn: ['b'] } }, 'there is no server "b"'],
    [{ a: { command: 'x', dependsOn: ['b'] }, b: { command: 'x', dependsOn: ['a'] } }, 'depends on itself: a → b → a'],
  ])('is refused where it cannot be: %j', (mcpServers, fault) => {
    expect(faults(write('c.json', { mcpServers }))[0]).toContain(fault);
  });
});
