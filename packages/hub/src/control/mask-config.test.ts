import { describe, expect, it } from 'vitest';
import { MASK, maskConfig } from './mask-config.ts';

const masked = (server: object): unknown =>
  (maskConfig({ mcpServers: { a: server } }) as { mcpServers: { a: object } }).mcpServers.a;

describe('a configuration that is shown', () => {
  it.each([
    [{ env: { API_KEY: 'x', NONE: '' } }, { env: { API_KEY: MASK, NONE: '' } }],
    [{ env: { DATABASE_URL: 'postgres://u:pw@h/db' } }, { env: { DATABASE_URL: MASK } }],
    [{ headers: { 'X-Id': 'canary', 'X-Ref': '${A}' } }, { headers: { 'X-Id': MASK, 'X-Ref': '${A}' } }],
    [{ httpUrl: 'https://x/y?key=abc' }, { httpUrl: 'https://x/y?key=••••••' }],
    [{ serverUrl: 'https://u:p@x/y?abc#d' }, { serverUrl: 'https://••••••@x/y?••••••#••••••' }],
    [{ url: '${BASE:?set it}/y?key=${K}' }, { url: '${BASE:?set it}/y?key=${K}' }],
    [{ hatagoOptions: { auth: { token: 'abc' } } }, { hatagoOptions: { auth: { token: MASK } } }],
    [{ args: ['-e', 'A=b', 'DB_PASSWORD=x'] }, { args: ['-e', `A=${MASK}`, `DB_PASSWORD=${MASK}`] }],
    [
      { args: ['https://x/?key=abc', '--header', 'Authorization: Bearer abc', '--header=X:${A}', 'pg://u:p@h'] },
      { args: [`https://x/?key=${MASK}`, '--header', `Authorization: ${MASK}`, '--header=X:${A}', `pg://${MASK}@h`] },
    ],
    [{ args: ['-y', 'pkg@1.0.0', '--mode=fast', './dir'] }, { args: ['-y', 'pkg@1.0.0', '--mode=fast', './dir'] }],
    [{ env: { T: 'ghp_0123456789abcdef' } }, { env: { T: MASK } }],
    [{ env: { TOKEN: '${T}' } }, { env: { TOKEN: '${T}' } }],
    [{ env: { TOKEN: '${T:-hunter2}' } }, { env: { TOKEN: '${T:-••••••}' } }],
    [{ headers: { Authorization: 'Bearer abc' } }, { headers: { Authorization: MASK } }],
    [{ headers: { Authorization: 'Bearer ${secret:A}' } }, { headers: { Authorization: 'Bearer ${secret:A}' } }],
    [{ headers: { Authorization: 'Bearer abc${A}' } }, { headers: { Authorization: '••••••${A}' } }],
    [{ auth: { type: 'bearer', token: 'abc' } }, { auth: { type: 'bearer', token: MASK } }],
    [{ url: 'https://x/y?key=abc&b=${secret:B}' }, { url: 'https://x/y?key=••••••&b=${secret:B}' }],
    [
      { args: ['--token=abc', '--api-key', 'abc', '-y', 'sk-0123456789'] },
      { args: ['--token=••••••', '--api-key', MASK, '-y', MASK] },
    ],
    [{ description: 'token: eyJhbGciOiJIUzI1NiJ9.x.y' }, { description: 'token: ••••••' }],
    [
      { env: { KEY: null }, tags: ['a'], disabled: false },
      { env: { KEY: null }, tags: ['a'], disabled: false },
    ],
  ])('%j hides what may be secret', (server, shown) => {
    expect(masked(server)).toEqual(shown);
  });

  it('hides the token of the admin API', () => {
    expect(maskConfig({ admin: { token: 'abc', http: true } })).toEqual({ admin: { token: MASK, http: true } });
  });
});
