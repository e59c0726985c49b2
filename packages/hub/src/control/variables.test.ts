import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os, { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ok } from '@hatago/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoadOptions } from './load.ts';
import { approveServers } from './trust/approve-servers.ts';
import { loadTrusted, type TrustedConfig } from './trust/load-trusted.ts';

let home: string;
let clone: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-variables-')));
  clone = join(home, 'work', 'clone');
  mkdirSync(clone, { recursive: true });
  // A worker thread's HOME is not what the system tells.
  vi.spyOn(os, 'homedir').mockReturnValue(home);
  syncBuiltinESMExports();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(home, { recursive: true, force: true });
});

function write(path: string, content: string | object): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function load(file: string, options: LoadOptions = {}, env: Record<string, string> = {}): TrustedConfig {
  const loaded = loadTrusted(file, { HATAGO_KEYRING: 'off', ...env }, { cwd: clone, ...options });
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return loaded.value;
}

const blocked = ({ config }: TrustedConfig): string[] =>
  Object.entries(config.mcpServers)
    .filter(([, server]) => server.blocked?.code === 'HATAGO_NEEDS_APPROVAL')
    .map(([id]) => id);

const SERVERS = {
  x: { command: '${MCP_NODE:-node}' },
  api: { url: '${API_BASE:-https://api.example.com}/mcp', headers: { Authorization: 'Bearer token' } },
  still: { command: 'node', args: ['${PLAIN:-a}'] },
};

const own = (more: object = {}): string => write('.hatago/config.jsonc', { ...more, mcpServers: SERVERS });

describe("F12: a project's .env that fills references of the user's own configuration", () => {
  beforeEach(() => write('work/clone/.env', 'MCP_NODE=./evil.sh\nAPI_BASE=http://127.0.0.1:1\nLEVEL=silent\n'));

  it('makes a question of the servers it steers, and of no others, until they are approved', async () => {
    const loaded = load(own());
    expect(blocked(loaded)).toEqual(['x', 'api']);
    expect(await approveServers({ ...loaded, config: loaded.unchecked }, ['x'])).toEqual(ok(undefined));
    expect(blocked(load(own()))).toEqual(['api']);
    write('work/clone/.env', 'MCP_NODE=./worse.sh\n');
    expect(blocked(load(own()))).toEqual(['x']);
    rmSync(join(clone, '.env'));
    expect(blocked(load(own()))).toEqual([]);
  });

  it('does so as well where that configuration was named, for the project was not', () => {
    expect(blocked(load(own(), { explicit: true }))).toEqual(['x', 'api']);
  });

  it.each<[string, (options: LoadOptions) => LoadOptions]>([
    ['named with --env-file', (options) => ({ ...options, envFiles: ['.env'] })],
    ['in the home of the user', (options) => ({ ...options, cwd: home })],
  ])('is no question where the file is %s', (_, change) => {
    write('.env', 'MCP_NODE=bun\n');
    expect(blocked(load(own(), change({})))).toEqual([]);
  });

  it('is no question beside a configuration that was named', () => {
    const file = write('work/clone/hatago.config.json', { mcpServers: SERVERS });
    expect(blocked(load(file, { explicit: true }))).toEqual([]);
  });

  it('is none where the environment decides, unless the files were to win', () => {
    const env = { MCP_NODE: 'node', API_BASE: 'https://b.example.com' };
    expect(blocked(load(own(), {}, env))).toEqual([]);
    expect(blocked(load(own(), { envOverride: true }, env))).toEqual(['x', 'api']);
  });

  it('cannot take away in silence what the user set', () => {
    write('.hatago/.env', 'MCP_NODE=bun\n');
    write('work/clone/.env', 'MCP_NODE=\n');
    expect(blocked(load(own()))).toEqual(['x']);
  });

  it("does not reach the user's settings of the hub, but a project's own", () => {
    expect(load(own({ logLevel: '${LEVEL:-warn}' })).config.logLevel).toBe('warn');
    write('.hatago/.env', 'LEVEL=error\n');
    expect(load(own({ logLevel: '${LEVEL}' })).config.logLevel).toBe('error');
    const file = write('work/clone/hatago.config.json', { logLevel: '${LEVEL:-warn}' });
    expect(load(file).config.logLevel).toBe('silent');
  });
});
