import { describe, expect, it } from 'vitest';
import { packageOfCommand } from './npx-command.ts';

describe('a command line of npx', () => {
  it.each([
    [['pkg'], 'pkg', ['-y', 'pkg@1.0.0']],
    [['-y', '@a/b@latest', '--flag', 'x'], '@a/b@latest', ['-y', '@a/b@1.0.0', '--flag', 'x']],
    [['--yes', '--package=@a/b', 'run'], '@a/b', ['--yes', '--package=@a/b@1.0.0', 'run']],
    [['-p', '@a/b', 'run', '-y'], '@a/b', ['-y', '-p', '@a/b@1.0.0', 'run', '-y']],
    [['--registry', 'http://r.example', 'pkg'], 'pkg', ['-y', '--registry', 'http://r.example', 'pkg@1.0.0']],
    [['-y', '--', 'pkg', '-y'], 'pkg', ['-y', '--', 'pkg@1.0.0', '-y']],
  ])('%j runs %s', (args, spec, pinned) => {
    const found = packageOfCommand('npx', args);
    expect(found?.spec).toBe(spec);
    const name = spec.replace(/@latest$/, '');
    expect(found?.withSpec(`${name}@1.0.0`)).toEqual(pinned);
  });

  it('may be one of npm', () => {
    const found = packageOfCommand('npm', ['exec', '@a/b', '--', 'x']);
    expect(found?.spec).toBe('@a/b');
    expect(found?.withSpec('@a/b@1.0.0')).toEqual(['exec', '-y', '@a/b@1.0.0', '--', 'x']);
    expect(packageOfCommand('npm', ['run', 'x'])).toBeUndefined();
  });

  it('is told by its program, also on Windows', () => {
    expect(packageOfCommand('/usr/local/bin/npx', ['a'])?.spec).toBe('a');
    expect(packageOfCommand('npx.cmd', ['a'])?.spec).toBe('a');
    expect(packageOfCommand('node', ['a'])).toBeUndefined();
    expect(packageOfCommand('npx', ['-y'])).toBeUndefined();
  });
});
