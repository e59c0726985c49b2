import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertBuilt, hatagoBin } from './support/paths.ts';
import { type Ended, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';

const scope = createScope();
afterAll(() => scope.close());

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' }).status === 0;
/** Bash is everywhere the tests run; the others are tried where they are. */
const shells = ['bash', ...['zsh', 'fish'].filter(isThere)];

/** A project with two servers, and `hatago` in the PATH. */
let env: Record<string, string>;
let cwd: string;
beforeAll(() => {
  assertBuilt();
  const dir = scope.dir();
  cwd = join(dir, 'project');
  mkdirSync(join(cwd, '.hatago'), { recursive: true });
  mkdirSync(join(dir, 'bin'));
  symlinkSync(hatagoBin, join(dir, 'bin', 'hatago'));
  const command = { command: 'node' };
  writeFileSync(
    join(cwd, '.hatago/config.jsonc'),
    JSON.stringify({ version: 2, mcpServers: { files: command, fetch: command, notes: command } }),
  );
  env = { HOME: dir, PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` };
});

const hatago = (...args: string[]): Promise<Ended> => run(process.execPath, [hatagoBin, ...args], { cwd, env });

/** What a shell offers for the last word of a line, sorted. */
async function offers(shell: string, words: readonly string[]): Promise<string[]> {
  const line = ['hatago', ...words];
  const quoted = line.map((word) => `'${word}'`).join(' ');
  const script =
    shell === 'fish'
      ? `hatago completion fish | source; complete -C ${line.join(' ').replaceAll(/ $/g, "' '") === '' ? '' : `"${line.join(' ')}"`}`
      : shell === 'zsh'
        ? // Outside of a line that is edited the built-ins of completion are replaced by what prints their words.
          `compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { :; }
           _describe() { local name=$4; print -l -- "\${\${(P)name}[@]%%:*}"; }
           source <(hatago completion zsh); words=(${quoted}); CURRENT=${line.length}; _hatago`
        : `source <(hatago completion bash); COMP_WORDS=(${quoted}); COMP_CWORD=${line.length - 1}; _hatago
           printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, code } = await run(shell, shell === 'bash' ? ['--norc', '-c', script] : ['-c', script], {
    cwd,
    env,
  });
  expect(code, stderr).toBe(0);
  const last = words.at(-1) ?? '';
  return stdout
    .split('\n')
    .map((word) => word.split('\t')[0] ?? '')
    .filter((word) => word !== '' && word.startsWith(last))
    .sort();
}

describe.each(shells)('completion in %s', (shell) => {
  it.each([
    [['ad'], ['add']],
    [
      ['npx', 're'],
      ['remove', 'restart'],
    ],
    [
      ['rm', 'f'],
      ['fetch', 'files'],
    ],
    [['remove', 'n'], ['notes']],
    [['npx', 'remove', 'fi'], ['files']],
    [['--config', '.hatago/config.jsonc', 'rm', 'no'], ['notes']],
    [['add', '--trans'], ['--transport']],
    [
      ['add', '--transport', ''],
      ['http', 'sse', 'stdio', 'ws'],
    ],
    [['add', '--tags', 'rm', '--auth', 'b'], ['bearer']],
    [
      ['connect', 'clau'],
      ['claude-code', 'claude-desktop'],
    ],
    [['call', ''], []],
  ])('of %j is %j', async (words, expected) => {
    expect(await offers(shell, words)).toEqual(expected);
  });

  it('offers every command', async () => {
    const { stdout } = await hatago('--help');
    const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
    const offered = await offers(shell, ['']);
    expect(offered).toEqual(expect.arrayContaining(commands.filter((name) => name !== 'help')));
    expect(offered).not.toContain('__complete');
  });
});

describe('completion', () => {
  it('is refused for a shell nobody knows, with those there are', async () => {
    const { code, stderr } = await hatago('completion', 'tcsh');
    expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
  });

  it('prints its script as JSON too', async () => {
    const { stdout } = await hatago('completion', 'zsh', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ shell: 'zsh', script: expect.stringContaining('#compdef hatago') });
  });

  it('says nothing where it cannot say anything', async () => {
    const broken = scope.file('hatago.config.json', '{');
    const { code, stdout, stderr } = await hatago('__complete', 'servers', '--config', broken);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });
});
