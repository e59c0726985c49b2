import { describe, expect, it } from 'vitest';
import { type NpmPackage, npxArguments, readView } from './npm-package.ts';

const ended = (stdout: unknown, code = 0, more: { stderr?: string; error?: string } = {}) => ({
  code,
  stdout: typeof stdout === 'string' ? stdout : JSON.stringify(stdout),
  stderr: more.stderr ?? '',
  error: more.error,
});

const view = {
  name: '@acme/server',
  version: '1.2.3',
  license: 'MIT',
  bin: { server: 'x.js' },
  scripts: { test: 'x', postinstall: 'node evil.js' },
  engines: { node: '>=20' },
  _npmUser: { name: 'someone', email: 'a@example.com' },
  'dist.integrity': 'sha512-abc',
  'dist.tarball': 'https://registry.example/x.tgz',
};

describe('what npm says of a package', () => {
  it('is read', () => {
    expect(readView(ended(view), 'x')).toEqual({
      ok: true,
      value: expect.objectContaining({
        name: '@acme/server',
        version: '1.2.3',
        publisher: 'someone',
        integrity: 'sha512-abc',
        installScripts: ['postinstall'],
        commands: ['server'],
        node: '>=20',
        deprecated: undefined,
      }),
    });
  });

  it('is the newest release of a range', () => {
    const read = readView(ended([{ ...view, version: '1.0.0' }, view]), 'x');
    expect(read.ok && read.value.version).toBe('1.2.3');
  });

  it('names the publisher also where npm writes one line', () => {
    const read = readView(ended({ ...view, _npmUser: 'someone <a@example.com>' }), 'x');
    expect(read.ok && read.value.publisher).toBe('someone <a@example.com>');
  });

  it.each([
    [ended({ error: { code: 'E404', summary: 'Not Found' } }, 1), 'not found', 'no package x@latest'],
    [ended({ error: { code: 'ETARGET', summary: 'No match' } }, 1), 'not found', 'no package x@latest'],
    [ended('', 0), 'not found', 'no release x@latest'],
    [ended({ error: { code: 'ECONNREFUSED', summary: 'connect refused\nmore' } }, 1), 'registry', 'connect refused'],
    [ended('', 1, { stderr: 'npm error network down' }), 'registry', 'network down'],
    [{ ...ended('', 0), code: null }, 'registry', 'in time'],
    [ended('', 0, { error: 'ENOENT' }), 'no npm', 'npm was not found'],
  ])('can be a failure (%#)', (end, reason, message) => {
    const read = readView(end, 'x@latest');
    expect(read).toEqual({ ok: false, error: { reason, message: expect.stringContaining(message) } });
  });
});

describe('the arguments of npx', () => {
  const release = (name: string, commands: string[]): NpmPackage => ({
    ...((readView(ended({ ...view, name }), 'x') as { value: NpmPackage }).value as NpmPackage),
    commands,
  });

  it.each([
    ['@acme/server', ['anything'], ['-y', '@acme/server@1.2.3']],
    ['@acme/tool', ['tool', 'other'], ['-y', '@acme/tool@1.2.3']],
    ['@acme/tool', ['acme-mcp', 'other'], ['-y', '--package=@acme/tool@1.2.3', 'acme-mcp']],
  ])('pin %s', (name, commands, args) => {
    expect(npxArguments(release(name, commands))).toEqual({ ok: true, value: args });
  });

  it('cannot be made where no command is meant', () => {
    expect(npxArguments(release('@acme/tool', []))).toMatchObject({
      ok: false,
      error: expect.stringContaining('no command'),
    });
    expect(npxArguments(release('@acme/tool', ['a', 'b']))).toMatchObject({
      ok: false,
      error: expect.stringContaining('--package=@acme/tool@1.2.3 a'),
    });
  });
});
