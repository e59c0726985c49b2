import { describe, expect, it } from 'vitest';
import { freeId, idOfCommand, idOfPackage, idOfUrl, isServerId, toServerId } from './server-id.ts';

describe('the id of a new server', () => {
  it.each([
    ['@modelcontextprotocol/server-everything', 'everything'],
    ['@playwright/mcp', 'playwright'],
    ['@sentry/mcp-server', 'sentry'],
    ['mcp-server-weather', 'weather'],
    ['firecrawl-mcp', 'firecrawl'],
    ['exa-mcp-server', 'exa'],
    ['mcp', 'mcp'],
  ])('of the package %s is %s', (name, id) => {
    expect(idOfPackage(name)).toBe(id);
  });

  it.each([
    ['https://mcp.deepwiki.com/mcp', 'deepwiki'],
    ['https://www.example.co/sse', 'example'],
    ['https://docs.mcp.cloudflare.com/sse', 'cloudflare'],
    ['http://127.0.0.1:9000/mcp', 'local-9000'],
    ['http://localhost:8080/weather/mcp', 'weather'],
    ['http://[::1]:81/mcp', 'local-81'],
    ['wss://x.example.org/ws', 'example'],
  ])('of %s is %s', (url, id) => {
    expect(idOfUrl(url)).toBe(id);
  });

  it.each([
    ['npx', ['-y', '@modelcontextprotocol/server-memory@1.0.0'], 'memory'],
    ['npx', ['-y', '-p', '@acme/tools@1', 'serve-it'], 'tools'],
    ['uvx', ['mcp-server-git==1.0'], 'git'],
    ['docker', ['run', '-i', '--rm', 'ghcr.io/acme/mcp-server-time:1'], 'time'],
    ['node', ['/srv/weather/dist/index.js'], 'weather'],
    ['/usr/bin/node', ['notes.mjs', '--port', '1'], 'notes'],
    ['python', ['-m', 'thing'], 'python'],
    ['/opt/My Server/bin/run-it', [], 'run-it'],
  ])('of the command %s %j is %s', (command, args, id) => {
    expect(idOfCommand(command, args)).toBe(id);
  });

  it('can be an id, whatever it was made of', () => {
    for (const text of ['Ünïcode Näme', '--x--', 'A'.repeat(80), 'a.b_c/d'])
      expect(isServerId(toServerId(text))).toBe(true);
  });

  it('is one nobody has yet', () => {
    expect(freeId('fs', new Set())).toBe('fs');
    expect(freeId('fs', new Set(['fs', 'fs-2']))).toBe('fs-3');
    const long = 'a'.repeat(32);
    expect(isServerId(freeId(long, new Set([long])))).toBe(true);
  });
});
