import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claudeCode } from './claude-code.ts';
import { cursor } from './cursor.ts';
import { lastingNode } from './lasting-node.ts';
import { type Program, stdioLaunch } from './launch.ts';
import { vscode } from './vscode.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-launch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const PROGRAM: Program = {
  script: '/usr/lib/node_modules/hatago/bin/hatago.cjs',
  node: '/usr/bin/node',
  version: '1.2.3',
  platform: 'linux',
  cwd: '/work/app',
};
const FILE = '/work/app/.hatago/config.jsonc';
const FOUND = { file: FILE, isNamed: false };
const SERVE = ['serve', '--stdio', '--found-config', FILE];
const USER = { scope: 'user', path: '/home/ada/.claude.json' } as const;

describe('what a client is told to start', () => {
  it('is this very program, which a client without the PATH of a shell can start too', () => {
    expect(stdioLaunch(PROGRAM, FOUND, claudeCode, USER)).toEqual({
      kind: 'stdio',
      command: '/usr/bin/node',
      args: [PROGRAM.script, ...SERVE],
    });
  });

  it('vouches for the commands of the configuration only where the user does', () => {
    const launch = stdioLaunch(PROGRAM, { file: FILE, isNamed: true }, claudeCode, USER);
    expect(launch.kind === 'stdio' && launch.args.slice(-2)).toEqual(['--config', FILE]);
  });

  it('is fetched where this program was fetched and will be swept', () => {
    const script = '/home/ada/.npm/_npx/ab12/node_modules/hatago/bin/hatago.cjs';
    const fetched = { kind: 'stdio', command: 'npx', args: ['-y', 'hatago@1.2.3', ...SERVE] };
    expect(stdioLaunch({ ...PROGRAM, script }, FOUND, claudeCode, USER)).toEqual(fetched);
    expect(stdioLaunch({ ...PROGRAM, script, platform: 'win32' }, FOUND, claudeCode, USER)).toEqual({
      ...fetched,
      command: 'cmd',
      args: ['/c', 'npx', ...fetched.args],
    });
  });

  it.each([
    [claudeCode, '.hatago/config.jsonc', []],
    [vscode, '.hatago/config.jsonc', []],
    [claudeCode, 'other/config.jsonc', ['--found-config', 'other/config.jsonc']],
    [cursor, '.hatago/config.jsonc', ['--found-config', '${workspaceFolder}/.hatago/config.jsonc']],
  ])(
    'names no place on this machine in a file of a project, nothing that is found without, and vouches for nothing: %#',
    (client, path, named) => {
      const file = join(folder, path);
      mkdirSync(dirname(file));
      writeFileSync(file, '{}');
      const launch = stdioLaunch({ ...PROGRAM, cwd: folder }, { file, isNamed: true }, client, {
        scope: 'project',
        path: join(folder, 'x'),
      });
      expect(launch).toEqual({ kind: 'stdio', command: 'npx', args: ['-y', 'hatago', 'serve', '--stdio', ...named] });
    },
  );

  it('names a configuration outside the project as it is', () => {
    const launch = stdioLaunch(PROGRAM, { ...FOUND, file: '/home/ada/.hatago/config.jsonc' }, claudeCode, {
      scope: 'project',
      path: '/work/app/.mcp.json',
    });
    expect(launch.kind === 'stdio' && launch.args.at(-1)).toBe('/home/ada/.hatago/config.jsonc');
  });
});

describe('the interpreter', () => {
  it('is named by the search path, whose place outlives an update', () => {
    const name = basename(process.execPath);
    symlinkSync(process.execPath, join(folder, name));
    expect(lastingNode(process.execPath, ['/nowhere', folder].join(delimiter))).toBe(join(folder, name));
    expect(lastingNode(process.execPath, '/nowhere')).toBe(process.execPath);
  });
});
