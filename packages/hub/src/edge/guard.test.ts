import { describe, expect, it } from 'vitest';
import { createGuard } from './guard.ts';
import { post, send, serveKit } from './test-kit.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const BROWSER = { 'content-type': 'text/plain' };

describe('the guard', () => {
  it.each([
    ['127.0.0.1:3535', true],
    ['localhost', true],
    ['LOCALHOST:1', true],
    ['[::1]:8080', true],
    ['hub.internal:99', true],
    ['only.port:8443', true],
    ['only.port:8444', false],
    ['only.port', false],
    ['evil.test', false],
    ['localhost.evil.test', false],
    ['127.0.0.1.nip.io', false],
    ['localhost.', false],
    ['user@localhost', false],
    ['localhost:3535:1', false],
    ['', false],
    [undefined, false],
  ])('judges Host %s as %s', (host, allowed) => {
    const guard = createGuard({ allowedHosts: ['hub.internal', 'only.port:8443'] });
    expect(guard.check(host, undefined, false).ok).toBe(allowed);
    // What was accepted before is remembered; what was not is judged again.
    expect(guard.check('localhost', undefined, false).ok).toBe(true);
    expect(guard.check(host, undefined, false).ok).toBe(allowed);
  });

  it.each([
    ['http://127.0.0.1:3535', true],
    ['http://localhost:3535', true],
    ['http://[::1]:3535', true],
    ['https://app.example.com', true],
    ['https://app.example.com:444', false],
    ['http://app.example.com', false],
    ['https://localhost:3535', false],
    ['http://localhost:3536', false],
    ['http://localhost', false],
    ['https://evil.test', false],
    ['null', false],
    ['', false],
  ])('judges Origin %s as %s', (origin, allowed) => {
    const guard = createGuard({ allowedOrigins: ['https://app.example.com'] });
    guard.allowBound('127.0.0.1', 3535);
    expect(guard.check('localhost', origin, false).ok).toBe(allowed);
    expect(guard.allowsOrigin(origin)).toBe(allowed);
  });

  it('takes the bound address for a host, but no wildcard', () => {
    const guard = createGuard({});
    guard.allowBound('192.0.2.7', 80);
    guard.allowBound('0.0.0.0', 81);
    guard.allowBound('2001:db8::1', 82);
    expect(guard.check('192.0.2.7', 'http://192.0.2.7', false).ok).toBe(true);
    expect(guard.check('[2001:db8::1]:82', 'http://[2001:db8::1]:82', false).ok).toBe(true);
    expect(guard.check('0.0.0.0:81', undefined, false).ok).toBe(false);
    expect(guard.check('localhost:81', 'http://localhost:81', false).ok).toBe(true);
  });

  it('refuses a cookie without an Origin', () => {
    expect(createGuard({}).check('localhost', undefined, true).ok).toBe(false);
  });

  it('names the entry that is no host or no origin', () => {
    expect(() => createGuard({ allowedHosts: ['http://x'] })).toThrow(/allowedHosts: "http:\/\/x"/);
    expect(() => createGuard({ allowedOrigins: ['app.example.com'] })).toThrow(/allowedOrigins: "app.example.com"/);
    expect(() => createGuard({ allowedOrigins: ['https://app.example.com/'] })).toThrow(/allowedOrigins/);
  });
});

describe('over HTTP', () => {
  it.each(['/mcp', '/mcp/one', '/api/v1', '/sse', '/metrics', '/nowhere'])(
    'A1 refuses a rebound Host on %s before anything else',
    async (path) => {
      await using kit = await serveKit({
        principalOf: () => {
          throw new Error('asked who it is');
        },
      });
      for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.nip.io']) {
        const answer = await send(kit.url + path, 'POST', { ...BROWSER, host, 'content-length': 3 }, '[[[');
        expect(answer.status).toBe(403);
        expect((await answer.json()).error).toMatchObject({ data: { kind: expect.any(String) } });
      }
      expect(kit.logs.map(({ event }) => event)).toEqual(Array(3).fill('sec.host_rejected'));
      expect(kit.logs[0]?.remote).toContain('127.0.0.1');
      expect(kit.exchanges).toEqual([]);
    },
  );

  it.each([
    ['a foreign site', { origin: 'https://evil.test' }],
    ['an opaque origin', { origin: 'null' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['a cookie alone', { cookie: 'a=b' }],
  ])('A2 refuses %s', async (_, headers) => {
    await using kit = await serveKit();
    const answer = await post(`${kit.url}/mcp`, PING, headers as Record<string, string>);
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(kit.logs.map(({ event }) => event)).toEqual(['sec.origin_rejected']);
  });

  it('A2 accepts the own origin and answers so that its scripts can read it', async () => {
    await using kit = await serveKit();
    const answer = await post(`${kit.url}/mcp`, PING, { origin: kit.url });
    expect(answer.status).toBe(400);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': kit.url,
      'access-control-expose-headers': 'mcp-session-id, www-authenticate',
      vary: 'Origin',
    });
  });

  it('answers a preflight with what browser clients need, every Mcp-Param header included', async () => {
    await using kit = await serveKit({ allowedOrigins: ['https://app.example.com'] });
    const answer = await send(`${kit.url}/mcp`, 'OPTIONS', {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, Mcp-Param-Region, x-evil, mcp-param-',
    });
    expect(answer.status).toBe(204);
    const allowed = String(answer.headers['access-control-allow-headers']).split(', ');
    expect(allowed).toContain('mcp-param-region');
    expect(allowed).toContain('mcp-session-id');
    expect(allowed).toContain('last-event-id');
    expect(allowed).not.toContain('x-evil');
    expect(allowed).not.toContain('mcp-param-');
    expect(answer.headers['access-control-allow-methods']).toBe('GET, POST, DELETE, OPTIONS');
    expect(answer.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('A5 gives a foreign preflight no headers at all', async () => {
    await using kit = await serveKit();
    const answer = await send(`${kit.url}/mcp`, 'OPTIONS', {
      origin: 'https://evil.test',
      'access-control-request-method': 'POST',
    });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
