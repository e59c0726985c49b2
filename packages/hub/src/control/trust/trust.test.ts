import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '@hatago/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeVault } from '../secrets/change-vault.ts';
import { changeApprovals, readApprovals } from './approvals.ts';
import { approveServers, revokeServers } from './approve-servers.ts';
import { loadTrusted, type TrustedConfig, trustAgain } from './load-trusted.ts';
import { trustStates } from './trust-states.ts';

let folder: string;
let file: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-trust-'));
  file = join(folder, '.mcp.json');
  path = join(folder, 'user', 'approvals.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENV = { HATAGO_KEYRING: 'off', WHO: 'me' };

function load(servers: object | undefined, explicit = false): TrustedConfig {
  if (servers !== undefined) writeFileSync(file, JSON.stringify({ mcpServers: servers }));
  const loaded = loadTrusted(file, ENV, { approvals: path, explicit });
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return loaded.value;
}

const blockedBy = (loaded: TrustedConfig, id: string): string | undefined =>
  loaded.config.mcpServers[id]?.blocked?.code;

async function approve(loaded: TrustedConfig, ...ids: string[]): Promise<void> {
  const { unchecked, secretsRead } = loaded;
  expect(await approveServers({ ...loaded, config: unchecked }, ids, { path, secrets: secretsRead })).toEqual(
    ok(undefined),
  );
}

function changesOf(loaded: TrustedConfig, id: string): readonly string[] {
  const approvals = readApprovals(path);
  if (!approvals.ok) throw new Error(approvals.error);
  return (
    trustStates({ ...loaded, config: loaded.unchecked }, approvals.value, loaded.secretsRead).find(
      (state) => state.id === id,
    )?.changes ?? []
  );
}

const run = { command: 'node', args: ['server.js', '--fast'], env: { TOKEN: 'x' } };

describe("F12: a command that came with a project's files", () => {
  it('is blocked until it is approved, and then runs', async () => {
    const loaded = load({ a: run, web: { url: 'https://example.com/mcp' } });
    expect(loaded.config.mcpServers['a']?.blocked).toEqual({
      code: 'HATAGO_NEEDS_APPROVAL',
      message: 'it came with the files of a project, and its command was not approved here.',
      fix: 'hatago trust a',
    });
    expect(blockedBy(loaded, 'web')).toBeUndefined();
    await approve(loaded, 'a');
    expect(blockedBy(load(undefined), 'a')).toBeUndefined();
    expect(trustAgain(loaded, path)).toMatchObject({ ok: true });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("needs no approval where the user named the file: that is the user's own act", () => {
    expect(blockedBy(load({ a: run }, true), 'a')).toBeUndefined();
  });

  it.each([
    ['the command', { ...run, command: 'bun' }, 'command: node → bun'],
    ['an argument', { ...run, args: ['server.js', '--slow'] }, 'arguments: server.js --fast → server.js --slow'],
    ['the order of arguments', { ...run, args: ['--fast', 'server.js'] }, 'arguments: '],
    ['the directory', { ...run, cwd: '/tmp' }, 'runs in: '],
    ['the name of a variable', { ...run, env: { OTHER: 'x' } }, 'variable added: OTHER'],
    [
      'a variable that decides what is run',
      { ...run, env: { ...run.env, NODE_OPTIONS: '-r evil' } },
      'variable added: NODE_OPTIONS=-r evil',
    ],
  ])('is asked about again when %s changes, and it is told what changed', async (_, changed, told) => {
    await approve(load({ a: run }), 'a');
    const loaded = load({ a: changed });
    expect(blockedBy(loaded, 'a')).toBe('HATAGO_NEEDS_APPROVAL');
    expect(loaded.config.mcpServers['a']?.blocked?.message).toContain('it changed since');
    expect(changesOf(loaded, 'a').join('\n')).toContain(told);
  });

  it('is asked about again when a variable of the environment puts something else into it', async () => {
    await approve(load({ a: { command: '${WHO}' } }), 'a');
    const other = loadTrusted(file, { ...ENV, WHO: 'rm' }, { approvals: path });
    expect(other.ok && blockedBy(other.value, 'a')).toBe('HATAGO_NEEDS_APPROVAL');
  });

  it('is asked about where it would send the value of a variable away, though no command is run', async () => {
    const web = { url: 'https://example.com/mcp', headers: { 'X-Who': '${WHO}' } };
    const loaded = load({ web });
    expect(blockedBy(loaded, 'web')).toBe('HATAGO_NEEDS_APPROVAL');
    await approve(loaded, 'web');
    expect(blockedBy(load(undefined), 'web')).toBeUndefined();
    expect(blockedBy(load({ web: { ...web, url: 'https://example.org/mcp' } }), 'web')).toBe('HATAGO_NEEDS_APPROVAL');
    expect(blockedBy(load({ web: { ...web, headers: { 'X-Who': '${NOBODY:-none}' } } }), 'web')).toBeUndefined();
  });

  it('is not asked about again when only the value of a variable, a tag or a time limit changes', async () => {
    await approve(load({ a: run }), 'a');
    const changed = { ...run, env: { TOKEN: 'y' }, tags: ['new'], timeouts: { requestMs: 5 } };
    expect(blockedBy(load({ a: changed }), 'a')).toBeUndefined();
  });

  it('is asked about again when the value of a variable changes that decides what is run', async () => {
    await approve(load({ a: { ...run, env: { LD_PRELOAD: 'a.so' } } }), 'a');
    expect(blockedBy(load({ a: { ...run, env: { LD_PRELOAD: 'b.so' } } }), 'a')).toBe('HATAGO_NEEDS_APPROVAL');
  });

  it('is approved for one file and one id, whatever link leads to the file', async () => {
    await approve(load({ a: run, b: run }), 'a');
    expect(blockedBy(load({ a: run, b: run }), 'b')).toBe('HATAGO_NEEDS_APPROVAL');
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(file, join(folder, 'elsewhere', '.mcp.json'));
    const linked = loadTrusted(join(folder, 'elsewhere', '.mcp.json'), ENV, { approvals: path });
    expect(linked.ok && blockedBy(linked.value, 'a')).toBeUndefined();
    writeFileSync(join(folder, 'elsewhere', 'copy.json'), JSON.stringify({ mcpServers: { a: run } }));
    const copied = loadTrusted(join(folder, 'elsewhere', 'copy.json'), ENV, { approvals: path });
    expect(copied.ok && blockedBy(copied.value, 'a')).toBe('HATAGO_NEEDS_APPROVAL');
  });

  it('is blocked again when the approval is taken back', async () => {
    const loaded = load({ a: run });
    await approve(loaded, 'a');
    expect(await revokeServers(loaded, ['a'], { path })).toEqual(ok(undefined));
    expect(blockedBy(load(undefined), 'a')).toBe('HATAGO_NEEDS_APPROVAL');
    expect(readApprovals(path)).toEqual(ok(new Map()));
  });

  it('is blocked where the approvals cannot be read, which are told and not overwritten', async () => {
    await approve(load({ a: run }), 'a');
    writeFileSync(path, '{"version":1,"files":{"x":{"a":1}}}');
    const loaded = load(undefined);
    expect(blockedBy(loaded, 'a')).toBe('HATAGO_NEEDS_APPROVAL');
    expect(loaded.warnings.join('\n')).toContain(path);
    expect(await changeApprovals(new Map(), path)).toMatchObject({ ok: false });
    expect(readFileSync(path, 'utf8')).toContain('"a":1');
  });

  it('is watched for: the approvals and the secrets are among the files', () => {
    expect(load({ a: run }).files).toEqual(expect.arrayContaining([path, join(folder, '.hatago', 'secrets.json')]));
  });
});

describe("F11: the secrets that a project's files ask for", () => {
  beforeEach(async () => {
    const vault = { home: join(folder, '.hatago'), env: ENV };
    await changeVault(vault, () => ok(new Map([['TOKEN', { value: 'canary-secret' }]])));
  });

  it('are sent nowhere before that was approved, also where no command is run', async () => {
    const web = { url: 'https://example.com/mcp', headers: { Authorization: 'Bearer ${secret:TOKEN}' } };
    const loaded = load({ web });
    expect(blockedBy(loaded, 'web')).toBe('HATAGO_NEEDS_APPROVAL');
    await approve(loaded, 'web');
    const approved = load(undefined);
    expect(blockedBy(approved, 'web')).toBeUndefined();
    expect(approved.config.mcpServers['web']?.headers['Authorization']).toBe('Bearer canary-secret');
    const moved = load({ web: { ...web, url: 'https://example.org/mcp' } });
    expect(blockedBy(moved, 'web')).toBe('HATAGO_NEEDS_APPROVAL');
  });

  it('are never shown nor written down, only their names', async () => {
    const loaded = load({ a: { ...run, env: { T: '${secret:TOKEN}' } } });
    await approve(loaded, 'a');
    expect(readFileSync(path, 'utf8')).not.toContain('canary');
    expect(readFileSync(path, 'utf8')).toContain('"TOKEN"');
  });

  it('may change without a question, but not for another one', async () => {
    await approve(load({ a: { ...run, env: { T: '${secret:TOKEN}' } } }), 'a');
    const vault = { home: join(folder, '.hatago'), env: ENV };
    await changeVault(vault, () =>
      ok(
        new Map([
          ['TOKEN', { value: 'new' }],
          ['ADMIN', { value: 'x' }],
        ]),
      ),
    );
    expect(blockedBy(load(undefined), 'a')).toBeUndefined();
    const loaded = load({ a: { ...run, env: { T: '${secret:ADMIN}' } } });
    expect(changesOf(loaded, 'a')).toEqual(['secret added: ADMIN', 'secret gone: TOKEN']);
  });
});
