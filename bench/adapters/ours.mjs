// The hub itself, spoken to by clients of both eras. HATAGO_BIN names another executable script than the workspace's.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { backendArgs } from '../lib/command.mjs';

/** The script that is measured. */
export const BIN = process.env.HATAGO_BIN
  ? path.resolve(process.env.HATAGO_BIN)
  : fileURLToPath(new URL('../../packages/hatago/dist/hatago.cjs', import.meta.url));

const toServer = (backend) =>
  backend.url ? { type: 'http', url: backend.url } : { command: process.execPath, args: backendArgs(backend) };

function startHub({ port, dir, backends }) {
  const file = path.join(dir, 'hatago.json');
  const mcpServers = Object.fromEntries(backends.map((backend) => [backend.name, toServer(backend)]));
  writeFileSync(file, JSON.stringify({ mcpServers }, null, 2));
  return {
    cmd: process.execPath,
    args: [BIN, 'serve', '--http', '--host', '127.0.0.1', '--port', String(port), '--config', file],
    env: { HATAGO_HOME: path.join(dir, 'home') },
    cwd: dir,
    url: `http://127.0.0.1:${port}/mcp`,
  };
}

/** @type {Record<string, import('../systems.mjs').System>} */
export const systems = {
  ours: {
    role: 'hub',
    era: '2025',
    needs: BIN,
    scenarios: ['S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'S9'],
    bin: BIN,
    warmStart: true,
    start: startHub,
  },
  'ours-2026': { role: 'hub', era: '2026', needs: BIN, scenarios: ['S2', 'S3', 'S4', 'S7'], start: startHub },
};
