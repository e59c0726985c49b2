import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { assertBuilt, hatagoBin, root } from './support/paths.ts';
import { type Ended, type RunOptions, run } from './support/processes.ts';
import { createScope } from './support/scope.ts';

assertBuilt();
const scope = createScope();
afterAll(() => scope.close());

let cwd: string;
let home: string;
beforeEach(() => {
  cwd = scope.dir();
  home = scope.dir();
});

function hatago(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(process.execPath, [hatagoBin, ...args], { cwd, ...options, env: { HOME: home, ...options.env } });
}

function write(name: string, text: string): string {
  const file = join(cwd, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');
const fixture = (name: string): string => readFileSync(join(root, 'test/fixtures/configs', name), 'utf8');

const CONFIG = `{
  "version": 2,
  // ours
  "http": { "port": 4000 },
  "mcpServers": {
    // the notes
    "notes": { "command": "node", "args": ["notes.js"], "env": { "API_KEY": "hunter2" } } // local
  }
}
`;

describe('help', () => {
  it.each([
    ['init'],
    ['migrate'],
    ['config'],
    ['config', 'show'],
    ['config', 'get'],
    ['config', 'set'],
    ['config', 'unset'],
    ['config', 'validate'],
    ['config', 'schema'],
  ])('of %s %s shows its options and examples', async (...command) => {
    const { code, stdout } = await hatago([...command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`hatago ${command.join(' ')}`);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('--json');
  });

  it.each([[['config', 'get']], [['config', 'set', 'a']], [['config', 'nothing']], [['init', '--mode', 'other']]])(
    'a wrong command line (%j) ends with 2',
    async (args) => {
      const { code, stderr } = await hatago(args);
      expect(code).toBe(2);
      expect(stderr).not.toBe('');
    },
  );
});

describe('config show and get', () => {
  it('print what is in effect, what may be secret hidden', async () => {
    write('hatago.config.jsonc', CONFIG);
    write('.hatago/profiles/ci.jsonc', '{ "logLevel": "warn" }');
    const { code, stdout, stderr } = await hatago(['config', 'show', '--profile', 'ci']);
    expect(code, stderr).toBe(0);
    const shown = JSON.parse(stdout) as { mcpServers: { notes: { env: object; start: string } }; logLevel: string };
    expect(shown).toMatchObject({ logLevel: 'warn', http: { port: 4000, host: '127.0.0.1' } });
    expect(shown.mcpServers.notes).toMatchObject({ env: { API_KEY: '••••••' }, start: 'eager' });
    expect(stderr).toContain('hatago.config.jsonc');
    expect(stdout + stderr).not.toContain('hunter2');
    const asJson = JSON.parse((await hatago(['config', 'show', '--json'])).stdout) as Record<string, unknown>;
    expect(asJson).toMatchObject({
      file: join(cwd, 'hatago.config.jsonc'),
      warnings: [],
      config: { logLevel: 'info' },
    });
    expect((await hatago(['config', 'show', '--show'])).stdout).toContain('hunter2');
  });

  it('show references as they are written, also where nothing is set', async () => {
    write(
      'hatago.config.jsonc',
      '{"mcpServers":{"a":{"url":"${URL}","headers":{"Authorization":"Bearer ${secret:T}"}}}}',
    );
    const { code, stdout } = await hatago(['config', 'get', 'mcpServers.a.headers', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ Authorization: 'Bearer ${secret:T}' });
  });

  it('get one value, and end with 4 where there is none', async () => {
    write('hatago.config.jsonc', CONFIG);
    expect((await hatago(['config', 'get', 'http.port'])).stdout).toBe('4000\n');
    expect((await hatago(['config', 'get', 'mcpServers.notes.args[0]', '--json'])).stdout).toBe('"notes.js"\n');
    expect((await hatago(['config', 'get', 'mcpServers.notes.env.API_KEY'])).stdout).toBe('••••••\n');
    expect((await hatago(['config', 'get', 'mcpServers.notes.env.API_KEY', '--show'])).stdout).toBe('hunter2\n');
    const gone = await hatago(['config', 'get', 'mcpServers.other']);
    expect([gone.code, gone.stdout]).toEqual([4, '']);
    expect(gone.stderr).toContain('there is nothing at mcpServers.other');
  });

  it('end with 4 where there is no configuration', async () => {
    const { code, stderr } = await hatago(['config', 'show']);
    expect(code).toBe(4);
    expect(stderr).toContain('hatago init');
    expect((await hatago(['config', 'show', '-c', 'gone.json'])).code).toBe(4);
  });
});

describe('config set and unset', () => {
  it('edit the file in place', async () => {
    write('hatago.config.jsonc', CONFIG);
    const set = await hatago(['config', 'set', 'http.port', '5000']);
    expect(set.code, set.stderr).toBe(0);
    expect(read('hatago.config.jsonc')).toBe(CONFIG.replace('4000', '5000'));
    await hatago(['config', 'set', 'mcpServers.notes.start', 'lazy']);
    expect(read('hatago.config.jsonc')).toContain('"env": { "API_KEY": "hunter2" }, "start": "lazy" } // local');
    const unset = await hatago(['config', 'unset', 'mcpServers.notes.start', '--json']);
    expect(JSON.parse(unset.stdout)).toMatchObject({ key: 'mcpServers.notes.start', changed: true });
    expect(read('hatago.config.jsonc')).toBe(CONFIG.replace('4000', '5000'));
    expect((await hatago(['config', 'unset', 'mcpServers.notes.start'])).code).toBe(4);
  });

  it('edit YAML, too', async () => {
    write('hatago.config.yaml', '# ours\nversion: 2\nhttp:\n  port: 4000 # not 80\n');
    expect((await hatago(['config', 'set', 'http.port', '5000'])).code).toBe(0);
    expect(read('hatago.config.yaml')).toBe('# ours\nversion: 2\nhttp:\n  port: 5000 # not 80\n');
  });

  it.each([
    [['set', 'http.prot', '1'], 'unknown key "prot"; did you mean "port"?'],
    [['set', 'http.port', '70000'], 'must be at most 65535'],
    [['set', 'mcpServers.b', '{}'], 'needs a "command"'],
    [['unset', 'mcpServers.notes.command'], 'needs a "command"'],
    [['set', 'admin.token', 'abcdefghijklmnopqrst'], 'a token is not given on the command line'],
    [['set', 'a..b', '1'], 'is no key'],
    [['set', '__proto__.x', '1'], 'not allowed'],
  ])('write nothing that is wrong: %j', async (args, message) => {
    write('hatago.config.jsonc', CONFIG);
    const { code, stderr } = await hatago(['config', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(read('hatago.config.jsonc')).toBe(CONFIG);
  });

  it('find the servers of a file that calls them otherwise', async () => {
    write('hatago.config.json', '{"servers":{"a":{"command":"x"}}}');
    expect((await hatago(['config', 'set', 'mcpServers.a.start', 'lazy'])).code).toBe(0);
    expect(read('hatago.config.json')).toBe('{"servers":{"a":{"command":"x", "start": "lazy"}}}');
  });

  it('send a file of an old format to migrate', async () => {
    write('hatago.config.json', fixture('version-1.json'));
    const { code, stderr } = await hatago(['config', 'set', 'http.port', '1']);
    expect(code).toBe(2);
    expect(stderr).toContain('hatago migrate --write');
    expect(read('hatago.config.json')).toBe(fixture('version-1.json'));
  });
});

describe('config validate', () => {
  it('says what serve would say', async () => {
    const file = write('hatago.config.jsonc', CONFIG);
    const good = await hatago(['config', 'validate', file]);
    expect(good.code, good.stderr).toBe(0);
    expect(good.stdout).toContain('is valid: one server');
    write(
      'hatago.config.jsonc',
      '{\n  "mcpServers": {\n    "a": { "command": "${NOT_SET}", "start": "never" }\n  }\n}',
    );
    const bad = await hatago(['config', 'validate']);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain(`${file}:3:12: \${NOT_SET} is not set`);
    const asJson = await hatago(['config', 'validate', '--json']);
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ file, valid: false, errors: [expect.any(String)] });
  });

  it('takes variables from .env files, never for the hub itself', async () => {
    write('hatago.config.jsonc', '{"mcpServers":{"a":{"command":"${TOOL}"}}}');
    write('.env', 'TOOL=node\nHATAGO_PROFILE=gone\n');
    const { code, stdout } = await hatago(['config', 'validate']);
    expect(code).toBe(0);
    expect(stdout).toContain('HATAGO_PROFILE can be set in the environment only');
  });

  it('names a secret that is missing, and what to do', async () => {
    write('hatago.config.jsonc', '{"mcpServers":{"a":{"command":"node","env":{"T":"${secret:TOKEN}"}}}}');
    const { code, stdout } = await hatago(['config', 'validate', '-c', 'hatago.config.jsonc', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      blocked: [{ server: 'a', code: 'HATAGO_SECRET_MISSING', fix: 'hatago secret set TOKEN' }],
    });
  });
});

describe('config schema', () => {
  it('prints the schema that init writes', async () => {
    const { code, stdout } = await hatago(['config', 'schema']);
    expect(code).toBe(0);
    await hatago(['init']);
    expect(read('.hatago/schema.json')).toBe(stdout);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', properties: { mcpServers: {} } });
  });
});

describe('migrate', () => {
  it('shows the difference, then writes it and keeps what was there', async () => {
    const text = fixture('early-list.jsonc');
    write('.hatago/config.jsonc', text);
    write('.hatago/profiles/frontend.jsonc', fixture('early-profile.jsonc'));
    const shown = await hatago(['migrate']);
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stderr).toContain('+   "version": 2,');
    expect(shown.stderr).toContain('frontend.jsonc');
    expect(shown.stdout).toContain('Nothing was written');
    expect(read('.hatago/config.jsonc')).toBe(text);
    const written = await hatago(['migrate', '--write', '--json']);
    expect(JSON.parse(written.stdout)).toMatchObject({
      files: [
        { format: 'early', changed: true, backup: join(cwd, '.hatago/config.jsonc.bak') },
        { format: 'early', changed: true },
      ],
    });
    expect(read('.hatago/config.jsonc.bak')).toBe(text);
    expect(read('.hatago/config.jsonc')).toContain('// files of the project');
    const check = await hatago(['config', 'validate', '--profile', 'frontend', '--json'], { env: { API_TOKEN: 't' } });
    expect(JSON.parse(check.stdout)).toMatchObject({
      valid: true,
      warnings: [],
      servers: ['fs', 'memory', 'api', 'old'],
    });
    expect((await hatago(['migrate'])).stdout).toContain('is of the newest format already');
  });

  it('puts the schema of today in the place of the old one', async () => {
    write('hatago.config.json', fixture('version-1.json'));
    expect((await hatago(['migrate', '--write'])).code).toBe(0);
    expect(read('hatago.config.json')).toContain('"$schema": "./.hatago/schema.json"');
    expect(JSON.parse(read('.hatago/schema.json'))).toMatchObject({ title: 'Hatago configuration' });
  });

  it('does not overwrite a backup', async () => {
    write('hatago.config.json', '{"version":1,"mcpServers":{}}');
    write('hatago.config.json.bak', 'mine');
    await hatago(['migrate', '--write']);
    expect(read('hatago.config.json.bak')).toBe('mine');
    expect(read('hatago.config.json.bak.1')).toBe('{"version":1,"mcpServers":{}}');
  });

  it.each([
    ['hatago.config.json', '{broken', 2, 'hatago.config.json:1:2'],
    ['.mcp.json', '{"mcpServers":{}}', 2, 'hatago init --from'],
  ])('leaves %s alone where it holds %s', async (name, text, exit, message) => {
    write(name, text);
    const { code, stderr } = await hatago(['migrate', name, '--write']);
    expect(code).toBe(exit);
    expect(stderr).toContain(message);
    expect(read(name)).toBe(text);
    expect((await hatago(['migrate', 'gone.json'])).code).toBe(4);
  });
});

describe('init', () => {
  it('takes over what others have, and says what it left out', async () => {
    write('.vscode/mcp.json', fixture('vscode.json'));
    const { code, stdout, stderr } = await hatago(['init', '--from', '.vscode/mcp.json', '--mode', 'stdio']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('hatago secret set token');
    expect(stdout).toContain('"serve"');
    expect(stdout).not.toContain('claude mcp add --transport http');
    expect(read('.hatago/config.jsonc')).toContain('"Authorization": "Bearer ${secret:token}"');
    expect(read('.hatago/.gitignore')).toContain('!profiles/');
  });

  it('writes YAML where that is asked for, and keeps a .gitignore that is there', async () => {
    write('.hatago/.gitignore', 'mine\n');
    const { code } = await hatago(['init', '-o', 'hatago.config.yaml']);
    expect(code).toBe(0);
    expect(read('hatago.config.yaml')).toContain('mcpServers:\n  everything:');
    expect(read('.hatago/.gitignore')).toBe('mine\n');
    expect((await hatago(['config', 'validate'])).code).toBe(0);
  });

  it('refuses to overwrite, and ends with 4 where there is nothing to take over', async () => {
    write('.hatago/config.jsonc', '{}');
    expect((await hatago(['init'])).code).toBe(1);
    expect(read('.hatago/config.jsonc')).toBe('{}');
    expect((await hatago(['init', '--force', '--from', 'gone.json'])).code).toBe(4);
    expect(read('.hatago/config.jsonc')).toBe('{}');
    expect(existsSync(join(cwd, '.hatago/schema.json'))).toBe(false);
  });
});
