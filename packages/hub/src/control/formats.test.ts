import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/configs/', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-formats-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a fixture where its users have it. */
function place(fixture: string, name: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(fixtures, fixture), file);
  return file;
}

function load(file: string, env: Record<string, string> = {}, options: LoadOptions = {}): LoadedConfig {
  const loaded = loadConfig(file, env, { cwd: folder, ...options });
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return loaded.value;
}

const told = (loaded: LoadedConfig): string[] => loaded.warnings.map((warning) => warning.replace(/^[^ ]+: /, ''));

describe('version 1', () => {
  it('loads, its timeouts given to every server', () => {
    const loaded = load(place('version-1.json', 'hatago.config.json'), { LOG_LEVEL: 'warn' });
    const { filesystem, deepwiki, api } = loaded.config.mcpServers;
    expect(loaded.config).toMatchObject({ logLevel: 'warn', http: { port: 3535 } });
    expect(loaded.config.toolNaming).toMatchObject({ strategy: 'prefix', separator: '_' });
    expect(filesystem).toMatchObject({
      type: 'stdio',
      cwd: join(folder, 'work'),
      env: { DEBUG: '', HOME: null },
      tags: ['dev', 'ファイル'],
      timeouts: { connectMs: 5000, requestMs: 30_000, totalMs: 300_000 },
    });
    expect(deepwiki).toMatchObject({ type: 'sse', timeouts: { connectMs: 5000 } });
    expect(api).toMatchObject({ headers: { Authorization: 'Bearer none' }, timeouts: { requestMs: 120_000 } });
    expect(told(loaded)).toEqual([
      '"toolNaming" had no effect in version 1 and has none here',
      '"notifications" had no effect in version 1 and has none here',
      '"timeouts.keepAliveMs" has no meaning here and is ignored',
    ]);
  });

  it('loads with what forks of it added', () => {
    const file = place('fork.json', 'hatago.config.json');
    writeFileSync(join(folder, 'files.md'), 'Read before you write.\n');
    const loaded = load(file);
    expect(loaded.config.mcpServers['files']).toMatchObject({
      description: 'Files of the project',
      instructions: 'Read before you write.',
      tools: { include: ['read_*'], overrides: { read_file: { name: 'read' } } },
    });
    expect(loaded.config.mcpServers['web']?.instructions).toBe('Ask before you post.');
    expect(loaded.files).toContain(join(folder, 'files.md'));
    expect(told(loaded)).toEqual([
      '"instructions" has no meaning here and is ignored',
      'server "files": "skills" has no meaning here and is ignored',
    ]);
  });

  it('lets a request last as long as its own timeout says', () => {
    const file = join(folder, 'hatago.config.json');
    writeFileSync(
      file,
      '{"version":1,"mcpServers":{"a":{"command":"x","timeouts":{"requestMs":0}},"b":{"command":"x","timeouts":{"requestMs":900000}}}}',
    );
    const { a, b } = load(file).config.mcpServers;
    expect([a?.timeouts.totalMs, b?.timeouts.totalMs]).toEqual([0, 900_000]);
  });
});

describe('the first releases', () => {
  it('load with their servers as a list', () => {
    const loaded = load(place('early-list.jsonc', '.hatago/config.jsonc'), { API_TOKEN: 't' });
    const { fs, memory, api, old } = loaded.config.mcpServers;
    expect(fs).toMatchObject({
      type: 'stdio',
      command: 'node',
      start: 'lazy',
      tools: { exclude: ['rm'], overrides: { read_file: { name: 'read' } } },
      timeouts: { connectMs: 8000, requestMs: 20_000 },
      health: { timeoutMs: 2000 },
    });
    expect(memory).toMatchObject({
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-memory@1.2.3', '--fast'],
      restart: { max: 7 },
    });
    expect(api).toMatchObject({ type: 'sse', headers: { Authorization: 'Bearer t' }, restart: { max: 0 } });
    expect(old).toMatchObject({ type: 'http', auth: { type: 'none' } });
    expect(loaded.config).toMatchObject({
      logLevel: 'debug',
      toolNaming: { strategy: 'prefix', separator: '__' },
      session: { ttlSeconds: 600 },
      generation: { watch: false, gracePeriodMs: 1000, max: 2 },
      rollover: { errorRateThreshold: 0.2, warmupMs: 100 },
    });
  });

  it('keep of their policy what does not become looser', () => {
    const loaded = load(place('early-list.jsonc', '.hatago/config.jsonc'), { API_TOKEN: 't' });
    expect(loaded.config.policy.rules).toEqual([
      { id: 'no-writes-1', effect: 'deny', tool: 'fs_write', principal: '*' },
      { id: 'no-writes-2', effect: 'deny', tool: 'fs_rm', principal: '*' },
      { id: 'guests', effect: 'deny', tool: '*', principal: 'guest' },
    ]);
    expect(told(loaded)).toEqual(
      expect.arrayContaining([
        'the rule "office-hours" has conditions, which are not supported: it is left out',
        'the rule "guests" has conditions, which are not supported: it denies always',
        'server "old": "auth" of type "oauth" is not supported; it must send its credentials in "headers"',
        'server "fs": "tools.prefix" has no meaning here and is ignored',
        '"security" has no meaning here and is ignored',
        '"generation.watchPaths" has no meaning here and is ignored',
      ]),
    );
  });

  it('load with options under hatagoOptions', () => {
    const loaded = load(place('early-options.jsonc', '.hatago/config.jsonc'));
    expect(loaded.config.mcpServers['lazy']).toMatchObject({
      start: 'lazy',
      timeouts: { requestMs: 15_000 },
      health: { intervalMs: 10_000, timeoutMs: 1000, failures: 2 },
      tools: { exclude: ['danger'] },
    });
    expect(loaded.config.mcpServers['quiet']?.health.intervalMs).toBe(0);
    expect(told(loaded)).toEqual(['server "lazy": "concurrency" has no meaning here and is ignored']);
  });

  it('load with a profile over them', () => {
    const file = place('early-list.jsonc', '.hatago/config.jsonc');
    place('early-profile.jsonc', '.hatago/profiles/frontend.jsonc');
    const loaded = load(file, { API_TOKEN: 't' }, { profile: 'frontend' });
    expect(loaded.config.mcpServers['fs']?.args).toEqual(['frontend.js']);
    expect(Object.keys(loaded.config.mcpServers)).toEqual(['fs', 'memory', 'api', 'old']);
  });

  it.each(['.hatago/cli-registry.json', 'servers.json'])('load with their registry %s', (name) => {
    expect(load(place('cli-registry.json', name)).config.mcpServers['memory']).toMatchObject({
      args: ['-y', '@modelcontextprotocol/server-memory'],
    });
  });

  it('tell a fault at its place in the list', () => {
    const file = join(folder, 'config.jsonc');
    writeFileSync(
      file,
      '{\n  "servers": [\n    { "id": "a", "command": "x" },\n    { "id": "b", "type": "remote" }\n  ]\n}',
    );
    const loaded = loadConfig(file, {}, { cwd: folder });
    expect(loaded.ok ? [] : loaded.error).toEqual([
      `${file}:4:5: needs a "command" (a local process) or a "url" (a remote server)`,
    ]);
  });
});

