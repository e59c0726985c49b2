import { describe, expect, it } from 'vitest';
import { toWindowsCommand } from './windows-command.ts';

const env = { Path: 'C:\\node;C:\\tools', PATHEXT: '.EXE;.CMD', COMSPEC: 'C:\\cmd.exe' };
const having =
  (...paths: string[]) =>
  (path: string): boolean =>
    paths.includes(path);

describe('toWindowsCommand', () => {
  it('runs a program directly, its arguments untouched', () => {
    const args = ['a b', '"&calc', '%PATH%'];
    expect(toWindowsCommand('tool', args, { env, exists: having('C:\\tools\\tool.exe') })).toEqual({
      ok: true,
      value: { file: 'C:\\tools\\tool.exe', args, verbatim: false },
    });
  });

  it('runs npx as node with its script, so that no shell sees the arguments', () => {
    const cli = 'C:\\node\\node_modules\\npm\\bin\\npx-cli.js';
    const exists = having('C:\\node\\npx.cmd', 'C:\\node\\node.exe', cli);
    expect(toWindowsCommand('npx', ['-y', 'x & calc'], { env, exists })).toEqual({
      ok: true,
      value: { file: 'C:\\node\\node.exe', args: [cli, '-y', 'x & calc'], verbatim: false },
    });
  });

  it('quotes every argument of another batch file', () => {
    const exists = having('C:\\tools\\srv.cmd');
    expect(toWindowsCommand('srv', ['a b', 'x&y', 'dir\\'], { env, exists })).toEqual({
      ok: true,
      value: {
        file: 'C:\\cmd.exe',
        args: ['/d', '/s', '/c', '""C:\\tools\\srv.cmd" "a b" "x&y" "dir\\\\""'],
        verbatim: true,
      },
    });
  });

  it.each(['"&calc', '%PATH%', 'a\nb', 'hi!'])('refuses the argument %j of a batch file and names it', (arg) => {
    const result = toWindowsCommand('srv', [arg], { env, exists: having('C:\\tools\\srv.cmd') });
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error).toContain(JSON.stringify(arg));
  });

  it('leaves a command it cannot find to the system', () => {
    expect(toWindowsCommand('nothing', [], { env, exists: () => false })).toEqual({
      ok: true,
      value: { file: 'nothing', args: [], verbatim: false },
    });
  });
});
