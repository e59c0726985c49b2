import { describe, expect, it } from 'vitest';
import type { Machine } from './machine.ts';
import { CLIENTS } from './table.ts';

const LINUX: Machine = { platform: 'linux', home: '/home/ada', cwd: '/work/app', env: {} };
const MAC: Machine = { platform: 'darwin', home: '/Users/ada', cwd: '/work/app', env: {} };
const WINDOWS: Machine = {
  platform: 'win32',
  home: 'C:\\Users\\ada',
  cwd: 'C:\\work\\app',
  env: { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming' },
};

const firstOf = (machine: Machine): Record<string, string | undefined> =>
  Object.fromEntries(CLIENTS.map((client) => [client.id, client.files(machine)[0]?.path]));

describe('where clients keep their files', () => {
  it('on Linux', () => {
    expect(firstOf(LINUX)).toEqual({
      'claude-code': '/home/ada/.claude.json',
      'claude-desktop': '/home/ada/.config/Claude/claude_desktop_config.json',
      cursor: '/home/ada/.cursor/mcp.json',
      vscode: '/home/ada/.config/Code/User/mcp.json',
      codex: '/home/ada/.codex/config.toml',
      'gemini-cli': '/home/ada/.gemini/settings.json',
      windsurf: '/home/ada/.codeium/windsurf/mcp_config.json',
      zed: '/home/ada/.config/zed/settings.json',
      cline: '/home/ada/.cline/data/settings/cline_mcp_settings.json',
      goose: '/home/ada/.config/goose/config.yaml',
      opencode: '/home/ada/.config/opencode/opencode.json',
      jetbrains: '/home/ada/.junie/mcp/mcp.json',
    });
  });

  it('on macOS', () => {
    const files = firstOf(MAC);
    expect(files['claude-desktop']).toBe('/Users/ada/Library/Application Support/Claude/claude_desktop_config.json');
    expect(files['vscode']).toBe('/Users/ada/Library/Application Support/Code/User/mcp.json');
    expect(files['zed']).toBe('/Users/ada/.config/zed/settings.json');
    expect(files['goose']).toBe('/Users/ada/.config/goose/config.yaml');
  });

  it('on Windows', () => {
    const files = firstOf(WINDOWS);
    expect(files['claude-code']).toBe('C:\\Users\\ada\\.claude.json');
    expect(files['claude-desktop']).toBe('C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json');
    expect(files['zed']).toBe('C:\\Users\\ada\\AppData\\Roaming\\Zed\\settings.json');
    expect(files['goose']).toBe('C:\\Users\\ada\\AppData\\Roaming\\Block\\goose\\config\\config.yaml');
    expect(firstOf({ ...WINDOWS, env: {} })['vscode']).toBe('C:\\Users\\ada\\AppData\\Roaming\\Code\\User\\mcp.json');
  });

  it('where the environment says so', () => {
    const env = {
      XDG_CONFIG_HOME: '/cfg',
      CODEX_HOME: '/codex',
      CLAUDE_CONFIG_DIR: '/claude',
      OPENCODE_CONFIG: '/oc.json',
      CLINE_MCP_SETTINGS_PATH: '/cline.json',
    };
    expect(firstOf({ ...LINUX, env })).toMatchObject({
      'claude-code': '/claude/.claude.json',
      'claude-desktop': '/cfg/Claude/claude_desktop_config.json',
      codex: '/codex/config.toml',
      zed: '/cfg/zed/settings.json',
      goose: '/cfg/goose/config.yaml',
      opencode: '/oc.json',
      cline: '/cline.json',
    });
  });

  it('of a project', () => {
    const files = CLIENTS.flatMap((client) => client.files(LINUX)).filter(({ scope }) => scope === 'project');
    expect(files.map(({ path }) => path.replace('/work/app/', ''))).toEqual([
      '.mcp.json',
      '.cursor/mcp.json',
      '.vscode/mcp.json',
      '.codex/config.toml',
      '.gemini/settings.json',
      '.zed/settings.json',
      'opencode.json',
      'opencode.jsonc',
      '.junie/mcp/mcp.json',
      '.ai/mcp/mcp.json',
    ]);
  });
});
