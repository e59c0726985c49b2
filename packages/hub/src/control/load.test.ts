import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findConfig, homeOf } from './find-config.ts';
import { loadConfig, loadServers } from './load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function faultsOf(text: string, name = 'hatago.config.jsonc', env = {}): readonly string[] {
  const file = write(name, text);
  const loaded = loadConfig(file, env);
  return loaded.ok ? [] : loaded.error.map((fault) => fault.replace(file, 'F'));
}

describe('loading a configuration of ours', () => {
  it('fills in the defaults', () => {
    const loaded = loadConfig(
      write('hatago.config.jsonc', '{ "mcpServers": { "a": { "command": "x" }, }, } // ok'),
      {},
    );
    if (!loaded.ok) throw new Error(loaded.error.join());
    expect(loaded.value.config.http).toMatchObject({ host: '127.0.0.1', port: 3535, webSocket: false });
    expect(loaded.value.config.mcpServers['a']).toMatchObject({
      type: 'stdio',
      args: [],
      protocol: 'auto',
      start: 'eager',
    });
    expect(loaded.value.config.limits.maxBodyBytes).toBe(4_194_304);
  });

  it.each([
    ['an unknown key', '{\n  "mcpServer": {}\n}', 'F:2:3: unknown key "mcpServer"'],
    ['an unknown key of a server', '{"mcpServers":{"a":{"command":"x","arg":[]}}}', 'F:1:35: unknown key "arg"'],
    ['a wrong type', '{"mcpServers":{"a":{"command":"x","args":"y"}}}', 'F:1:35: expected array'],
    ['a wrong value', '{"logLevel":"loud"}', 'F:1:2: expected "debug" or "info" or "warn" or "error" or "silent"'],
    ['a number out of bounds', '{"http":{"port":70000}}', 'F:1:10: must be at most 65535'],
    ['a syntax error', '{"a":\n  nope}', 'F:2:3: invalid symbol'],
    [
      'a server twice',
      '{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}',
      'F:1:36: "a" stands here a second time',
    ],
    ['a dangerous name', '{"mcpServers":{"__proto__":{"command":"x"}}}', 'F:1:16: the name "__proto__" is not allowed'],
    ['an empty file', '', 'F:1:1: is empty'],
  ])('refuses %s with its place', (_, text, fault) => {
    expect(faultsOf(text)[0]).toContain(fault);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each([
    ['hatago.config.json', '{"mcpServers":{"a":{"comm', 'F:1:21: '],
    ['hatago.config.jsonc', '{\n  "mcpServers": {\n    "a": { "command": "x" \n  ', 'F:4:3: '],
    ['hatago.config.yaml', 'mcpServers:\n  a: { command: "x\n  b: [', 'F:'],
  ])('tells one fault of %s that is half written', (name, text, fault) => {
    expect(faultsOf(text, name)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['{}', 'needs a "command" (a local process) or a "url" (a remote server)'],
    ['{"type":"stdio","url":"http://x"}', 'is of type "stdio" and needs a "command"'],
    ['{"command":"x","url":"http://x"}', 'has both "command" and "url"'],
    ['{"url":"nope"}', 'is not a URL'],
    ['{"url":"ftp://x"}', 'must begin with http:// or https://'],
    ['{"url":"http://u:p@x"}', 'must not hold a user name or password'],
  ])('says what is wrong with the server %s', (server, message) => {
    expect(faultsOf(`{"mcpServers":{"a":${server}}}`)[0]).toContain(message);
  });

  it('tells the kind of a server from its URL', () => {
    const loaded = loadConfig(
      write(
        'hatago.config.json',
        '{"mcpServers":{"w":{"url":"wss://x"},"s":{"type":"sse","url":"http://x"},"h":{"url":"http://x"}}}',
      ),
      {},
    );
    if (!loaded.ok) throw new Error(loaded.error.join());
    expect(Object.values(loaded.value.config.mcpServers).map((s) => s.type)).toEqual(['ws', 'sse', 'http']);
  });

  it('names every variable that is not set, in one go', () => {
    const faults = faultsOf(
      '{"mcpServers":{"a":{"command":"${A}","env":{"X":"${env:B}"}},"c":{"url":"http://h/${C:-c}"}}}',
    );
    expect(faults.map((fault) => fault.slice(0, 16))).toEqual(['F:1:21: ${A} is ', 'F:1:45: ${B} is ']);
  });

  it('expands a variable once: what it holds stays as it is', () => {
    const file = write('hatago.config.json', '{"mcpServers":{"a":{"command":"${A}","args":["${N:-none}"]}}}');
    const loaded = loadConfig(file, { A: '${B}', B: 'secret' });
    if (!loaded.ok) throw new Error(loaded.error.join());
    expect(loaded.value.config.mcpServers['a']).toMatchObject({ command: '${B}', args: ['none'] });
  });

  it('does not look for the variables of a disabled server', () => {
    expect(faultsOf('{"mcpServers":{"a":{"command":"${A}","disabled":true}}}')).toEqual([]);
  });

  it('names a file that is not there and what to do', () => {
    const loaded = loadConfig(join(folder, 'none.json'), {});
    expect(loaded.ok ? '' : loaded.error[0]).toContain(
      'there is no such file; name another with --config, or run `hatago init`',
    );
  });
});

describe('loading the formats of others', () => {
  it('reads .mcp.json and leaves foreign keys out with a warning', () => {
    const file = write(
      '.mcp.json',
      '{"mcpServers":{"a b":{"type":"stdio","command":"x","autoApprove":["y"]}},"other":1}',
    );
    const loaded = loadConfig(file, {});
    if (!loaded.ok) throw new Error(loaded.error.join());
    expect(Object.keys(loaded.value.config.mcpServers)).toEqual(['a-b']);
    expect(loaded.value.warnings.map((w) => w.replace(`${file}: `, ''))).toEqual([
      '"other" has no meaning here and is ignored',
      'server "a b": "autoApprove" has no meaning here and is ignored',
      'server "a b" is called "a-b" here',
    ]);
  });

  it.each([
    [['a.b'], ['a_b']],
    [
      ['a.b', 'a_b'],
      ['a_b-2', 'a_b'],
    ],
    [
      ['my.server v1', '.x'],
      ['my_server-v1', 'x'],
    ],
  ])('calls the servers %j %j, so that the tools of dotted ones keep the names they had before', (written, ids) => {
    const mcpServers = Object.fromEntries(written.map((id) => [id, { command: 'x' }]));
    const loaded = loadConfig(write('hatago.config.json', JSON.stringify({ version: 1, mcpServers })), {});
    expect(loaded.ok && Object.keys(loaded.value.config.mcpServers)).toEqual(ids);
  });

  it('reads the servers record of VS Code', () => {
    const loaded = loadConfig(
      write('mcp.json', '{"servers":{"a":{"type":"http","url":"http://x/mcp"}},"inputs":[]}'),
      {},
    );
    if (!loaded.ok) throw new Error(loaded.error.join());
    expect(loaded.value.config.mcpServers['a']?.type).toBe('http');
  });

  it('reads version 1 of the predecessor, its timeouts given to every server', () => {
    const loaded = loadConfig(
      write(
        'hatago.config.json',
        '{"version":1,"timeouts":{"requestMs":1234},"notifications":{},"mcpServers":{"a":{"command":"x","timeouts":{"connectMs":5}}}}',
      ),
      {},
    );
    if (!loaded.ok) throw new Error(loaded.error.join());
    expect(loaded.value.config.mcpServers['a']?.timeouts).toEqual({ requestMs: 1234, connectMs: 5, totalMs: 300_000 });
  });

  it('takes the servers of any of them for a new configuration, references untouched', () => {
    const servers = loadServers(write('mcp.json', '{"servers":{"a":{"command":"x","env":{"T":"${TOKEN}"}}}}'));
    expect(servers).toEqual({
      ok: true,
      value: { servers: { a: { command: 'x', env: { T: '${TOKEN}' } } }, warnings: [] },
    });
    expect(loadServers(write('empty.json', '{}'))).toMatchObject({ ok: false });
  });
});

describe('finding a configuration', () => {
  it('takes the one given, then HATAGO_CONFIG, then the first of the known names', () => {
    const near = write('.hatago/config.jsonc', '{}');
    const first = write('hatago.config.json', '{}');
    expect(findConfig({ cwd: folder, env: {} })).toBe(first);
    rmSync(first);
    expect(findConfig({ cwd: folder, env: {} })).toBe(near);
    expect(findConfig({ cwd: folder, env: { HATAGO_CONFIG: 'b.json' } })).toBe(join(folder, 'b.json'));
    expect(findConfig({ cwd: folder, env: { HATAGO_CONFIG: 'b.json' }, file: 'a.json' })).toBe(join(folder, 'a.json'));
  });

  it('keeps the state beside it, or where HATAGO_HOME says', () => {
    expect(homeOf('/p/hatago.config.json', {})).toBe('/p/.hatago');
    expect(homeOf('/p/.hatago/config.jsonc', {})).toBe('/p/.hatago');
    expect(homeOf('/p/x.json', { HATAGO_HOME: '/state' })).toBe('/state');
  });
});
