import { describe, expect, it } from 'vitest';
import { isOwnEntry } from './own-entry.ts';

describe('the entry of the hub itself', () => {
  it.each([
    { command: 'hatago', args: ['serve', '--stdio'] },
    { command: 'npx', args: ['-y', 'hatago', 'serve', '--stdio'] },
    { command: 'npx', args: ['-y', 'hatago', 'serve', '--stdio', '--config', '/a/config.jsonc'] },
    { command: 'npx', args: ['-y', 'hatago', 'serve', '--stdio', '--found-config', '/a/config.jsonc'] },
    { command: 'npx', args: ['-y', 'hatago@0.1.0', 'run', '--stdio'] },
    { command: 'cmd', args: ['/c', 'npx', '-y', 'hatago@latest', 'serve'] },
    { command: '/usr/bin/node', args: ['/usr/lib/node_modules/hatago/bin/hatago.cjs', 'serve', '--stdio'] },
    { command: 'C:\\npm\\hatago.cmd', args: ['serve'] },
    { url: 'http://127.0.0.1:3535/mcp' },
    { type: 'http', url: 'http://localhost:4000/mcp/files' },
    { command: 'npx', args: ['mcp-remote', 'http://localhost:3535/mcp'] },
    { serverUrl: 'http://[::1]:3535/sse' },
  ])('is known: %j', (entry) => {
    expect(isOwnEntry(entry, [3535, 4000])).toBe(true);
  });

  it.each([
    { command: 'npx', args: ['-y', 'hatago-weather', 'serve'] },
    { command: 'hatago', args: ['inspect', 'x'] },
    { command: 'node', args: ['/work/hatago/tools/server.js', 'serve'] },
    { url: 'http://127.0.0.1:3536/mcp' },
    { url: 'https://example.com:3535/mcp' },
    { url: 'http://127.0.0.1:3535/other' },
    undefined,
    {},
  ])('is not taken for it: %j', (entry) => {
    expect(isOwnEntry(entry, [3535, 4000])).toBe(false);
  });
});
