import { describe, expect, it } from 'vitest';
import { dangerousNames } from './dangerous-env.ts';
import { liftSecrets, liftUnset } from './literal-secrets.ts';

describe('secrets that stand literally in an entry', () => {
  it('are replaced by references, and only they', () => {
    const { entry, secrets } = liftSecrets('hub', {
      command: 'x',
      env: {
        GITHUB_TOKEN: 'ghp_1',
        apiKey: 'k',
        DB_PASSWORD: 'p',
        REGION: 'eu',
        TOKEN_FILE: '/a/b.pem',
        MAX_TOKENS: '100000',
        DATABASE_URL: 'postgres://me:pw@db.example.com/x',
      },
      headers: { Authorization: 'Bearer abc.def', 'X-Api-Key': 'k2', Accept: 'text/plain' },
    });
    expect(entry).toEqual({
      command: 'x',
      env: {
        GITHUB_TOKEN: '${secret:HUB_GITHUB_TOKEN}',
        apiKey: '${secret:HUB_APIKEY}',
        DB_PASSWORD: '${secret:HUB_DB_PASSWORD}',
        REGION: 'eu',
        TOKEN_FILE: '/a/b.pem',
        MAX_TOKENS: '100000',
        DATABASE_URL: '${secret:HUB_DATABASE_URL}',
      },
      headers: {
        Authorization: 'Bearer ${secret:HUB_TOKEN}',
        'X-Api-Key': '${secret:HUB_API_KEY}',
        Accept: 'text/plain',
      },
    });
    expect(secrets.map(({ value, at }) => [at, value])).toEqual([
      ['env.GITHUB_TOKEN', 'ghp_1'],
      ['env.apiKey', 'k'],
      ['env.DB_PASSWORD', 'p'],
      ['env.DATABASE_URL', 'postgres://me:pw@db.example.com/x'],
      ['headers.Authorization', 'abc.def'],
      ['headers.X-Api-Key', 'k2'],
    ]);
  });

  it('keep apart what would be called the same', () => {
    const { secrets } = liftSecrets('a', { env: { TOKEN: 'one' }, headers: { Authorization: 'two' } });
    expect(secrets.map(({ name, value }) => [name, value])).toEqual([
      ['A_TOKEN', 'one'],
      ['A_TOKEN_2', 'two'],
    ]);
  });

  it('stay where a reference stands already', () => {
    const entry = { env: { API_KEY: '${API_KEY}', OTHER_TOKEN: '${secret:x}' } };
    expect(liftSecrets('a', entry)).toEqual({ entry, secrets: [] });
  });
});

describe('references to variables', () => {
  it('become secrets where nothing sets them, for one that is missing spoils the whole configuration', () => {
    const entry = { command: '${BIN}', args: ['--key=${KEY}', '${OTHER:-none}'], env: { A: '${env:SET}' } };
    expect(liftUnset('my-id', entry, { SET: '1' })).toEqual({
      command: '${secret:MY_ID_BIN}',
      args: ['--key=${secret:MY_ID_KEY}', '${OTHER:-none}'],
      env: { A: '${env:SET}' },
    });
  });
});

describe('variables that let a server run other code', () => {
  it.each([
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'PATH',
    'Path',
    'BASH_ENV',
    'npm_config_registry',
    'HTTPS_PROXY',
  ])('include %s', (name) => expect(dangerousNames({ [name]: 'x', FINE: 'y' })).toEqual([name]));

  it('include no others', () => {
    expect(dangerousNames({ API_KEY: 'x', NODE_ENV: 'y', MY_PATH: 'z', LANG: 'C' })).toEqual([]);
    expect(dangerousNames(undefined)).toEqual([]);
  });
});