describe('the files of clients', () => {
  it('load from .mcp.json, ids made fit and variables made texts', () => {
    const loaded = load(place('claude.json', '.mcp.json'));
    expect(loaded.config.mcpServers['github']).toMatchObject({
      url: 'https://api.example.com/mcp',
      headers: { Authorization: 'Bearer t' },
    });
    expect(loaded.config.mcpServers['My-Files']?.env).toEqual({ PORT: '8080', FLAG: 'true' });
    expect(told(loaded)).toEqual([
      'server "My Files": "autoApprove" has no meaning here and is ignored',
      'server "My Files": "alwaysAllow" has no meaning here and is ignored',
      'server "My Files" is called "My-Files" here',
    ]);
  });

  it('load from VS Code, inputs become secrets', () => {
    const file = place('vscode.json', '.vscode/mcp.json');
    const loaded = load(file, {}, { secrets: (name) => ({ ok: true, value: `<${name}>` }) });
    expect(loaded.config.mcpServers['web']?.headers).toEqual({ Authorization: 'Bearer <token>' });
    expect(loaded.config.mcpServers['local']?.args).toEqual([`${folder}/server.js`, '--region=eu']);
    expect(loaded.secretNames).toEqual({ web: ['token'] });
    expect(told(loaded)).toEqual([
      'the input "token" is the secret "token" here: hatago secret set token',
      'the input "region" has its default here',
      'server "local": "envFile" has no meaning here and is ignored',
      'server "local": "dev" has no meaning here and is ignored',
    ]);
    expect(load(file).config.mcpServers['web']?.blocked).toMatchObject({
      code: 'HATAGO_SECRET_MISSING',
      fix: 'hatago secret set token',
    });
  });

  it('load with their servers under both names', () => {
    const file = join(folder, 'hatago.config.json');
    writeFileSync(file, '{"servers":{"a":{"command":"1"},"b":{"command":"2"}},"mcpServers":{"b":{"command":"3"}}}');
    const { a, b } = load(file).config.mcpServers;
    expect([a?.command, b?.command]).toEqual(['1', '3']);
  });

  it('load with the names that others have for the same', () => {
    const loaded = load(place('clients.json', 'settings.json'));
    const { gemini, windsurf, cline } = loaded.config.mcpServers;
    expect(gemini).toMatchObject({ url: 'https://example.com/mcp', tools: { include: ['a'], exclude: ['b'] } });
    expect(windsurf).toMatchObject({ url: 'https://example.com/sse', tools: { exclude: ['c'] } });
    expect(cline).toMatchObject({ disabled: true, command: 'node' });
    expect(told(loaded)).toEqual([
      '"theme" has no meaning here and is ignored',
      'server "gemini": "trust" has no meaning here and is ignored',
      'server "gemini": "timeout" has no meaning here and is ignored',
      'server "cline": "timeout" has no meaning here and is ignored',
    ]);
  });
});

describe('keys of clients in a file of ours', () => {
  it('cost a warning each, while other unknown keys are refused', () => {
    const file = join(folder, 'hatago.config.jsonc');
    const text =
      '{"version":2,"inputs":[],"mcpServers":{"a":{"command":"x","envFile":".env","timeouts":{"keepAliveMs":1}}}}';
    writeFileSync(file, text);
    expect(told(load(file))).toEqual([
      '"inputs" has no meaning here and is ignored',
      'server "a": "envFile" has no meaning here and is ignored',
      'server "a": "timeouts.keepAliveMs" has no meaning here and is ignored',
    ]);
    writeFileSync(file, text.replace('"inputs":[]', '"breaker":{}'));
    const loaded = loadConfig(file, {});
    expect(loaded.ok ? [] : loaded.error[0]).toContain(
      'unknown key "breaker"; what is supported here: $schema, version, extends, logLevel, http, mcpServers',
    );
  });
});
