import { describe, expect, it } from 'vitest';
import { maskConfig } from './mask-config.ts';

const masked = (server: object): unknown =>
  (maskConfig({ mcpServers: { a: server } }) as { mcpServers: { a: object } }).mcpServers.a;

describe('a configuration that is shown', () => {
  it.each([
    [{ env: { API_KEY: 'x', HOME: '/h' } }, { env: { API_KEY: '***', HOME: '/h' } }],
    [{ env: { T: 'ghp_0123456789abcdef' } }, { env: { T: '***' } }],
    [{ env: { TOKEN: '${T}' } }, { env: { TOKEN: '${T}' } }],
    [{ env: { TOKEN: '${T:-hunter2}' } }, { env: { TOKEN: '${T:-***}' } }],
    [{ headers: { Authorization: 'Bearer abc' } }, { headers: { Authorization: '***' } }],
    [{ headers: { Authorization: 'Bearer ${secret:A}' } }, { headers: { Authorization: 'Bearer ${secret:A}' } }],
    [{ headers: { Authorization: 'Bearer abc${A}' } }, { headers: { Authorization: '***${A}' } }],
    [{ auth: { type: 'bearer', token: 'abc' } }, { auth: { type: 'bearer', token: '***' } }],
    [{ url: 'https://x/y?key=abc&b=${secret:B}' }, { url: 'https://x/y?key=***&b=${secret:B}' }],
    [
      { args: ['--token=abc', '--api-key', 'abc', '-y', 'sk-0123456789'] },
      { args: ['--token=***', '--api-key', '***', '-y', '***'] },
    ],
    [{ description: 'token: eyJhbGciOiJIUzI1NiJ9.x.y' }, { description: 'token: ***' }],
    [
      { env: { KEY: null }, tags: ['a'], disabled: false },
      { env: { KEY: null }, tags: ['a'], disabled: false },
    ],
  ])('%j hides what may be secret', (server, shown) => {
    expect(masked(server)).toEqual(shown);
  });

  it('hides the token of the admin API', () => {
    expect(maskConfig({ admin: { token: 'abc', http: true } })).toEqual({ admin: { token: '***', http: true } });
  });
});
