// The npm packages measured beside the hub. They are installed under bench/peers, at the versions pinned there.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { backendArgs } from '../lib/command.mjs';
import { PEERS_DIR } from '../lib/install.mjs';

const inPackage = (name, file) => path.join(PEERS_DIR, 'node_modules', name, file);
const MCP_PROXY = inPackage('mcp-proxy', 'dist/bin/mcp-proxy.mjs');
const SUPERGATEWAY = inPackage('supergateway', 'dist/index.js');
const MCP_HUB = inPackage('mcp-hub', 'dist/cli.js');

const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;
const endpoint = (port) => `http://127.0.0.1:${port}/mcp`;

// One shared stdio server. Its endpoint serves both eras of clients.
const startMcpProxy = ({ port, backends }) => ({
  cmd: process.execPath,
  args: [
    MCP_PROXY,
    ...['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--'],
    ...[process.execPath, ...backendArgs(backends[0])],
  ],
  url: endpoint(port),
});

// Takes its server as one shell command line.
const startSupergateway =
  (flags) =>
  ({ port, backends }) => ({
    cmd: process.execPath,
    args: [
      SUPERGATEWAY,
      ...['--stdio', [process.execPath, ...backendArgs(backends[0])].map(quote).join(' ')],
      ...['--outputTransport', 'streamableHttp', '--port', String(port), '--logLevel', 'none', ...flags],
    ],
    url: endpoint(port),
  });

const startMcpHub = ({ port, dir, backends }) => {
  const file = path.join(dir, 'mcp-hub.json');
  const toServer = (b) => (b.url ? { url: b.url } : { command: process.execPath, args: backendArgs(b) });
  writeFileSync(file, JSON.stringify({ mcpServers: Object.fromEntries(backends.map((b) => [b.name, toServer(b)])) }));
  return {
    cmd: process.execPath,
    args: [MCP_HUB, '--port', String(port), '--config', file],
    env: { HOME: dir, XDG_STATE_HOME: dir, XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir, XDG_CACHE_HOME: dir },
    url: endpoint(port),
  };
};

/** @type {Record<string, import('../systems.mjs').System>} */
export const systems = {
  'mcp-proxy': {
    role: 'peer',
    era: '2025',
    needs: MCP_PROXY,
    bridge: true,
    scenarios: ['S2', 'S6', 'S7', 'S8'],
    start: startMcpProxy,
  },
  'mcp-proxy-2026': {
    role: 'peer',
    era: '2026',
    needs: MCP_PROXY,
    bridge: true,
    scenarios: ['S2'],
    start: startMcpProxy,
  },
  // A server process for every session.
  'supergateway-stateful': {
    role: 'peer',
    era: '2025',
    needs: SUPERGATEWAY,
    bridge: true,
    processPerSession: true,
    scenarios: ['S2', 'S6', 'S7', 'S8'],
    start: startSupergateway(['--stateful']),
  },
  // Its default: a server process for every request.
  'supergateway-stateless': {
    role: 'peer',
    era: '2025',
    needs: SUPERGATEWAY,
    bridge: true,
    processPerSession: true,
    maxSessions: 16,
    scenarios: ['S2'],
    start: startSupergateway([]),
  },
  // Serves the HTTP+SSE transport of 2024-11-05 only.
  'mcp-hub': {
    role: 'peer',
    era: 'sse',
    needs: MCP_HUB,
    scenarios: ['S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'],
    start: startMcpHub,
  },
};
