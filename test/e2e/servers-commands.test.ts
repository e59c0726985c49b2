import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockedServer } from './support/locked-server.ts';
import { type NpmRegistry, npmRegistry } from './support/npm-registry.ts';
import { hatagoBin } from './support/paths.ts';
import { makePlace, type Place } from './support/place.ts';
import { run } from './support/processes.ts';
import { ENTER, openTerminal } from './support/pty.ts';
import { createScope } from './support/scope.ts';
import { everything, journal } from './support/servers.ts';

const scope = createScope();
let registry: NpmRegistry;
beforeAll(async () => {
  registry = await npmRegistry(scope);
});
afterAll(() => scope.close());

/** A server with one tool, which says where it runs. */
const TINY_SERVER = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id === undefined) return;
  const result = {
    initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'n', version: '1' } },
    'tools/list': { tools: [{ name: 'where', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: process.cwd() }] },
  }[method];
  const answer = result ? { result } : { error: { code: -32601, message: 'no' } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...answer }) + '\\n');
});`;

const place = (file?: string): Place =>
  makePlace(scope, { env: registry.env, ...(file === undefined ? {} : { file }) });

describe('add', () => {
  it('takes an npm package: looks it up, pins it, shows it, tries it and writes it down', async () => {
    registry.publish({ name: '@tiny/mcp-server-clock', version: '1.0.0' });
    const at = place();
    const { code, stdout, stderr } = await at.hatago('add', '@tiny/mcp-server-clock', '--args', 'a', 'b', '--yes');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('@tiny/mcp-server-clock 1.0.0 (MIT, published by somebody');
    expect(stderr).toMatch(/integrity +sha512-/);
    expect(stderr).toContain('npx -y @tiny/mcp-server-clock@1.0.0 a b');
    expect(stdout).toContain('clock works: 1 tool');
    expect(at.entry('clock')).toEqual({ command: 'npx', args: ['-y', '@tiny/mcp-server-clock@1.0.0', 'a', 'b'] });
    for (const name of ['.gitignore', 'schema.json']) expect(existsSync(join(at.cwd, '.hatago', name))).toBe(true);
    // Who added it has looked at it: it needs no approval besides.
    const called = await at.hatago('call', 'clock_version');
    expect(called.code, called.stderr).toBe(0);
    expect(called.stdout).toMatch(/^1\.0\.0 \d+ a b$/m);
  });

  it('takes a range, a command that runs npx, and a package of several commands', async () => {
    registry.publish({ name: 'tiny-many', version: '0.9.0', commands: ['tiny-tool', 'tiny-mcp'] });
    registry.publish({ name: 'tiny-many', version: '1.1.0', commands: ['tiny-tool', 'tiny-mcp'] });
    const at = place();
    expect((await at.hatago('add', 'old', 'tiny-many', '-V', '<1', '-y')).code).toBe(0);
    expect(at.entry('old')['args']).toEqual(['-y', '--package=tiny-many@0.9.0', 'tiny-mcp']);
    const elsewhere = place();
    const line = await elsewhere.hatago('add', 'new', '-y', '--', 'npx', '--package=tiny-many', 'tiny-mcp');
    expect(line.code, line.stderr).toBe(0);
    expect(elsewhere.entry('new')['args']).toEqual(['-y', '--package=tiny-many@1.1.0', 'tiny-mcp']);
  });

  it('warns of what looks like another package, is given up, or runs scripts', async () => {
    registry.publish({
      name: 'mcp-rernote',
      version: '1.0.0',
      deprecated: 'moved',
      scripts: { postinstall: 'node -e 0' },
    });
    const { stderr } = await place().hatago('add', 'mcp-rernote', '--yes');
    expect(stderr).toContain('not the well-known mcp-remote');
    expect(stderr).toContain('moved');
    expect(stderr).toContain('postinstall');
  });

  it.each([
    [['add', 'no-such-package-here', '-y'], 4, 'no package no-such-package-here'],
    [['add', '../up', '-y'], 2, 'after --'],
    [['add', 'a;b', '-y'], 2, 'not the name of an npm package'],
    [['add', 'https://api.example.com/openapi.json', '-y'], 1, 'OpenAPI documents are not served yet'],
    [['add', 'x', '-y', '--', 'no-such-program-here'], 1, 'was not found. Install'],
    [['add', 'http://127.0.0.1:9/mcp', '-y'], 1, 'does not work'],
    [['add', 'http://127.0.0.1:9/mcp', '-y', '--transport', 'stdio'], 2, '--transport stdio is for commands'],
    [['add', 'x', '-y', '--header', 'A: b', '--', 'node'], 2, 'for remote servers'],
    [['add', 'x', '-y', '--max-restarts', 'many', '--', 'node'], 2, 'whole number'],
    [['add'], 2, 'give a URL'],
  ])('%j ends with %i and leaves nothing behind', async (args, exit, message) => {
    const at = place();
    const { code, stdout, stderr } = await at.hatago(...args);
    expect(code, stderr).toBe(exit);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(existsSync(at.file)).toBe(false);
  });

  it('runs nothing where nobody can be asked', async () => {
    const at = place();
    const mark = join(at.cwd, 'ran');
    const { code, stderr } = await at.hatago(
      'add',
      'x',
      '--',
      process.execPath,
      '-e',
      `fs.writeFileSync('${mark}', '')`,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect([existsSync(mark), existsSync(at.file)]).toEqual([false, false]);
  });

  it('keeps what does not work only when it is forced to, and says what the server said', async () => {
    const at = place();
    const line = ['--', process.execPath, '-e', 'console.error("no disk"); process.exit(1)'];
    const refused = await at.hatago('add', 'x', '--yes', ...line);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('no disk');
    const forced = await at.hatago('add', 'x', '--yes', '--force', '--json', ...line);
    expect(forced.code, forced.stderr).toBe(0);
    expect(JSON.parse(forced.stdout)).toMatchObject({ id: 'x', readiness: { state: 'failing' }, tools: 0, hub: null });
    expect(at.entry('x')['command']).toBe(process.execPath);
  });

  it('remembers where a command that names its files by relative paths was written', async () => {
    const at = place();
    writeFileSync(join(at.cwd, 'server.cjs'), TINY_SERVER);
    const added = await at.hatago('add', 'near', '-y', '--', process.execPath, 'server.cjs');
    expect(added.code, added.stderr).toBe(0);
    expect(at.entry('near')['cwd']).toBe('.');
    const elsewhere = await run(process.execPath, [hatagoBin, 'call', 'near_where', '-c', at.file], {
      cwd: scope.dir(),
      env: at.env,
    });
    expect(elsewhere.stdout.trim(), elsewhere.stderr).toBe(at.cwd);
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const words = [String(server.entry['command']), ...(server.entry['args'] as string[])];
    const replaced = await at.hatago('update', 'near', '-y', '--tags', 'x', '--', ...words);
    expect(replaced.code, replaced.stderr).toBe(0);
    expect(at.entry('near')).toEqual({ ...server.entry, tags: ['x'] });
  });

  it('asks at a terminal, and takes no for an answer', async () => {
    const at = place();
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const words = [String(server.entry['command']), ...(server.entry['args'] as string[])];
    const terminal = openTerminal(process.execPath, [hatagoBin, 'add', 'j', '--', ...words], {
      cwd: at.cwd,
      env: at.env,
    });
    await terminal.sees('Run this, and add it as j?');
    expect(server.pids()).toEqual([]);
    terminal.type('n');
    expect(await terminal.done).toBe(5);
    expect(existsSync(at.file)).toBe(false);
    const again = openTerminal(process.execPath, [hatagoBin, 'add', 'j', '--', ...words], { cwd: at.cwd, env: at.env });
    await again.sees('Run this, and add it as j?');
    again.type(ENTER);
    await again.sees('j works');
    expect(await again.done).toBe(0);
  });

  it.each([
    ['http', 'modern', 'http'],
    ['http', 'legacy', 'http'],
    ['sse', 'legacy', 'sse'],
    ['ws', 'modern', 'ws'],
  ] as const)('finds out how a %s server of the %s era is reached', async (transport, era, type) => {
    const server = await journal(scope, { transport, era });
    const at = place();
    const { code, stdout, stderr } = await at.hatago(
      'add',
      'j',
      String(server.entry['url']),
      '-y',
      '--tags',
      'a,b',
      '--json',
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: 'j', era, readiness: { state: 'ready' }, entry: { type } });
    expect(at.entry('j')).toEqual({ type, url: server.entry['url'], tags: ['a', 'b'] });
  });

  it('finds the usual path of a server that was named by its host alone', async () => {
    const server = await everything(scope, 'http');
    const url = new URL(String(server['url']));
    const at = place();
    const { code, stderr } = await at.hatago('add', 'e', url.origin, '--yes');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('/mcp');
    expect(at.entry('e')['url']).toBe(`${url.origin}/mcp`);
  });

  it('tells an OpenAPI document from a server that does not work', async () => {
    const page = createServer((_, response) => void response.writeHead(200).end('{"openapi":"3.1.0","info":{}}'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    scope.defer(() => void page.close());
    const address = page.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/spec`;
    const { code, stderr } = await place().hatago('add', url, '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('OpenAPI documents are not served yet');
  });

  it('says that a server wants its callers to sign in, and signs in with a token kept as a secret', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const url = await lockedServer(scope, String(server.entry['url']), 'canary-token');
    const at = place();
    const refused = await at.hatago('add', 'locked', url, '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('sign in');
    expect(refused.stderr).toContain('mcp:read');
    expect(refused.stderr).toContain('hatago secret set LOCKED_TOKEN');
    const unknown = await at.hatago('add', 'locked', url, '-y', '--auth', 'bearer', '--secret', 'LOCKED_TOKEN');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('hatago secret set LOCKED_TOKEN');
    const set = await run(process.execPath, [hatagoBin, 'secret', 'set', 'LOCKED_TOKEN'], {
      ...at,
      input: 'canary-token',
    });
    expect(set.code, set.stderr).toBe(0);
    const added = await at.hatago('add', 'locked', url, '-y', '--auth', 'bearer', '--secret', 'LOCKED_TOKEN');
    expect(added.code, added.stderr).toBe(0);
    expect(at.entry('locked')['auth']).toEqual({ type: 'bearer', token: '${secret:LOCKED_TOKEN}' });
  });

  it('asks for the token at a terminal', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const url = await lockedServer(scope, String(server.entry['url']), 'canary-typed');
    const at = place();
    const terminal = openTerminal(process.execPath, [hatagoBin, 'add', 'locked', url], { cwd: at.cwd, env: at.env });
    await terminal.sees('Add locked?');
    terminal.type(ENTER);
    await terminal.sees('Token, kept encrypted');
    terminal.type(`canary-typed${ENTER}`);
    await terminal.sees('locked works');
    expect(await terminal.done).toBe(0);
    expect(terminal.screen() + at.config()).not.toContain('canary-typed');
    expect((await at.hatago('secret', 'list')).stdout).toContain('LOCKED_TOKEN');
  });

  it('moves a credential of the command line into the secrets, and takes it back with the server', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const url = await lockedServer(scope, String(server.entry['url']), 'canary-argv');
    const at = place();
    const added = await at.hatago('add', 'locked', url, '-y', '--header', 'Authorization: Bearer canary-argv');
    expect(added.code, added.stderr).toBe(0);
    expect(added.stderr).toContain("shell's history");
    expect(at.entry('locked')['headers']).toEqual({ Authorization: 'Bearer ${secret:LOCKED_TOKEN}' });
    expect(at.config() + added.stdout + added.stderr).not.toContain('canary-argv');
    const kept = await at.hatago('rm', 'locked', '--keep-credentials');
    expect(kept.code, kept.stderr).toBe(0);
    expect((await at.hatago('secret', 'list')).stdout).toContain('LOCKED_TOKEN');
    await at.hatago('add', 'locked', url, '-y', '--header', 'Authorization: Bearer canary-argv');
    const removed = await at.hatago('rm', 'locked');
    expect(removed.stdout).toContain('Its credentials were removed: LOCKED_TOKEN');
    expect((await at.hatago('secret', 'list')).stdout).not.toContain('LOCKED_TOKEN');
  });

  it('never takes the name of a secret that was kept for something else', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const url = await lockedServer(scope, String(server.entry['url']), 'canary-new');
    const at = place();
    await run(process.execPath, [hatagoBin, 'secret', 'set', 'LOCKED_TOKEN'], { ...at, input: 'mine' });
    const added = await at.hatago('add', 'locked', url, '-y', '--header', 'Authorization: Bearer canary-new');
    expect(added.code, added.stderr).toBe(0);
    expect(at.entry('locked')['headers']).toEqual({ Authorization: 'Bearer ${secret:LOCKED_TOKEN_2}' });
    expect((await at.hatago('secret', 'get', 'LOCKED_TOKEN', '--show')).stdout.trim()).toBe('mine');
    expect((await at.hatago('rm', 'locked')).stdout).toContain('LOCKED_TOKEN_2');
    expect((await at.hatago('secret', 'get', 'LOCKED_TOKEN', '--show')).stdout.trim()).toBe('mine');
  });

  it('refuses an id that is taken, and a server that is there', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const url = String(server.entry['url']);
    const at = place();
    expect((await at.hatago('add', 'j', url, '-y')).code).toBe(0);
    const before = at.config();
    const taken = await at.hatago('add', 'j', 'https://other.example/mcp', '-y');
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('hatago update j')]);
    const twin = await at.hatago('add', url, '-y');
    expect([twin.code, twin.stderr]).toEqual([1, expect.stringContaining('j is the same server')]);
    expect(at.config()).toBe(before);
  });

  it('says so where nothing can be written, and what it cannot read', async () => {
    const server = await journal(scope, { transport: 'http', era: 'modern' });
    const at = place();
    writeFileSync(join(at.cwd, '.hatago'), 'in the way');
    const unwritable = await at.hatago('add', 'j', String(server.entry['url']), '-y');
    expect([unwritable.code, unwritable.stderr]).toEqual([1, expect.stringContaining('cannot be written (E')]);
    const folder = await place(scope.dir()).hatago('add', 'j', String(server.entry['url']), '-y');
    expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining('is a directory')]);
  });

  it('refuses to touch a configuration that is broken, and says where', async () => {
    const at = place(scope.file('hatago.config.jsonc', '{ "mcpServers": {\n  "x": { "command": } } }'));
    const { code, stderr } = await at.hatago('add', 'y', '-y', '--', 'node');
    expect(code).toBe(2);
    expect(stderr).toContain(`${at.file}:2:`);
    expect(at.config()).toContain('"command": }');
  });
});

