import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';
import type { SecretReader } from './secret-reader.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-references-')));
  file = join(folder, 'hatago.config.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secrets =
  (known: Record<string, string>): SecretReader =>
  (name) =>
    known[name] === undefined ? { ok: false, reason: `there is no secret ${name}` } : { ok: true, value: known[name] };

function attempt(config: object, env: Record<string, string> = {}, options: LoadOptions = {}) {
  writeFileSync(file, JSON.stringify(config));
  return loadConfig(file, env, { cwd: folder, ...options });
}

function load(config: object, env: Record<string, string> = {}, options: LoadOptions = {}): LoadedConfig {
  const loaded = attempt(config, env, options);
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return loaded.value;
}

function faults(config: object, env: Record<string, string> = {}, options: LoadOptions = {}): string[] {
  const loaded = attempt(config, env, options);
  return loaded.ok ? [] : loaded.error.map((fault) => fault.replace(/^.*?:\d+:\d+: /, ''));
}

const args = (text: string, env: Record<string, string> = {}): string | undefined =>
  load({ mcpServers: { a: { command: 'x', args: [text] } } }, env).config.mcpServers['a']?.args[0];

describe('references to variables', () => {
  it.each([
    ['${A}', 'one'],
    ['${env:A}', 'one'],
    ['${A:-x}', 'one'],
    ['${A:?x}', 'one'],
    ['${B:-x}', 'x'],
    ['${env:B:-x y}', 'x y'],
    ['${B:-}', ''],
    ['${EMPTY:-x}', 'x'],
    ['${EMPTY}', ''],
    ['a ${A} b ${A}', 'a one b one'],
    ['${B:-a:b/c?d}', 'a:b/c?d'],
    ['$A ${} ${1} $(A) {A}', '$A ${} ${1} $(A) {A}'],
  ])('%s stands for %j', (text, value) => {
    expect(args(text, { A: 'one', EMPTY: '' })).toBe(value);
  });

  it('are not looked into again', () => {
    expect(args('${A}', { A: '${B}', B: 'x' })).toBe('${B}');
    expect(args('${A:-$}{B}', { B: 'x' })).toBe('${B}');
  });

  it('that are not set are all told, each at its place', () => {
    const config = {
      admin: { token: '${T}' },
      mcpServers: {
        a: { command: '${A}', env: { X: '${B:?ask the team for it}' } },
        b: { url: 'https://x/${C}' },
        c: { url: '${D}' },
      },
    };
    expect(faults(config)).toEqual([
      '${T} is not set; set it, or write ${T:-default}',
      '${A} is not set; set it, or write ${A:-default}',
      '${B} is not set: ask the team for it',
      '${C} is not set; set it, or write ${C:-default}',
      '${D} is not set; set it, or write ${D:-default}',
      'must be at least 16 characters long',
    ]);
  });

  it.each([
    ['${A:-${B}}', 'a reference cannot stand inside another'],
    ['${file:x}', '${file:x} is no reference known here'],
    ['${HATAGO_MASTER_KEY}', '${HATAGO_MASTER_KEY} is not for servers'],
  ])('%s is refused', (text, message) => {
    const config = { mcpServers: { a: { command: 'x', env: { X: text } } } };
    expect(faults(config, { A: 'x', HATAGO_MASTER_KEY: 'k' })).toEqual([expect.stringContaining(message)]);
  });

  it('are told for each server that is given their values', () => {
    const { variableNames } = load(
      { mcpServers: { a: { command: '${A}', args: ['${env:B:-x}', '${C:-x}'] }, b: { url: 'https://x' } } },
      { A: '1', B: '2' },
    );
    expect(variableNames['a']).toEqual(expect.arrayContaining(['A', 'B']));
    expect(variableNames['b']).toBeUndefined();
  });

  it('stay as they are where they mean nothing', () => {
    const server = { command: 'x', description: '${A}', instructions: '${A}', tools: { include: ['${A}'] } };
    expect(load({ mcpServers: { a: server } }).config.mcpServers['a']).toMatchObject(server);
  });
});

describe('files of variables', () => {
  const config = { mcpServers: { a: { command: '${A:-none}', args: ['${B:-none}'] } } };
  const of = (loaded: LoadedConfig): unknown[] => {
    const server = loaded.config.mcpServers['a'];
    return [server?.command, server?.args[0]];
  };
  const write = (name: string, text: string): string => {
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('are read from beside the configuration and from the working directory, which wins', () => {
    write('.env', 'A=beside\nB=beside\n');
    write('sub/.env', 'B=cwd\n');
    const loaded = load(config, {}, { cwd: join(folder, 'sub') });
    expect(of(loaded)).toEqual(['beside', 'cwd']);
    expect(loaded.files).toEqual(expect.arrayContaining([join(folder, '.env'), join(folder, 'sub/.env')]));
  });

  it('give way to the environment, or not where it is asked for', () => {
    write('.env', 'A=file\nB=file\n');
    expect(of(load(config, { A: 'env' }))).toEqual(['env', 'file']);
    expect(of(load(config, { A: 'env' }, { envOverride: true }))).toEqual(['file', 'file']);
  });

  it('are named as often as one likes, later ones win', () => {
    const one = write('one.env', 'A=1\nB=1\n');
    write('two.env', 'B=2\n');
    expect(of(load(config, {}, { envFiles: [one, 'two.env'] }))).toEqual(['1', '2']);
    expect(faults(config, {}, { envFiles: ['gone.env'] })).toEqual([`${folder}/gone.env: there is no such file`]);
  });

  it('never say anything of the hub, and feed no server by themselves', () => {
    write('.env', 'HATAGO_PROFILE=x\nHATAGO_A=y\nA=1\nnonsense\n');
    const loaded = load({ mcpServers: { a: { command: '${HATAGO_A:-none}', args: ['${A}'] } } });
    expect(of(loaded)).toEqual(['none', '1']);
    expect(loaded.config.mcpServers['a']?.env).toEqual({});
    expect(loaded.warnings).toEqual([
      `${folder}/.env:4:1: is no NAME=value and is ignored`,
      `${folder}/.env: HATAGO_PROFILE, HATAGO_A can be set in the environment only and is ignored`,
    ]);
  });
});

describe('references to secrets', () => {
  it('are replaced where nobody else sees them', () => {
    const loaded = load(
      {
        mcpServers: {
          a: { command: 'x', env: { T: 'Bearer ${secret:A.b-c_1}' } },
          b: { url: 'https://x/y?key=${secret:B}', headers: { X: '${secret:B}' } },
          c: { url: 'https://x', auth: { type: 'bearer', token: '${secret:C}' } },
        },
      },
      {},
      { secrets: secrets({ 'A.b-c_1': '${X}', B: 'b', C: 'c' }) },
    );
    const { a, b, c } = loaded.config.mcpServers;
    expect(a?.env).toEqual({ T: 'Bearer ${X}' });
    expect(b).toMatchObject({ url: 'https://x/y?key=b', headers: { X: 'b' } });
    expect(c?.headers).toEqual({ Authorization: 'Bearer c' });
    expect(loaded.secretNames).toEqual({ a: ['A.b-c_1'], b: ['B'], c: ['C'] });
    expect(loaded.missingSecrets).toEqual({});
  });

  it('that are missing block their own server and no other', () => {
    const { config, missingSecrets } = load(
      {
        mcpServers: {
          a: { command: 'x', env: { T: '${secret:GONE}', U: '${secret:AWAY}' } },
          b: { url: 'https://x', auth: { type: 'bearer', token: '${secret:GONE}' } },
          c: { command: 'x', env: { T: '${secret:A}' } },
        },
      },
      {},
      { secrets: secrets({ A: '1' }) },
    );
    expect(config.mcpServers['a']?.blocked).toEqual({
      code: 'HATAGO_SECRET_MISSING',
      message: 'it needs the secrets "GONE", "AWAY": there is no secret GONE',
      fix: 'hatago secret set GONE',
    });
    expect(config.mcpServers['b']?.blocked?.message).toBe('it needs the secret "GONE": there is no secret GONE');
    expect(config.mcpServers['c']?.blocked).toBeUndefined();
    expect(missingSecrets).toEqual({ a: ['GONE', 'AWAY'], b: ['GONE'] });
  });

  it.each([
    [{ command: 'x', args: ['--token=${secret:A}'] }, '${secret:A} would be seen by others here'],
    [{ command: '${secret:A}' }, '${secret:A} would be seen by others here'],
    [{ command: 'x', cwd: '${secret:A}' }, '${secret:A} would be seen by others here'],
    [{ url: 'https://x/${secret:A}/mcp' }, '${secret:A} would be shown here'],
    [{ url: 'https://${H:-x?}/${secret:A}/mcp' }, '${secret:A} would be shown here'],
    [{ command: 'x', env: { T: '${secret:*}' } }, '${secret:*} names no secret'],
    [{ command: 'x', env: { T: '${secret:../x}' } }, '${secret:../x} names no secret'],
    [{ command: 'x', env: { T: '${secret:}' } }, '${secret:} names no secret'],
    [{ command: 'x', env: { T: `\${secret:${'a'.repeat(129)}}` } }, 'names no secret'],
    [{ command: 'x', secrets: ['B'], env: { T: '${secret:A}' } }, 'the secret "A" is not in the "secrets"'],
  ])('are refused in %j', (server, message) => {
    const options = { secrets: secrets({ A: 'canary', B: 'b' }) };
    const told = faults({ mcpServers: { a: server } }, {}, options);
    expect(told).toEqual([expect.stringContaining(message)]);
    expect(told.join()).not.toContain('canary');
  });

  it('of a server that is disabled are not asked for', () => {
    const asked: string[] = [];
    const reader: SecretReader = (name) => {
      asked.push(name);
      return { ok: true, value: '' };
    };
    load({ mcpServers: { a: { command: 'x', disabled: true, env: { T: '${secret:A}' } } } }, {}, { secrets: reader });
    expect(asked).toEqual([]);
  });

  it('that the hub itself needs must be there', () => {
    const config = { admin: { token: '${secret:ADMIN}' } };
    const given = load(config, {}, { secrets: secrets({ ADMIN: 'long enough to be one' }) });
    expect(given.config.admin.token).toBe('long enough to be one');
    expect(faults(config)[0]).toBe('the secret "ADMIN" cannot be read: there are no secrets here');
  });
});

describe('values that cannot be sent', () => {
  it.each([
    [{ url: 'https://x', headers: { 'a b': 'x' } }, {}, 'is no name of a header'],
    [{ url: 'https://x', headers: { X: '${V}' } }, { V: 'a\r\nb: c' }, 'holds a character that a header cannot'],
    [
      { url: 'https://x', auth: { type: 'bearer', token: '${V}' } },
      { V: 'a\nb' },
      'holds a character that a header cannot',
    ],
    [{ command: 'x', env: { 'A=B': 'x' } }, {}, 'is no name of a variable'],
    [{ command: 'x', args: ['a\0b'] }, {}, 'holds a NUL character'],
    [{ command: 'x', auth: { type: 'bearer', token: 't' } }, {}, 'is for remote servers'],
    [{ url: 'https://x', auth: { type: 'bearer' } }, {}, 'needs a "token"'],
    [{ url: 'https://x', auth: { token: 't' } }, {}, 'say "type": "bearer"'],
    [
      { url: 'https://x', auth: { type: 'bearer', token: 't' }, headers: { authorization: 'x' } },
      {},
      'keep one of them',
    ],
  ])('are refused: %j', (server, env, message) => {
    expect(faults({ mcpServers: { a: server } }, env as Record<string, string>)[0]).toContain(message);
  });
});
