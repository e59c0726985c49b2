import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { binOf, hatagoBin } from './paths.ts';
import { type Ended, type RunOptions, run } from './processes.ts';
import type { Scope } from './scope.ts';

const everything = binOf('@modelcontextprotocol/server-everything', 'mcp-server-everything');

/** A server that works, as clients write it. */
export const WORKING: { command: string; args: string[] } = { command: process.execPath, args: [everything, 'stdio'] };

/** A home of its own with a project in it, in which clients have files. */
export interface Place {
  readonly home: string;
  readonly project: string;
  /** Writes a file below the home. */
  put(path: string, content: string | object): string;
  hatago(args: readonly string[], options?: RunOptions): Promise<Ended>;
}

/** An empty home with an empty project in it, and a configuration there unless it is null. */
export function createPlace(scope: Scope, config: object | null = { mcpServers: {} }): Place {
  const home = scope.dir();
  const project = join(home, 'app');
  mkdirSync(project);
  const put = (path: string, content: string | object): string => {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
    return file;
  };
  if (config !== null) put('app/.hatago/config.jsonc', { version: 2, ...config });
  const env = { HOME: home, USERPROFILE: home, HATAGO_KEYRING: 'off', HATAGO_LOG_LEVEL: 'warn', ...NO_FOREIGN };
  const hatago = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    run(process.execPath, [hatagoBin, ...args], { cwd: project, ...options, env: { ...env, ...options.env } });
  return { home, project, put, hatago };
}

/** What would lead out of the temporary home. */
export const NO_FOREIGN: Record<string, string> = {
  XDG_CONFIG_HOME: '',
  CLAUDE_CONFIG_DIR: '',
  CODEX_HOME: '',
  OPENCODE_CONFIG: '',
  OPENCODE_CONFIG_DIR: '',
  CLINE_MCP_SETTINGS_PATH: '',
};