describe('update', () => {
  it('brings a package to its newest release: shows old and new, and keeps comments', async () => {
    registry.publish({ name: 'tiny-news', version: '1.0.0', publisher: 'ann' });
    const at = place();
    await at.hatago('add', 'tiny-news', '-y');
    const same = await at.hatago('update', 'tiny-news', '-y');
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('newest release already')]);
    registry.publish({ name: 'tiny-news', version: '1.2.0', publisher: 'bob' });
    writeFileSync(at.file, at.config().replace('"tiny-news": {', '"tiny-news": { // mine'));
    const asked = await at.hatago('update', 'tiny-news');
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const { code, stdout, stderr } = await at.hatago('update', 'tiny-news', '--yes');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('release: 1.0.0 → 1.2.0');
    expect(stderr).toMatch(/integrity: sha512-\S+ → sha512-/);
    expect(stderr).toContain('published by bob <x@example.com>, the one before by ann');
    expect(stdout).toContain('works');
    expect(at.config()).toContain('// mine');
    expect(at.entry('tiny-news')['args']).toEqual(['-y', 'tiny-news@1.2.0']);
    const back = await at.hatago('update', 'tiny-news', '-V', '1.0.0', '-y', '--json');
    expect(JSON.parse(back.stdout)).toMatchObject({ id: 'tiny-news', readiness: { state: 'ready' } });
  });

  it('changes what its flags say and nothing else', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const at = place();
    const words = [String(server.entry['command']), ...(server.entry['args'] as string[])];
    await at.hatago('add', 'j', '-y', '--env', 'OLD=1', '--env', 'KEEP=2', '--', ...words);
    const { code, stderr } = await at.hatago(
      ...['update', 'j', '-y', '--unset', 'OLD', '--env', 'NEW=3', '--tags', 'x', '--no-auto-restart'],
    );
    expect(code, stderr).toBe(0);
    expect(at.entry('j')).toMatchObject({
      env: { KEEP: '2', NEW: '3' },
      tags: ['x'],
      restart: { max: 0 },
      args: words.slice(1),
    });
    expect(at.entry('j')['env']).not.toHaveProperty('OLD');
  });

  it('leaves alone what stands in the configuration already', async () => {
    const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const config = { version: 2, mcpServers: { j: { ...server.entry, env: { API_KEY: 'canary-old' } } } };
    const at = place(scope.file('hatago.config.json', JSON.stringify(config)));
    const { code, stdout, stderr } = await at.hatago('update', 'j', '-y', '--env', 'API_TOKEN=canary-next');
    expect(code, stderr).toBe(0);
    expect(at.entry('j')['env']).toEqual({ API_KEY: 'canary-old', API_TOKEN: '${secret:J_API_TOKEN}' });
    expect(stdout + stderr).not.toContain('canary');
  });

  it.each([
    [['update', 'nobody', '-y'], 4, 'no server "nobody"'],
    [['update', 'j', '-y'], 2, 'nothing to change'],
    [['update', 'j', '-y', '--header', 'A: b'], 2, 'remote servers'],
    [['update', 'j', '-y', '--unset', 'NOPE'], 2, 'no header and no variable'],
    [['update', 'j', '-y', '--', 'no-such-program-here'], 1, 'Nothing was changed'],
  ])('%j ends with %i and changes nothing', async (args, exit, message) => {
    const at = place(scope.file('hatago.config.json', '{"version":2,"mcpServers":{"j":{"command":"node"}}}'));
    const { code, stderr } = await at.hatago(...args);
    expect(code, stderr).toBe(exit);
    expect(stderr).toContain(message);
    expect(at.config()).toBe('{"version":2,"mcpServers":{"j":{"command":"node"}}}');
  });
});

describe('rm', () => {
  it('ends with 4 for a server nobody has', async () => {
    const at = place(scope.file('hatago.config.json', '{"version":2,"mcpServers":{"j":{"command":"node"}}}'));
    const { code, stderr } = await at.hatago('rm', 'nobody');
    expect([code, stderr]).toEqual([4, expect.stringContaining('it has j')]);
  });

  it('takes away what another file brings without touching that file', async () => {
    const base = scope.file('base.json', '{"version":2,"mcpServers":{"shared":{"command":"node"}}}');
    const at = place(
      scope.file('hatago.config.json', `{"version":2,"extends":[${JSON.stringify(base)}],"mcpServers":{}}`),
    );
    const { code, stdout, stderr } = await at.hatago('rm', 'shared');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('base.json');
    expect(readFileSync(base, 'utf8')).toContain('shared');
    expect((await at.hatago('rm', 'shared')).code).toBe(4);
  });
});
